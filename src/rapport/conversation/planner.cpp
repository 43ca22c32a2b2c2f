#include "rapport/conversation/planner.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "rapport/core/error.hpp"
#include "rapport/core/fault_point.hpp"
#include "rapport/core/utf8.hpp"

namespace rapport {
namespace {

/// Until when agents may take, so that what they said can still be stored.
Deadline agents_share(Deadline turn) {
    constexpr std::chrono::milliseconds kMostForTheCommit{5000};
    return Deadline(turn.at() - std::min(kMostForTheCommit, turn.left() / 4));
}

/// Throws InvalidArgument for what an answer cannot be stored with.
void check_usage(const Usage& usage) {
    const auto is_count = [](std::int64_t tokens) { return tokens >= 0 && tokens <= kMaxTokens; };
    if (!is_count(usage.prompt_tokens) || !is_count(usage.completion_tokens) ||
        !is_count(usage.prompt_tokens + usage.completion_tokens)) {
        throw InvalidArgument(
            "usage: tokens must not be negative, nor more than a message may have cost");
    }
    if (!(usage.cost_usd >= 0 && std::isfinite(usage.cost_usd))) {
        throw InvalidArgument("usage.cost_usd: must be a number, and not negative");
    }
}

/// The value of a valid answer. Counts what it took, and keeps the first reason why one had to be
/// stood in for.
template <class T>
T take(Answer<T> answer, TurnPlan& plan) {
    validate(answer.value);
    check_usage(answer.usage);
    plan.usage += answer.usage;
    check_usage(plan.usage);
    if (answer.fallback && !is_valid_utf8(*answer.fallback)) {
        throw InvalidArgument("fallback: not valid UTF-8");
    }
    if (answer.fallback && !plan.handoff_reason) {
        plan.handoff_reason = "the agent could not answer: " + *answer.fallback;
    }
    return std::move(answer.value);
}

}  // namespace

const std::string& Planner::handoff_text(Language language) const {
    const auto found = handoff_texts_.find(language);
    if (found == handoff_texts_.end()) {
        throw InvalidArgument("orchestrator: no hand-off text for the language " +
                              std::string(enum_to_string(language)));
    }
    return found->second;
}

Async<TurnPlan> Planner::plan(const Conversation& conversation, Deadline deadline) const {
    const Deadline until = agents_share(deadline);
    TurnPlan plan;
    fault_point("agents.classify");
    plan.classification = take(co_await agents_.classifier->classify(conversation, until), plan);
    fault_point("agents.classified");
    plan.strategy =
        take(co_await agents_.strategist->decide(conversation, plan.classification, until), plan);
    fault_point("agents.decided");
    if (plan.strategy.action == Action::kEscalate ||
        plan.classification.requires_human_escalation) {
        if (!plan.handoff_reason) plan.handoff_reason = plan.strategy.strategic_reasoning;
        plan.reply = handoff_text(plan.classification.language);
        co_return plan;
    }
    plan.execution = take(co_await agents_.responder->respond(conversation, plan.classification,
                                                              plan.strategy, until),
                          plan);
    plan.reply = plan.execution->message.content;
    fault_point("agents.responded");
    co_return plan;
}

}  // namespace rapport
