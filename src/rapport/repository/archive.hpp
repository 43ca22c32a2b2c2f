#pragma once

#include <cstdint>
#include <deque>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rapport/core/await.hpp"
#include "rapport/core/deadline.hpp"
#include "rapport/core/object_id.hpp"
#include "rapport/core/time.hpp"
#include "rapport/repository/backup_frame.hpp"
#include "rapport/repository/output_file.hpp"

namespace rapport {

/// Holds an archive's folder, for as long as there is one.
class ArchiveLock {
  public:
    /// An open descriptor that is locked.
    explicit ArchiveLock(int descriptor) : descriptor_(descriptor) {}
    ArchiveLock(ArchiveLock&& other) noexcept;
    ArchiveLock& operator=(ArchiveLock&&) = delete;
    ~ArchiveLock();

  private:
    int descriptor_;
};

/// The folder that messages move to at the end of their retention: files of JSON lines, a message
/// each, compressed and checksummed. docs/operations.md has the format. What goes beyond files()
/// expects its caller to hold the folder.
class MessageArchive {
  public:
    explicit MessageArchive(std::filesystem::path folder) : folder_(std::move(folder)) {}

    enum class Access : std::uint8_t { kToRead, kToWrite };

    /// Waits for those who write, and to write for those who read, too; the thread goes on
    /// meanwhile. Makes the folder where it is missing. Throws Timeout where somebody else holds it
    /// to the deadline, and Unavailable where it cannot be used.
    Async<ArchiveLock> lock(Access access, Deadline deadline = {}) const;
    /// To write, at once. Throws VersionConflict while somebody else holds it.
    ArchiveLock lock_now() const;

    /// Oldest first.
    std::vector<std::filesystem::path> files() const;
    /// The name of a file behind all others.
    std::filesystem::path next_file() const;

    /// Throws InvalidDocument, which names the file, unless each is whole and as it was written,
    /// and for one that has another name than the archive gave it.
    void check() const;
    /// Removes what a process that was killed has left of a file.
    void remove_unfinished() const;
    /// Removes the messages of these leads: a file that holds one is replaced by one without, or
    /// removed. Returns how many there were. Cut short, it is done again.
    std::int64_t erase(const std::vector<std::string>& lead_ids) const;

  private:
    int open_lock() const;
    void check_names() const;

    std::filesystem::path folder_;
};

struct ArchivedMessage {
    ObjectId id{};
    std::string lead_id{};
    Timestamp created_at{};
    std::string json{};
};

/// The messages of some files, in their order, in bounded memory. Throws InvalidDocument, which
/// names the file.
class ArchiveReader {
  public:
    /// `lead_ids`: those of these leads only; empty: all.
    explicit ArchiveReader(const std::vector<std::filesystem::path>& files,
                           const std::vector<std::string>& lead_ids = {});

    /// Absent at the end.
    std::optional<ArchivedMessage> next();

  private:
    std::optional<std::string> next_line();
    ArchivedMessage read(std::string line) const;

    std::deque<std::filesystem::path> waiting_;
    std::vector<std::string> lead_ids_;
    std::vector<std::string> members_{};
    std::ifstream in_{};
    std::optional<BackupDecoder> file_{};
};

/// Writes one file, which has its name once finish() has returned: then it is on the disk for good.
/// Throws Unavailable.
class ArchiveWriter {
  public:
    explicit ArchiveWriter(const std::filesystem::path& file);

    /// A document as one line of JSON.
    void add(std::string_view json);
    void finish();

  private:
    OutputFile file_;
    BackupEncoder content_;
};

}  // namespace rapport
