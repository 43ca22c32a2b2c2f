#pragma once

#include <map>
#include <string>

#include "rapport/conversation/agents.hpp"
#include "rapport/conversation/turn_plan.hpp"

namespace rapport {

/// What a lead is told who is handed over to a person, by language.
using HandoffTexts = std::map<Language, std::string>;
HandoffTexts default_handoff_texts();

/// Asks the three agents, one after another.
class Planner {
  public:
    Planner(Agents agents, HandoffTexts handoff_texts)
        : agents_(std::move(agents)), handoff_texts_(std::move(handoff_texts)) {}

    /// Agents have what the turn's commit leaves of the time. Where the strategist escalates, or
    /// the classifier sees the need, the third one is not asked; where one of them had to be stood
    /// in for, a person is asked for as well. Throws InvalidArgument for an answer that is not
    /// valid, and what agents throw.
    Async<TurnPlan> plan(const Conversation& conversation, Deadline deadline) const;

  private:
    const std::string& handoff_text(Language language) const;

    Agents agents_;
    HandoffTexts handoff_texts_;
};

}  // namespace rapport
