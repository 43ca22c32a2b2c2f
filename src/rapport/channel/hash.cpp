#include "rapport/channel/hash.hpp"

#include <fmt/format.h>
#include <openssl/sha.h>

#include <array>

namespace rapport {

std::string short_hash(std::initializer_list<std::string_view> parts) {
    std::string bytes;
    for (const std::string_view part : parts) {
        fmt::format_to(std::back_inserter(bytes), "{}:", part.size());
        bytes += part;
    }
    std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
    SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), digest.data());
    std::string hex;
    for (std::size_t i = 0; i < digest.size() / 2; ++i) {
        fmt::format_to(std::back_inserter(hex), "{:02x}", digest[i]);
    }
    return hex;
}

}  // namespace rapport
