#include "rapport/channel/chat_text.hpp"

#include <array>

namespace rapport::chat_text {
namespace {

/// Zeros of the decimal digit ranges that WhatsApp's locales use (Unicode, general category Nd).
constexpr std::array<char32_t, 8> kZeros{0x0660, 0x06F0, 0x0966, 0x09E6,
                                         0x0BE6, 0x0E50, 0x1040, 0xFF10};

bool is_blank(char32_t c) {
    return c == ' ' || c == '\t' || c == 0x00A0 || (c >= 0x2000 && c <= 0x200B) || c == 0x202F ||
           c == 0x205F || c == 0x3000;
}

char32_t simple(char32_t c) {
    if (is_blank(c)) return ' ';
    for (const char32_t zero : kZeros) {
        if (c >= zero && c <= zero + 9) return '0' + (c - zero);
    }
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

std::string lower(std::string_view text) {
    std::string result(text);
    for (char& c : result) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    return result;
}

}  // namespace rapport::chat_text
