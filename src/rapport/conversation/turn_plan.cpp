#include "rapport/conversation/turn_plan.hpp"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <ranges>
#include <string_view>
#include <utility>
#include <vector>

#include "rapport/conversation/stage_policy.hpp"

namespace rapport {

namespace {

using Fact = std::pair<std::string_view, bool>;  ///< and whether it is only inferred

std::vector<Fact> facts_of(const std::vector<Signal>& signals, SignalDimension dimension) {
    std::vector<Fact> facts;
    for (const Signal& signal : signals) {
        if (signal.dimension != dimension) continue;
        facts.emplace_back(signal.extracted_value, signal.is_inferred);
    }
    return facts;
}

/// True where the last we know of a dimension is what the message says of it.
bool is_repeated(const Lead& lead, const std::vector<Signal>& said, SignalDimension dimension) {
    const std::vector<Fact> now = facts_of(said, dimension);
    const std::vector<Fact> known = facts_of(lead.signals, dimension);
    return now.size() <= known.size() && std::equal(now.rbegin(), now.rend(), known.rbegin());
}

std::vector<Signal> learnt_of(const Lead& lead, const std::vector<Signal>& said) {
    std::vector<Signal> learnt;
    std::ranges::copy_if(said, std::back_inserter(learnt), [&](const Signal& signal) {
        return !is_repeated(lead, said, signal.dimension);
    });
    return learnt;
}

/// A channel gives whole seconds, and our answers have milliseconds: what comes in the second of
/// the lead's last message came after it.
Message in_order(Message incoming, const Lead& lead) {
    using std::chrono::seconds;
    const Timestamp last = lead.last_interaction_at;
    const bool is_whole = incoming.timestamp == std::chrono::floor<seconds>(incoming.timestamp);
    if (lead.message_count > 0 && is_whole &&
        incoming.timestamp == std::chrono::floor<seconds>(last)) {
        incoming.timestamp = last;
    }
    return incoming;
}

}  // namespace

bool is_with_a_person(const Lead& lead) {
    return lead.handoff_status == HandoffStatus::kRequested ||
           lead.handoff_status == HandoffStatus::kAssigned;
}

bool has_person_answered(const Lead& lead, const Message& incoming, std::int64_t counted_before) {
    const std::int64_t since = std::max<std::int64_t>(lead.message_count - counted_before, 0);
    return std::ranges::any_of(lead.recent_history | std::views::reverse | std::views::take(since),
                               [&](const Message& message) {
                                   return message.role == MessageRole::kHuman &&
                                          message.timestamp > incoming.timestamp;
                               });
}

Turn silent_turn(Lead lead, Message incoming) {
    incoming = in_order(std::move(incoming), lead);
    lead.next_followup_at.reset();
    return {std::move(lead), {std::move(incoming)}};
}

Turn planned_turn(const TurnPlan& plan, Lead lead, Message incoming, const FollowupPolicy& followup,
                  Timestamp now) {
    incoming = in_order(std::move(incoming), lead);
    Message reply;
    reply.lead_id = incoming.lead_id;
    reply.role = MessageRole::kAssistant;
    reply.content = plan.reply;
    reply.tokens = plan.usage.prompt_tokens + plan.usage.completion_tokens;
    // A channel's clock may be ahead of ours; the answer comes after the question all the same.
    reply.timestamp = std::max(now, incoming.timestamp);

    const auto stage = plan.strategy.suggested_stage_transition;
    if (stage && may_move(lead.current_stage, *stage)) lead.current_stage = *stage;
    if (plan.handoff_reason) lead.request_handoff(*plan.handoff_reason, now);

    const bool let_go = plan.strategy.action == Action::kAbandon;
    lead.next_followup_at.reset();
    if (!let_go && !plan.handoff_reason && !is_closed(lead.current_stage)) {
        const auto next = followup.next(0, reply.timestamp);
        if (next && is_storable(*next)) lead.next_followup_at = next;
    }
    std::vector<Signal> signals = learnt_of(lead, plan.classification.new_signals);
    return {std::move(lead), {std::move(incoming), std::move(reply)}, std::move(signals)};
}

}  // namespace rapport
