#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "rapport/conversation/classification.hpp"
#include "rapport/conversation/strategy.hpp"
#include "rapport/domain/sales_stage.hpp"

namespace rapport::eval {

/// Something that a turn should have had and had not.
struct FailedCheck {
    /// `intent`, `language`, `urgency`, `signals`, `action`, `stage`, `handoff`, `answered`,
    /// `reply`, or `error` where there is no answer at all.
    std::string check{};
    std::string expected{};
    std::string got{};
    /// The agent's own reason, where it gave one.
    std::string why{};

    bool operator==(const FailedCheck&) const = default;
};
BOOST_DESCRIBE_STRUCT(FailedCheck, (), (check, expected, got, why))

/// What came of a turn in one run.
struct TurnOutcome {
    std::optional<std::string> reply{};
    /// Absent, as is the strategy, where no agent was asked.
    std::optional<Classification> classification{};
    std::optional<Strategy> strategy{};
    /// The lead's after the turn.
    SalesStage stage = SalesStage::kInitialContact;
    bool handoff = false;
    /// What ended the turn, where it ended without an answer.
    std::optional<std::string> error{};
    std::int64_t prompt_tokens = 0;
    std::int64_t completion_tokens = 0;
    double cost_usd = 0;
    double duration_ms = 0;
    /// Empty where the turn passed.
    std::vector<FailedCheck> failed{};
};
BOOST_DESCRIBE_STRUCT(TurnOutcome, (),
                      (reply, classification, strategy, stage, handoff, error, prompt_tokens,
                       completion_tokens, cost_usd, duration_ms, failed))

}  // namespace rapport::eval
