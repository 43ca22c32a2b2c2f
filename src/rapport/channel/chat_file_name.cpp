#include "rapport/channel/chat_file_name.hpp"

#include <algorithm>
#include <array>

#include "rapport/channel/chat_text.hpp"
#include "rapport/core/utf8.hpp"

namespace rapport {
namespace {

/// What stands before the name, in lower case. iOS has a dash for the last word.
constexpr auto kBeginnings = std::to_array<std::string_view>(
    {"whatsapp chat", "chat de whatsapp", "conversación de whatsapp", "conversa do whatsapp",
     "conversa de whatsapp", "whatsapp-chat", "whatsapp chatverlauf", "discussion whatsapp",
     "chat whatsapp", "whatsapp-gesprek"});
constexpr auto kLinks = std::to_array<std::string_view>(
    {" with ", " con ", " com ", " mit ", " avec ", " met ", " - "});

/// True where `text` begins with one of these, which is then taken off.
bool take_one_of(std::string_view& text, std::string& lower, const auto& beginnings) {
    const auto found = std::ranges::find_if(
        beginnings, [&](std::string_view beginning) { return lower.starts_with(beginning); });
    if (found == beginnings.end()) return false;
    text.remove_prefix(found->size());
    lower.erase(0, found->size());
    return true;
}

/// Without ` (1)` at its end.
std::string_view without_copy_number(std::string_view name) {
    if (!name.ends_with(')')) return name;
    const std::size_t open = name.rfind('(');
    if (open == std::string_view::npos || open + 2 == name.size()) return name;
    const std::string_view number = name.substr(open + 1, name.size() - open - 2);
    const bool digits = std::ranges::all_of(number, [](char c) { return c >= '0' && c <= '9'; });
    return digits ? chat_text::trim(name.substr(0, open)) : name;
}

}  // namespace

std::string name_in_file_name(std::string_view path) {
    const std::string_view file = path.substr(path.rfind('/') + 1);
    const std::string whole = chat_text::without_marks(repair_utf8(file).text);
    std::string_view name = whole;
    std::string lower = chat_text::lower(whole);
    if (!take_one_of(name, lower, kBeginnings) || !take_one_of(name, lower, kLinks)) return {};
    if (lower.ends_with(".txt") || lower.ends_with(".zip")) name.remove_suffix(4);
    return std::string(chat_text::trim(name));
}

bool is_name_of(std::string_view name, std::string_view author) {
    if (name.empty()) return false;
    const std::string own = chat_text::without_marks(author);
    const std::string_view trimmed = chat_text::trim(own);
    return name == trimmed || without_copy_number(name) == trimmed;
}

}  // namespace rapport
