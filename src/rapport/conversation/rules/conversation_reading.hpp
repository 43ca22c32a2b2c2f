#pragma once

#include <optional>
#include <string_view>

#include "rapport/conversation/agents.hpp"
#include "rapport/conversation/rules/tables.hpp"

namespace rapport::rules {

/// Our last message, a human's included; null where we have said nothing yet.
const Message* our_last_message(const Lead& lead);

/// The incoming message, read after what we said last.
Reading read(const Tables& tables, const Conversation& conversation);

/// The language of a message; absent where no word tells.
std::optional<Language> language_of(const Reading& reading);

/// The language of the conversation: the incoming message's or, where it shows none, that of the
/// last message that does, or the default.
Language language_of(const Tables& tables, const Conversation& conversation,
                     const Reading& reading);

}  // namespace rapport::rules
