#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>

namespace rapport {

/// True for a file that JsonlFile reads: on a disk, in UTF-8, and the first character that is no
/// blank opens an object.
bool is_jsonl_file(const std::filesystem::path& file);

/// The lines of a JSONL file, which may be larger than memory.
class JsonlFile {
  public:
    struct Line {
        std::int64_t number = 0;  ///< from 1; unknown after go_to()
        std::int64_t offset = 0;
        std::string text{};  ///< valid UTF-8
    };

    /// Throws InvalidArgument that names the file.
    explicit JsonlFile(std::filesystem::path file);

    /// The line after the one before; blank ones are passed over. Absent at the end. Throws
    /// InvalidArgument that names the file.
    std::optional<Line> next();
    /// Goes on with the line that starts there.
    void go_to(std::int64_t offset);

    /// Ill-formed parts that became U+FFFD so far.
    std::size_t replaced_bytes() const { return replaced_; }

  private:
    std::filesystem::path file_;
    std::ifstream in_;
    std::int64_t number_ = 0;
    std::int64_t position_ = 0;
    std::size_t replaced_ = 0;
};

}  // namespace rapport
