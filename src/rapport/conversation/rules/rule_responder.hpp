#pragma once

#include <memory>
#include <utility>

#include "rapport/conversation/agents.hpp"
#include "rapport/conversation/rules/tables.hpp"

namespace rapport::rules {

/// Fills one of the replies for the strategy's action and the intent, in the strategy's language
/// (mixed: Spanish). It takes turns among an occasion's texts with the lead's message count, and
/// never says what was said last where there is another text. Of the lead only facts are repeated:
/// a first name, a number of seats and a budget, never words of a message.
class RuleResponder : public Responder {
  public:
    explicit RuleResponder(std::shared_ptr<const Tables> tables) : tables_(std::move(tables)) {}

    Async<Answer<Execution>> respond(const Conversation& conversation,
                                     const Classification& classification, const Strategy& strategy,
                                     Deadline deadline) override;

  private:
    std::shared_ptr<const Tables> tables_;
};

}  // namespace rapport::rules
