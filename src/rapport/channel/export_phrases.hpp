#pragma once

#include <span>
#include <string_view>

/// What WhatsApp itself writes into exports, by language, in lower case. Where a phrase is not
/// known, the readers fall back on form: marks, brackets, file names.
namespace rapport::phrases {

using Phrases = std::span<const std::string_view>;

/// Parts of notices that no person's name holds: what Android writes without a name, and iOS under
/// the chat's.
Phrases notices();

/// How the notice about encryption starts, the one that some exports leave unmarked under a name.
Phrases encryption_notices();

/// Parts of notices about members; common words, so they tell only where iOS's mark stands first.
Phrases member_notices();

/// `(file attached)`: how Android marks a file.
Phrases attached_marks();

/// Last words of a placeholder for a file that was left out: `image omitted`.
Phrases omitted_words();

/// First words of such a placeholder.
Phrases media_names();

/// What stands in brackets behind a message that was edited.
Phrases edited_marks();

}  // namespace rapport::phrases
