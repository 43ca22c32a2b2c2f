#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "rapport/conversation/agents.hpp"
#include "rapport/conversation/followup_policy.hpp"
#include "rapport/repository/turn.hpp"

namespace rapport {

/// What the agents made of a message. It is made once; when the lead changes meanwhile it is
/// applied to the lead as it then is.
struct TurnPlan {
    Classification classification{};
    Strategy strategy{};
    /// Absent where the lead is handed over to a person: `reply` says so.
    std::optional<Execution> execution{};
    std::string reply{};
    /// Set where a person is asked for.
    std::optional<std::string> handoff_reason{};
    Usage usage{};
};

/// True while the conversation is a person's: the agent keeps silent.
bool is_with_a_person(const Lead& lead);

/// True where a person answered the message while the agents were at it: the agent keeps silent.
/// `counted_before`: the lead's message_count when they began.
bool has_person_answered(const Lead& lead, const Message& incoming, std::int64_t counted_before);

/// The turn of a message that is stored and not answered, since a person has the conversation, or
/// has answered it. Of a message that a channel gave in whole seconds, in the second of the lead's
/// last one, the time becomes the last one's, so that it stands behind it; so in planned_turn().
Turn silent_turn(Lead lead, Message incoming);

/// The turn of a message and its answer: signals, stage (as stage_policy.hpp allows), hand-off and
/// follow-up as planned. Signals of a dimension are left out where the last that the lead has of it
/// say the same: a lead who repeats himself does not grow. `now` is when it is answered.
Turn planned_turn(const TurnPlan& plan, Lead lead, Message incoming, const FollowupPolicy& followup,
                  Timestamp now);

}  // namespace rapport
