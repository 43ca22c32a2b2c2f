#pragma once

#include <memory>
#include <utility>

#include "rapport/conversation/agents.hpp"
#include "rapport/conversation/rules/tables.hpp"

namespace rapport::rules {

/// Adds up the weights of the rules that apply: the intent with most is taken, `unclear` where none
/// reaches 1. The same conversation always gives the same answer; nothing is awaited.
class RuleClassifier : public Classifier {
  public:
    explicit RuleClassifier(std::shared_ptr<const Tables> tables) : tables_(std::move(tables)) {}

    Async<Answer<Classification>> classify(const Conversation& conversation,
                                           Deadline deadline) override;

  private:
    std::shared_ptr<const Tables> tables_;
};

}  // namespace rapport::rules
