#include "rapport/cli/operator_name.hpp"

#include <fmt/format.h>
#include <pwd.h>
#include <unistd.h>

#include <array>

namespace rapport::cli {

std::string operator_name(const std::string& given) {
    if (!given.empty()) return given;
    constexpr std::size_t kRoom = 16'384;
    std::array<char, kRoom> room{};
    passwd entry{};
    passwd* found = nullptr;
    ::getpwuid_r(::geteuid(), &entry, room.data(), room.size(), &found);
    return found == nullptr ? fmt::format("uid {}", ::geteuid()) : std::string(found->pw_name);
}

}  // namespace rapport::cli
