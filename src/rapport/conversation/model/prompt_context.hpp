#pragma once

#include <string>
#include <string_view>

#include "rapport/conversation/agents.hpp"

namespace rapport {

/// What a model is told of a conversation: the stage, what is known by BANT, the history, oldest
/// first (as Lead::format_history shortens it), and the incoming message, exactly once, even where
/// the history holds it already. Where one of our people took over from the agent, and where the
/// agent came back, stands a line that says so. Further lines of a message are indented, so that
/// none can pass for somebody else's. The phone number is left out.
std::string conversation_context(const Conversation& conversation);

/// The same JSON, without what a reader may take for the end of a line: it quotes the lead.
std::string on_one_line(std::string_view json);

}  // namespace rapport
