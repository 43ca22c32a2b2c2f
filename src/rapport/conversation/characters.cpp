#include "rapport/conversation/characters.hpp"

#include <algorithm>
#include <array>

namespace rapport {
namespace {

struct Range {
    char32_t first;
    char32_t last;
};

/// White_Space and Default_Ignorable_Code_Point of Unicode, as far as texts have them, control
/// characters, and two that are drawn as nothing.
constexpr auto kUnseen = std::to_array<Range>({{0, 0x20},
                                               {0x7F, 0xA0},
                                               {0xAD, 0xAD},
                                               {0x34F, 0x34F},
                                               {0x61C, 0x61C},
                                               {0x115F, 0x1160},
                                               {0x1680, 0x1680},
                                               {0x17B4, 0x17B5},
                                               {0x180B, 0x180F},
                                               {0x2000, 0x200F},
                                               {0x2028, 0x202F},
                                               {0x205F, 0x206F},
                                               {0x2800, 0x2800},
                                               {0x3000, 0x3000},
                                               {0x3164, 0x3164},
                                               {0xFE00, 0xFE0F},
                                               {0xFEFF, 0xFEFF},
                                               {0xFFA0, 0xFFA0},
                                               {0xE0000, 0xE0FFF}});

bool is_unseen(char32_t c) {
    return std::ranges::any_of(
        kUnseen, [c](const Range& range) { return range.first <= c && c <= range.last; });
}

}  // namespace

bool is_blank(std::string_view text) {
    for (std::size_t at = 0; at < text.size();) {
        const CodePoint c = code_point_at(text, at);
        if (!is_unseen(c.value)) return false;
        at += c.size;
    }
    return true;
}

bool ends_line(char32_t c) {
    return (c >= '\n' && c <= '\r') || (c >= 0x1C && c <= 0x1E) || c == 0x85 || c == 0x2028 ||
           c == 0x2029;
}

}  // namespace rapport
