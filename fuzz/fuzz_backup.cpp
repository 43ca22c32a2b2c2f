#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <sstream>
#include <string>
#include <string_view>

#include "rapport/core/error.hpp"
#include "rapport/repository/transfer.hpp"

namespace {

/// True when it is taken for a backup.
bool reads(const std::string& file) {
    std::istringstream in(file);
    try {
        rapport::check_backup(in, "fuzzed");
        return true;
    } catch (const rapport::InvalidDocument&) {
        return false;
    }
}

std::string framed(std::string_view content) {
    std::string file;
    rapport::BackupEncoder out([&](std::string_view piece) { file += piece; });
    out.write(content);
    out.finish();
    return file;
}

}  // namespace

/// Any bytes are read as a backup file, and as the content of one whose checksum is right. What is
/// read is whole: one bit more or less and it is refused.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string bytes(reinterpret_cast<const char*>(data), size);
    reads(bytes);
    std::string file = framed(bytes);
    if (!reads(file) || size == 0) return 0;
    file[size % file.size()] ^= 1;
    if (reads(file)) std::abort();
    return 0;
}
