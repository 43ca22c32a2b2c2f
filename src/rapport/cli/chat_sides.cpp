#include "rapport/cli/chat_sides.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <vector>

#include "rapport/channel/chat_file_name.hpp"
#include "rapport/core/error.hpp"
#include "rapport/domain/phone_number.hpp"

namespace rapport::cli {
namespace {

std::string quoted_list(const std::vector<std::string>& authors) {
    std::string list;
    for (const std::string& author : authors) {
        const std::string shown = is_phone_author(author) ? mask_phone(author) : author;
        list += fmt::format("{}\"{}\"", list.empty() ? "" : ", ", shown);
    }
    return list;
}

std::string lead_of_author(const std::string& author, const ImportOptions& options) {
    if (is_phone_author(author)) return normalize_phone(author, options.default_region);
    if (options.lead.empty()) {
        throw InvalidArgument(
            fmt::format("\"{}\" is a name: give the lead's number with --lead PHONE", author));
    }
    return normalize_lead_id(options.lead, options.default_region);
}

bool is_lead_option(const std::string& author, const ImportOptions& options) {
    if (options.lead.empty() || !is_phone_author(author)) return false;
    return normalize_phone(author, options.default_region) ==
           normalize_lead_id(options.lead, options.default_region);
}

/// The only author whose name WhatsApp gave to the file, or to the chat in it.
std::optional<std::string> author_in_file_name(const ParsedFile& parsed) {
    const std::string outside = name_in_file_name(parsed.file);
    const std::string inside = name_in_file_name(parsed.name_in_archive);
    std::vector<std::string> named;
    std::ranges::copy_if(parsed.whatsapp.authors, std::back_inserter(named),
                         [&](const std::string& author) {
                             return is_name_of(outside, author) || is_name_of(inside, author);
                         });
    return named.size() == 1 ? std::optional(named.front()) : std::nullopt;
}

/// The author who is the lead, where nobody said who we are: the only one who is a number, the one
/// that --lead names, or the one that the file is named after.
std::optional<std::string> find_lead_author(const ParsedFile& parsed,
                                            const ImportOptions& options) {
    const auto& authors = parsed.whatsapp.authors;
    std::vector<std::string> numbers;
    std::ranges::copy_if(authors, std::back_inserter(numbers), is_phone_author);
    if (numbers.size() == 1) return numbers.front();
    for (const std::string& number : numbers) {
        if (is_lead_option(number, options)) return number;
    }
    return author_in_file_name(parsed);
}

}  // namespace

Sides find_sides(const ParsedFile& parsed, const ImportOptions& options) {
    const auto& authors = parsed.whatsapp.authors;
    constexpr std::size_t kTwo = 2;
    if (!options.me.empty() && std::ranges::find(authors, options.me) == authors.end()) {
        throw InvalidArgument(
            fmt::format("--me \"{}\": nobody of that name here; the authors are {}", options.me,
                        quoted_list(authors)));
    }
    if (authors.size() > kTwo) {
        throw InvalidArgument(
            fmt::format("a group chat of {} authors; only chats of two can be stored (`rapport "
                        "import --dry-run` shows it)",
                        authors.size()));
    }
    Sides sides;
    if (!options.me.empty()) {
        sides.us = options.me;
        for (const std::string& author : authors) {
            if (author != options.me) sides.them = author;
        }
    } else if (!authors.empty()) {
        sides.them = find_lead_author(parsed, options);
        if (!sides.them) {
            throw InvalidArgument(fmt::format(
                "cannot tell who is who; the authors are {}: say which one is you with --me NAME",
                quoted_list(authors)));
        }
        for (const std::string& author : authors) {
            if (author != *sides.them) sides.us = author;
        }
    }
    if (sides.them) {
        sides.lead_id = lead_of_author(*sides.them, options);
    } else if (!options.lead.empty()) {
        sides.lead_id = normalize_lead_id(options.lead, options.default_region);
    } else {
        throw InvalidArgument("nobody but you wrote: give the lead's number with --lead PHONE");
    }
    return sides;
}

}  // namespace rapport::cli
