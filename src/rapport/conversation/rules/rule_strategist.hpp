#pragma once

#include <memory>
#include <utility>

#include "rapport/conversation/agents.hpp"
#include "rapport/conversation/rules/tables.hpp"

namespace rapport::rules {

/// Decides by the intent: ready_to_buy always closes; else an opt-out ends the conversation, what
/// requires a human gets one, an objection is nurtured, a question answered, and all else
/// qualified. It suggests closed_won only to a lead who says it has paid, and never a stage back
/// except out of on_hold. Wording comes from strategy.toml.
class RuleStrategist : public Strategist {
  public:
    explicit RuleStrategist(std::shared_ptr<const Tables> tables) : tables_(std::move(tables)) {}

    Async<Answer<Strategy>> decide(const Conversation& conversation,
                                   const Classification& classification,
                                   Deadline deadline) override;

  private:
    std::shared_ptr<const Tables> tables_;
};

}  // namespace rapport::rules
