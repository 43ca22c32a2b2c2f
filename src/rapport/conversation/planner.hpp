#pragma once

#include <string>

#include "rapport/conversation/agents.hpp"
#include "rapport/conversation/language_texts.hpp"
#include "rapport/conversation/turn_plan.hpp"

namespace rapport {

/// Asks the three agents, one after another.
class Planner {
  public:
    /// `handoff_texts`: what a lead is told who is handed over to a person.
    Planner(Agents agents, LanguageTexts handoff_texts)
        : agents_(std::move(agents)), handoff_texts_(std::move(handoff_texts)) {}

    /// Agents have what the turn's commit leaves of the time. Where the strategist escalates, or
    /// the classifier sees the need, the third one is not asked; where one of them had to be stood
    /// in for, a person is asked for as well. Throws InvalidArgument for an answer that is not
    /// valid, its usage included, before another agent is asked, and what agents throw.
    Async<TurnPlan> plan(const Conversation& conversation, Deadline deadline) const;

  private:
    const std::string& handoff_text(Language language) const;

    Agents agents_;
    LanguageTexts handoff_texts_;
};

}  // namespace rapport
