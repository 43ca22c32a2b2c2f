#include "rapport/conversation/rules/rule_strategist.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "rapport/conversation/rules/conversation_reading.hpp"

namespace rapport::rules {
namespace {

using Known = std::set<SignalDimension>;

Known known_dimensions(const Lead& lead, const Classification& classification) {
    const BantSummary summary = lead.bant_summary();
    Known known;
    if (summary.budget) known.insert(SignalDimension::kBudget);
    if (summary.authority) known.insert(SignalDimension::kAuthority);
    if (summary.need) known.insert(SignalDimension::kNeed);
    if (summary.timeline) known.insert(SignalDimension::kTimeline);
    for (const Signal& signal : classification.new_signals) known.insert(signal.dimension);
    return known;
}

/// The next to ask for; where all is known, when it is to happen is what may still change.
SignalDimension focus_of(const Known& known) {
    using enum SignalDimension;
    for (const SignalDimension dimension : {kNeed, kAuthority, kTimeline, kBudget}) {
        if (!known.contains(dimension)) return dimension;
    }
    return kTimeline;
}

bool shows_fit(const Known& known) {
    return known.contains(SignalDimension::kNeed) && (known.contains(SignalDimension::kAuthority) ||
                                                      known.contains(SignalDimension::kBudget));
}

/// Whether a demo can be agreed on at once: somebody is qualified who shows a fit.
bool may_show_demo(const Lead& lead, const Known& known) {
    return lead.current_stage == SalesStage::kQualified ||
           lead.current_stage == SalesStage::kDemoScheduled || shows_fit(known);
}

Action action_of(const Lead& lead, const Classification& classification, const Reading& reading,
                 const Known& known) {
    if (classification.intent == Intent::kReadyToBuy) return Action::kClose;
    if (reading.has(Mark::kOptOut)) return Action::kAbandon;
    if (classification.requires_human_escalation) return Action::kEscalate;
    switch (classification.intent) {
        case Intent::kObjection:
            return Action::kNurture;
        case Intent::kDemoRequest:
            return may_show_demo(lead, known) ? Action::kClose : Action::kQualify;
        case Intent::kPricingQuestion:
        case Intent::kFeatureQuestion:
        case Intent::kTechnicalQuestion:
        case Intent::kSupportRequest:
        case Intent::kGeneralInquiry:
            return Action::kHelp;
        default:
            return Action::kQualify;
    }
}

/// What the message makes of the lead, whatever its stage now.
std::optional<SalesStage> stage_shown(Action action, const Classification& classification,
                                      const Reading& reading, const Known& known) {
    if (action == Action::kAbandon) return SalesStage::kClosedLost;
    if (action == Action::kEscalate) return std::nullopt;
    if (reading.has(Mark::kPaid)) return SalesStage::kClosedWon;
    if (reading.has(Mark::kNotNow) && action == Action::kNurture) return SalesStage::kOnHold;
    switch (classification.intent) {
        case Intent::kReadyToBuy:
            return SalesStage::kQualified;
        case Intent::kDemoRequest:
            return action == Action::kClose ? SalesStage::kDemoScheduled : SalesStage::kDiscovery;
        case Intent::kPricingQuestion:
        case Intent::kFeatureQuestion:
        case Intent::kTechnicalQuestion:
        case Intent::kGeneralInquiry:
        case Intent::kFollowupResponse:
            return shows_fit(known) ? SalesStage::kQualified : SalesStage::kDiscovery;
        default:
            return std::nullopt;
    }
}

/// Forward only; from on_hold anywhere, and from a closed stage nowhere.
std::optional<SalesStage> forward(SalesStage from, std::optional<SalesStage> to) {
    const bool closed = is_closed(from);
    if (!to || closed || from == *to) return std::nullopt;
    if (from == SalesStage::kOnHold || *to > from) return to;
    return std::nullopt;
}

const Advice& advice_for(const Tables& tables, Action action, Intent intent) {
    return *std::find_if(tables.advice.begin(), tables.advice.end(), [&](const Advice& advice) {
        return advice.occasion.covers(action, intent);
    });
}

Language answer_language(const Classification& classification, const Reading& reading) {
    if (classification.language != Language::kMixed) return classification.language;
    return reading.english > reading.spanish ? Language::kEnglish : Language::kSpanish;
}

Strategy strategy_of(const Tables& tables, const Conversation& conversation,
                     const Classification& classification) {
    const Lead& lead = conversation.lead;
    const Reading reading = read(tables, conversation);
    const Known known = known_dimensions(lead, classification);
    const Action action = action_of(lead, classification, reading, known);
    const Advice& advice = advice_for(tables, action, classification.intent);
    Strategy strategy{.action = action,
                      .message_strategy = {.tone = advice.tone,
                                           .language = answer_language(classification, reading),
                                           .empathy_points = advice.empathy_points,
                                           .key_points = advice.key_points,
                                           .conversational_goal = advice.goal},
                      .suggested_stage_transition = forward(
                          lead.current_stage, stage_shown(action, classification, reading, known)),
                      .focus_dimension = focus_of(known)};
    if (strategy.suggested_stage_transition == SalesStage::kDemoScheduled) {
        strategy.scheduling_instruction = "agree on a day and time for the demo";
    }
    strategy.strategic_reasoning = fmt::format(
        "{} after {} in {}; {} of 4 dimensions known", enum_to_string(action),
        enum_to_string(classification.intent), short_name(lead.current_stage), known.size());
    return strategy;
}

}  // namespace

Async<Answer<Strategy>> RuleStrategist::decide(const Conversation& conversation,
                                               const Classification& classification, Deadline) {
    co_return Answer<Strategy>{.value = strategy_of(*tables_, conversation, classification)};
}

}  // namespace rapport::rules
