#pragma once

#include <cstddef>
#include <string_view>

namespace rapport {

/// A character and how many bytes it has.
struct CodePoint {
    char32_t value = 0;
    std::size_t size = 1;
};

/// The character that begins there; a byte that begins none is one of value 0.
inline CodePoint code_point_at(std::string_view text, std::size_t at) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned char lead = byte(at);
    if (lead < 0x80) return {lead, 1};
    const std::size_t size = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC2 ? 2 : 1;
    if (size == 1 || at + size > text.size()) return {0, 1};
    char32_t value = lead & (0xFFU >> (size + 1));
    for (std::size_t i = 1; i < size; ++i) {
        if ((byte(at + i) & 0xC0U) != 0x80) return {0, 1};
        value = (value << 6U) | (byte(at + i) & 0x3FU);
    }
    return {value, size};
}

/// True where a reader sees nothing: only blanks of any width, ends of lines, control characters
/// and marks that cannot be seen. So of an empty text.
bool is_blank(std::string_view text);

/// True for what begins a new line, for whomever: `\n`, `\r`, U+2028 and their like.
bool ends_line(char32_t c);

}  // namespace rapport
