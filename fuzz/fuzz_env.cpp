#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "rapport/core/error.hpp"
#include "rapport/repository/env_file.hpp"

/// Any bytes are read or refused by an error that names the file; names are of letters,
/// digits, and what other programs have in theirs.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace rapport;
    static const int file = ::memfd_create("env", 0);
    static const std::string name = "/proc/self/fd/" + std::to_string(file);
    if (::ftruncate(file, 0) != 0) std::abort();
    if (::pwrite(file, data, size, 0) != static_cast<ssize_t>(size)) std::abort();
    try {
        for (const auto& [variable, entry] : read_env_file(name)) {
            constexpr std::string_view kAllowed =
                "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-";
            if (variable.empty() || variable.find_first_not_of(kAllowed) != std::string::npos ||
                entry.line < 1) {
                std::abort();
            }
        }
    } catch (const InvalidArgument& refusal) {
        if (!std::string_view(refusal.what()).starts_with(name)) std::abort();
    }
    return 0;
}
