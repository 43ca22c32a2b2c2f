#pragma once

#include <cstddef>
#include <istream>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "rapport/repository/sink.hpp"

namespace rapport {

/// What a file of this form holds.
struct FileKind {
    /// A line, the version of the format at its end.
    std::string_view title;
    /// For errors: `a backup`
    std::string_view called;
};

inline constexpr FileKind kBackupFile{"RAPPORT BACKUP 1\n", "a backup"};
inline constexpr FileKind kArchiveFile{"RAPPORT ARCHIVE 1\n", "an archive"};

/// The outer form of a backup file, which docs/backup.md describes: a line that says what it is,
/// the content as one Zstandard frame, and the SHA-256 of both. Throws what `sink` throws.
class BackupEncoder {
  public:
    explicit BackupEncoder(Sink sink, FileKind kind = kBackupFile);
    ~BackupEncoder();
    BackupEncoder(const BackupEncoder&) = delete;
    BackupEncoder& operator=(const BackupEncoder&) = delete;

    void write(std::string_view content);
    void finish();

  private:
    struct State;
    void compress(std::string_view content, bool is_end);
    void put(std::string_view bytes);

    std::unique_ptr<State> state_;
};

/// Reads such a file, in bounded memory. Whoever uses what it holds has read it to its end before:
/// only there it is known to be whole. Everything throws InvalidDocument, which names the file, for
/// what is no backup, cut short or altered.
class BackupDecoder {
  public:
    /// `in` is seekable and stands at its beginning; `name` is for errors.
    BackupDecoder(std::istream& in, std::string name, FileKind kind = kBackupFile);
    ~BackupDecoder();
    BackupDecoder(const BackupDecoder&) = delete;
    BackupDecoder& operator=(const BackupDecoder&) = delete;

    /// Reads the file to its end without unpacking it, and checks its checksum; then it is spent.
    void check();
    /// The next bytes of the content, exactly so many.
    std::string read(std::size_t size);
    /// The content up to the next line feed, without it; absent at the end of the content, with
    /// everything checked.
    std::optional<std::string> read_line();
    /// True at the end of the content, with everything checked.
    bool at_end();
    [[noreturn]] void refuse(std::string_view why) const;

  private:
    struct State;
    void check_head();
    void check_tail();
    std::string next_packed();
    void fill();
    std::string take(std::size_t size);

    std::unique_ptr<State> state_;
};

}  // namespace rapport
