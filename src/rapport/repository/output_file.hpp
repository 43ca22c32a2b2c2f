#pragma once

#include <filesystem>
#include <string_view>

namespace rapport {

/// What a command writes: stdout, or a file that stands under its name only when it is whole. Until
/// then it is FILE.unfinished, readable by its owner alone, which is removed when the command
/// fails.
class OutputFile {
  public:
    /// An empty path is stdout. Throws Unavailable where the file cannot be made, InvalidArgument
    /// where a database, a folder, a device or a pipe stands there, and for the name of a file that
    /// SQLite keeps beside a database: NAME-wal, NAME-shm or NAME-journal.
    explicit OutputFile(std::filesystem::path file);
    ~OutputFile();
    OutputFile(const OutputFile&) = delete;
    OutputFile& operator=(const OutputFile&) = delete;

    /// Throws Unavailable where it cannot be written: a full disk, a closed pipe.
    void write(std::string_view piece);
    /// Gives the file its name, once it is on the disk, for good. Throws Unavailable.
    void finish();

  private:
    [[noreturn]] void fail(std::string_view what) const;

    std::filesystem::path file_;
    std::filesystem::path unfinished_{};
    int descriptor_;
};

/// Puts on the disk that this file is in its folder, or is there no more. Throws Unavailable.
void sync_folder(const std::filesystem::path& of_file);

}  // namespace rapport
