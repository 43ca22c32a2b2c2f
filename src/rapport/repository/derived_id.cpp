#include "rapport/repository/derived_id.hpp"

#include <openssl/sha.h>

#include <algorithm>
#include <array>
#include <string>

namespace rapport {

ObjectId derived_id(const ObjectId& id, std::string_view salt) {
    std::string text = id.to_string();
    text += salt;
    std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
    SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
    ObjectId derived;
    std::copy_n(digest.begin(), derived.bytes.size(), derived.bytes.begin());
    return derived;
}

}  // namespace rapport
