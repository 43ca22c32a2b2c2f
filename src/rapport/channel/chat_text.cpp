#include "rapport/channel/chat_text.hpp"

#include <algorithm>
#include <array>
#include <iterator>

namespace rapport::chat_text {
namespace {

/// Zeros of the decimal digits of other scripts (Unicode, general category Nd), ascending.
constexpr std::array<char32_t, 37> kZeros{
    0x0660, 0x06F0, 0x07C0, 0x0966, 0x09E6, 0x0A66, 0x0AE6, 0x0B66, 0x0BE6, 0x0C66,
    0x0CE6, 0x0D66, 0x0DE6, 0x0E50, 0x0ED0, 0x0F20, 0x1040, 0x1090, 0x17E0, 0x1810,
    0x1946, 0x19D0, 0x1A80, 0x1A90, 0x1B50, 0x1BB0, 0x1C40, 0x1C50, 0xA620, 0xA8D0,
    0xA900, 0xA9D0, 0xA9F0, 0xAA50, 0xABF0, 0xFF10, 0x1E950};

bool is_blank(char32_t c) {
    return c == ' ' || c == '\t' || c == 0x00A0 || (c >= 0x2000 && c <= 0x200B) || c == 0x202F ||
           c == 0x205F || c == 0x3000;
}

char32_t simple(char32_t c) {
    if (is_blank(c)) return ' ';
    if (c < 0x80) return c;
    const auto above = std::ranges::upper_bound(kZeros, c);
    if (above != kZeros.begin() && c - *std::prev(above) <= 9) return '0' + (c - *std::prev(above));
    switch (c) {
        case 0x060C:  // Arabic comma
        case 0x3001:  // ideographic comma
        case 0xFF0C:
            return ',';
        case 0xFF1A:
            return ':';
        case 0xFF0F:
            return '/';
        case 0xFF0E:
            return '.';
        case 0x2010:
        case 0x2011:
        case 0x2012:
        case 0x2013:
        case 0x2014:
        case 0x2212:
            return '-';
        default:
            return c;
    }
}

}  // namespace

bool is_mark(char32_t c) {
    return c == 0x200E || c == 0x200F || c == 0x061C || c == 0xFEFF ||
           (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
}

char32_t first_character(std::string_view text, std::size_t& bytes) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned char lead = byte(0);
    bytes = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    if (bytes == 1) return lead;
    char32_t code = lead & (0xFF >> (bytes + 1));
    for (std::size_t i = 1; i < bytes; ++i) code = code << 6 | (byte(i) & 0x3F);
    return code;
}

std::vector<Character> simplify(std::string_view line) {
    std::vector<Character> characters;
    characters.reserve(line.size());
    for (std::size_t at = 0; at < line.size();) {
        std::size_t bytes = 0;
        const char32_t code = first_character(line.substr(at), bytes);
        if (!is_mark(code)) characters.push_back({simple(code), at});
        at += bytes;
    }
    return characters;
}

std::string_view trim(std::string_view text) {
    std::size_t first = text.size();
    std::size_t end = 0;
    for (std::size_t at = 0; at < text.size();) {
        std::size_t bytes = 0;
        const char32_t code = first_character(text.substr(at), bytes);
        if (!is_mark(code) && !is_blank(code)) {
            if (first == text.size()) first = at;
            end = at + bytes;
        }
        at += bytes;
    }
    return first < end ? text.substr(first, end - first) : std::string_view();
}

std::string without_marks(std::string_view text) {
    std::string kept;
    while (!text.empty()) {
        std::size_t bytes = 0;
        if (!is_mark(first_character(text, bytes))) kept += text.substr(0, bytes);
        text.remove_prefix(bytes);
    }
    return kept;
}

char32_t lower(char32_t c) {
    const auto within = [c](char32_t first, char32_t last) { return c >= first && c <= last; };
    if (within('A', 'Z') || (within(0xC0, 0xDE) && c != 0xD7)) return c + 32;
    if (c < 0x80) return c;
    if (c == 0xB5) return 0x3BC;  // the micro sign stands for Greek mu
    if (within(0x139, 0x148) || within(0x179, 0x17E)) return c % 2 == 1 ? c + 1 : c;
    if (within(0x100, 0x177) || within(0x1E00, 0x1EFF)) return c | 1;
    if (within(0x391, 0x3A9) || within(0x410, 0x42F)) return c + 32;
    if (within(0x400, 0x40F)) return c + 80;
    return c;
}

std::string lower(std::string_view text) {
    std::string result;
    result.reserve(text.size());
    while (!text.empty()) {
        std::size_t bytes = 0;
        append(result, lower(first_character(text, bytes)));
        text.remove_prefix(bytes);
    }
    return result;
}

void append(std::string& text, char32_t c) {
    const auto byte = [&](char32_t value) { text += static_cast<char>(value); };
    const auto rest = [&](int bits) { byte(0x80 | (c >> bits & 0x3F)); };
    if (c < 0x80) {
        byte(c);
    } else if (c < 0x800) {
        byte(0xC0 | c >> 6);
        rest(0);
    } else if (c < 0x10000) {
        byte(0xE0 | c >> 12);
        rest(6);
        rest(0);
    } else {
        byte(0xF0 | c >> 18);
        rest(12);
        rest(6);
        rest(0);
    }
}

}  // namespace rapport::chat_text
