#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "rapport/conversation/classification.hpp"
#include "rapport/domain/message.hpp"
#include "rapport/domain/sales_stage.hpp"

namespace rapport {

/// What we want to achieve next with a lead.
enum class Action : std::uint8_t { kHelp, kQualify, kNurture, kClose, kEscalate, kAbandon };

constexpr auto enum_names(Action) {
    using enum Action;
    return std::to_array<EnumName<Action>>({
        {kHelp, "help"},
        {kQualify, "qualify"},
        {kNurture, "nurture"},
        {kClose, "close"},
        {kEscalate, "escalate"},
        {kAbandon, "abandon"},
    });
}

/// How the answer should be written.
struct MessageStrategy {
    std::string tone{};
    Language language = Language::kEnglish;
    std::vector<std::string> empathy_points{};
    std::vector<std::string> key_points{};
    std::string conversational_goal{};

    bool operator==(const MessageStrategy&) const = default;
};
BOOST_DESCRIBE_STRUCT(MessageStrategy, (),
                      (tone, language, empathy_points, key_points, conversational_goal))

/// What the second agent decides to do about a message.
struct Strategy {
    Action action = Action::kHelp;
    MessageStrategy message_strategy{};
    /// Applied where stage_policy.hpp allows it.
    std::optional<SalesStage> suggested_stage_transition{};
    /// What we should learn about next.
    SignalDimension focus_dimension = SignalDimension::kNeed;
    std::optional<std::string> scheduling_instruction{};
    /// Why a person is asked for, where the action is to escalate.
    std::string strategic_reasoning{};

    /// Of each text: a message has no more (message.hpp).
    static constexpr std::size_t kMaxTextBytes = kMaxContentBytes;

    bool operator==(const Strategy&) const = default;
};
BOOST_DESCRIBE_STRUCT(Strategy, (),
                      (action, message_strategy, suggested_stage_transition, focus_dimension,
                       scheduling_instruction, strategic_reasoning))

/// Throws InvalidArgument that names the member, for a text that is too long or not UTF-8.
void validate(const Strategy& strategy);

}  // namespace rapport
