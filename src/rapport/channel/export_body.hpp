#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "rapport/channel/whatsapp_export.hpp"

namespace rapport {

/// What follows the head of a message, on its first line.
struct AuthorAndText {
    std::optional<std::string> author;  ///< absent for a notice of WhatsApp itself
    std::string_view text;
};

/// True for a line with the words of a notice of WhatsApp itself.
bool is_notice(std::string_view body);

/// Tells `name: text` from a notice with a colon in it: names are short, close their quotes and
/// hold no words of a notice.
AuthorAndText split_author(std::string_view body);

/// Fills in text, attachment, media_omitted and, for notices that iOS writes under a name, system
/// and author from a message's whole raw text.
void read_body(std::string_view raw, ExportRecord& record);

}  // namespace rapport
