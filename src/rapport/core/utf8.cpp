#include "rapport/core/utf8.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace rapport {
namespace {

struct Sequence {
    std::size_t length;  ///< bytes of the sequence, or of the ill-formed part
    bool valid;
};

/// The lead byte fixes how many bytes follow and what the second one may be (RFC 3629, section 4).
Sequence next_sequence(std::string_view text) {
    const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
    const std::uint8_t lead = byte(0);
    if (lead < 0x80) return {1, true};
    if (lead < 0xC2 || lead > 0xF4) return {1, false};
    const std::size_t wanted = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    std::uint8_t low = 0x80;
    std::uint8_t high = 0xBF;
    if (lead == 0xE0) low = 0xA0;
    if (lead == 0xED) high = 0x9F;
    if (lead == 0xF0) low = 0x90;
    if (lead == 0xF4) high = 0x8F;
    for (std::size_t i = 1; i < wanted; ++i) {
        if (i == text.size() || byte(i) < low || byte(i) > high) return {i, false};
        low = 0x80;
        high = 0xBF;
    }
    return {wanted, true};
}

/// Takes the ASCII off the front, eight bytes at a time: most texts are little else.
void skip_ascii(std::string_view& text) {
    constexpr std::uint64_t kHighBits = 0x8080808080808080;
    std::uint64_t block = 0;
    while (text.size() >= sizeof block) {
        std::memcpy(&block, text.data(), sizeof block);
        if ((block & kHighBits) != 0) return;
        text.remove_prefix(sizeof block);
    }
}

}  // namespace

bool is_valid_utf8(std::string_view text) {
    while (!text.empty()) {
        skip_ascii(text);
        if (text.empty()) return true;
        const Sequence sequence = next_sequence(text);
        if (!sequence.valid) return false;
        text.remove_prefix(sequence.length);
    }
    return true;
}

RepairedText repair_utf8(std::string_view text) {
    RepairedText repaired;
    repaired.text.reserve(text.size());
    while (!text.empty()) {
        const Sequence sequence = next_sequence(text);
        if (sequence.valid) {
            repaired.text += text.substr(0, sequence.length);
        } else {
            repaired.text += "\xEF\xBF\xBD";
            ++repaired.replaced;
        }
        text.remove_prefix(sequence.length);
    }
    return repaired;
}

std::size_t count_characters(std::string_view text) {
    return static_cast<std::size_t>(std::ranges::count_if(
        text, [](char c) { return (static_cast<std::uint8_t>(c) & 0xC0) != 0x80; }));
}

}  // namespace rapport
