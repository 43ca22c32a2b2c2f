#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace rapport {

/// True where `text` is well-formed UTF-8: no overlong form, surrogate or value past U+10FFFF
/// (RFC 3629). U+0000 is allowed.
bool is_valid_utf8(std::string_view text);

/// `text` with every maximal ill-formed part replaced by U+FFFD (Unicode 15, table 3-8), and how
/// many were replaced.
struct RepairedText {
    std::string text;
    std::size_t replaced = 0;
};
RepairedText repair_utf8(std::string_view text);

/// Code points in well-formed UTF-8.
std::size_t count_characters(std::string_view text);

}  // namespace rapport
