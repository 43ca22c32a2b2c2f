#include <gtest/gtest.h>

#include <set>
#include <utility>

#include "rapport/conversation/followup_policy.hpp"
#include "rapport/conversation/stage_policy.hpp"
#include "rapport/conversation/turn_plan.hpp"
#include "rapport/core/error.hpp"

namespace rapport {
namespace {

using enum SalesStage;

TEST(StagePolicy, GoesForwardOnHoldAndToAnEndButNeverBack) {
    const std::set<std::pair<SalesStage, SalesStage>> allowed{
        {kInitialContact, kDiscovery},
        {kInitialContact, kQualified},
        {kInitialContact, kDemoScheduled},
        {kDiscovery, kQualified},
        {kDiscovery, kDemoScheduled},
        {kQualified, kDemoScheduled},
        {kOnHold, kDiscovery},
        {kOnHold, kQualified},
        {kOnHold, kDemoScheduled},
    };
    const std::set<SalesStage> ends{kClosedWon, kClosedLost};
    for (const auto& [from, from_name] : kEnumTable<SalesStage>) {
        for (const auto& [to, to_name] : kEnumTable<SalesStage>) {
            const bool to_hold = to == kOnHold && from != kOnHold;
            const bool expected = !ends.contains(from) &&
                                  (to_hold || ends.contains(to) || allowed.contains({from, to}));
            EXPECT_EQ(may_move(from, to), expected) << from_name << " to " << to_name;
        }
    }
}

TEST(FollowupPolicy, WaitsLongerEachTimeAndThenGivesUp) {
    const FollowupPolicy policy;
    const Timestamp last = *parse_iso8601("2026-11-26T10:00:00Z");
    EXPECT_EQ(policy.next(0, last), parse_iso8601("2026-11-27T10:00:00Z"));
    EXPECT_EQ(policy.next(1, last), parse_iso8601("2026-11-28T10:00:00Z"));
    EXPECT_EQ(policy.next(2, last), parse_iso8601("2026-11-29T10:00:00Z"));
    EXPECT_EQ(policy.next(3, last), std::nullopt);
}

TEST(FollowupPolicy, KnowsNoDateThatCannotBeCounted) {
    using std::chrono::hours;
    const FollowupPolicy endless{{hours::max(), hours::min()}};
    const Timestamp last = *parse_iso8601("2026-11-26T10:00:00Z");
    EXPECT_FALSE(is_storable(endless.next(0, last).value()));
    EXPECT_GT(endless.next(0, last), last);
    EXPECT_FALSE(is_storable(endless.next(1, last).value()));
}

class PlannedTurnTest : public ::testing::Test {
  protected:
    Turn turn() const { return planned_turn(plan, lead, incoming, {}, at); }

    const Timestamp at = *parse_iso8601("2026-11-26T10:00:00Z");
    TurnPlan plan{.reply = "an answer"};
    Lead lead{.lead_id = "+525512345678"};
    Message incoming{.lead_id = "+525512345678", .content = "a question", .timestamp = at};
};

TEST_F(PlannedTurnTest, LearnsNothingOfWhatIsRepeated) {
    using enum SignalDimension;
    const Signal seats{.dimension = kNeed, .extracted_value = "seats: 20"};
    const Signal words{.dimension = kNeed, .extracted_value = "reports"};
    const Signal budget{.dimension = kBudget, .extracted_value = "20000 MXN"};
    const Signal more{.dimension = kBudget, .extracted_value = "30000 MXN"};
    plan.classification.new_signals = {seats, budget, words};
    EXPECT_EQ(turn().signals, plan.classification.new_signals);
    lead.signals = {seats, words, budget};
    EXPECT_EQ(turn().signals, std::vector<Signal>());
    lead.signals = {seats, words, budget, more};
    EXPECT_EQ(turn().signals, std::vector<Signal>{budget}) << "a mind that is changed back";
    lead.signals = {words, seats, budget};
    EXPECT_EQ(turn().signals, (std::vector<Signal>{seats, words}));
    lead.signals = {seats, words, budget};
    lead.signals.back().is_inferred = true;
    EXPECT_EQ(turn().signals, std::vector<Signal>{budget}) << "what was only guessed is said now";
}

TEST_F(PlannedTurnTest, HoldsTheMessageAndTheAnswerBehindIt) {
    plan.usage = {.prompt_tokens = 70, .completion_tokens = 7};
    incoming.timestamp = at + std::chrono::minutes(5);
    const Turn made = turn();
    ASSERT_EQ(made.messages.size(), 2U);
    EXPECT_EQ(made.messages[0], incoming);
    EXPECT_EQ(made.messages[1].role, MessageRole::kAssistant);
    EXPECT_EQ(made.messages[1].content, "an answer");
    EXPECT_EQ(made.messages[1].tokens, 77);
    EXPECT_EQ(made.messages[1].timestamp, incoming.timestamp) << "whose clock is ahead of ours";
}

TEST_F(PlannedTurnTest, MovesTheLeadAsFarAsThePolicyAllows) {
    plan.strategy.suggested_stage_transition = kQualified;
    EXPECT_EQ(turn().lead.current_stage, kQualified);
    lead.current_stage = kDemoScheduled;
    EXPECT_EQ(turn().lead.current_stage, kDemoScheduled);
    lead.current_stage = kClosedLost;
    EXPECT_EQ(turn().lead.current_stage, kClosedLost);
}

TEST_F(PlannedTurnTest, AsksForAFollowupWhereTheConversationGoesOn) {
    EXPECT_EQ(turn().lead.next_followup_at, at + std::chrono::hours(24));
    lead.next_followup_at = at - std::chrono::hours(1);
    EXPECT_EQ(turn().lead.next_followup_at, at + std::chrono::hours(24)) << "counted anew";

    plan.strategy.action = Action::kAbandon;
    EXPECT_EQ(turn().lead.next_followup_at, std::nullopt);
    plan.strategy.action = Action::kHelp;
    lead.current_stage = kClosedWon;
    EXPECT_EQ(turn().lead.next_followup_at, std::nullopt);
    lead.current_stage = kDiscovery;
    plan.handoff_reason = "asked for a person";
    EXPECT_EQ(turn().lead.next_followup_at, std::nullopt);
}

TEST_F(PlannedTurnTest, AsksForAPerson) {
    plan.handoff_reason = "asked for a person";
    const Turn made = turn();
    EXPECT_EQ(made.lead.handoff_status, HandoffStatus::kRequested);
    EXPECT_EQ(made.lead.handoff_reason, "asked for a person");
    EXPECT_EQ(made.lead.handoff_requested_at, at);
}

TEST(SilentTurn, HoldsTheMessageAloneAndNobodyFollowsUp) {
    Lead lead;
    lead.next_followup_at = now();
    const Turn turn = silent_turn(lead, {.content = "hello?"});
    ASSERT_EQ(turn.messages.size(), 1U);
    EXPECT_EQ(turn.messages[0].content, "hello?");
    EXPECT_EQ(turn.lead.next_followup_at, std::nullopt);
}

TEST(Answers, SayWhichMemberIsWrong) {
    const auto message_of = [](const auto& value) {
        try {
            validate(value);
        } catch (const InvalidArgument& error) {
            return std::string(error.what());
        }
        return std::string();
    };
    Classification classification;
    EXPECT_EQ(message_of(classification), "");
    classification.urgency_confidence = 1.5;
    EXPECT_EQ(message_of(classification), "urgency_confidence: must lie between 0 and 1");
    classification = {.reasoning = std::string(601, 'x')};
    EXPECT_EQ(message_of(classification), "reasoning: more than 600 characters");
    classification = {.new_signals = {{}, {.confidence = {.value = -1}}}};
    EXPECT_EQ(message_of(classification),
              "new_signals[1].confidence.value: must lie between 0 and 1");

    Execution execution{.message = {.content = "hello"}};
    EXPECT_EQ(message_of(execution), "");
    execution.message.content.clear();
    EXPECT_EQ(message_of(execution), "message.content: empty");
    execution.message.content = "   ";
    EXPECT_EQ(message_of(execution), "message.content: nothing but blanks");
    execution = {.message = {.content = "hello"}, .execution_summary = std::string(151, 'x')};
    EXPECT_EQ(message_of(execution), "execution_summary: more than 150 characters");

    EXPECT_EQ(message_of(Strategy{}), "");
    Strategy strategy{.message_strategy = {.key_points = {"good", "\xff"}}};
    EXPECT_EQ(message_of(strategy), "message_strategy.key_points: not valid UTF-8");
    strategy = {.scheduling_instruction = std::string(Strategy::kMaxTextBytes + 1, 'x')};
    EXPECT_EQ(message_of(strategy), "scheduling_instruction: too long");
}

}  // namespace
}  // namespace rapport
