#include "rapport/conversation/rules/reply_template.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "rapport/core/error.hpp"

namespace rapport::rules {

ReplyTemplate::ReplyTemplate(std::string_view text, const Facts& always,
                             const std::set<std::string, std::less<>>& sometimes) {
    parts_.emplace_back();
    while (!text.empty()) {
        const std::size_t size = std::min(text.find_first_of("[]{}"), text.size());
        if (size > 0) parts_.back().pieces.push_back({false, std::string(text.substr(0, size))});
        text.remove_prefix(size);
        if (text.empty()) break;
        const bool inside = parts_.back().optional;
        if (text.front() == '{') {
            const std::size_t end = text.find('}');
            if (end == std::string_view::npos) throw InvalidArgument("a } is missing");
            const std::string name(text.substr(1, end - 1));
            if (!always.contains(name) && !sometimes.contains(name)) {
                throw InvalidArgument(fmt::format("{{{}}} is no placeholder", name));
            }
            if (!inside && !always.contains(name)) {
                throw InvalidArgument(fmt::format(
                    "{{{0}}} is not always known; put it in brackets: [ {{{0}}}]", name));
            }
            parts_.back().pieces.push_back({true, name});
            text.remove_prefix(end + 1);
            continue;
        }
        if (text.front() == '}' || (text.front() == '[') == inside) {
            throw InvalidArgument(fmt::format("there is a {} too many", text.front()));
        }
        parts_.push_back({.optional = text.front() == '['});
        text.remove_prefix(1);
    }
    if (parts_.back().optional) throw InvalidArgument("a ] is missing");
}

std::string ReplyTemplate::fill(const Facts& facts) const {
    std::string filled;
    for (const Part& part : parts_) {
        const bool known = std::all_of(
            part.pieces.begin(), part.pieces.end(),
            [&](const Piece& piece) { return !piece.placeholder || facts.contains(piece.text); });
        if (!known) continue;
        for (const Piece& piece : part.pieces) {
            filled += piece.placeholder ? facts.find(piece.text)->second : piece.text;
        }
    }
    return filled;
}

}  // namespace rapport::rules
