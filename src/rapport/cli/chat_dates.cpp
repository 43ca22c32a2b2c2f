#include "rapport/cli/chat_dates.hpp"

#include <fmt/format.h>

#include "rapport/core/error.hpp"

namespace rapport::cli {

std::string impossible_dates(const WhatsAppExport& chat) {
    const std::string lines =
        chat.impossible_dates == 1
            ? "this line looks"
            : fmt::format("{} lines, of which this is the first, look", chat.impossible_dates);
    return fmt::format("{} like the head of a message, but its date cannot be in the order {}",
                       lines, enum_to_string(chat.date_order));
}

bool refuse_dates(const ParsedFile& parsed, const ImportOptions& options,
                  std::vector<ImportProblem>& problems) {
    const WhatsAppExport& chat = parsed.whatsapp;
    if (chat.impossible_dates == 0 || options.keep_going) return false;
    problems.push_back({parsed.file, chat.first_impossible,
                        impossible_dates(chat) +
                            ": give another --date-order; --keep-going takes such lines as text "
                            "of the message before"});
    return true;
}

void refuse_no_message(const ParsedFile& parsed) {
    const WhatsAppExport& chat = parsed.whatsapp;
    if (chat.impossible_dates == 0) {
        throw InvalidArgument(parsed.file +
                              ": no message found: not a WhatsApp export, or an empty one");
    }
    throw InvalidArgument(
        fmt::format("{}: no message found whose date can be in the order {}, though {} like one",
                    parsed.file, enum_to_string(chat.date_order),
                    chat.impossible_dates == 1
                        ? "a line looks"
                        : fmt::format("{} lines look", chat.impossible_dates)),
        "give another --date-order");
}

}  // namespace rapport::cli
