#include "rapport/conversation/turn_plan.hpp"

#include <algorithm>
#include <utility>

#include "rapport/conversation/stage_policy.hpp"

namespace rapport {

bool is_with_a_person(const Lead& lead) {
    return lead.handoff_status == HandoffStatus::kRequested ||
           lead.handoff_status == HandoffStatus::kAssigned;
}

Turn silent_turn(Lead lead, Message incoming) {
    lead.next_followup_at.reset();
    return {std::move(lead), {std::move(incoming)}};
}

Turn planned_turn(const TurnPlan& plan, Lead lead, Message incoming, const FollowupPolicy& followup,
                  Timestamp now) {
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
        lead.next_followup_at = followup.next(0, reply.timestamp);
    }
    return {
        std::move(lead), {std::move(incoming), std::move(reply)}, plan.classification.new_signals};
}

}  // namespace rapport
