#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace rapport::testing {

/// Everything that the files of an archive hold, unpacked by Zstandard alone, as any other program
/// would; files that are none as they stand.
std::string archive_text(const std::filesystem::path& folder);

/// The archive's files, in order.
std::vector<std::filesystem::path> archive_files(const std::filesystem::path& folder);

}  // namespace rapport::testing
