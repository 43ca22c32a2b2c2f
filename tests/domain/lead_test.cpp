#include "rapport/domain/lead.hpp"

#include <gtest/gtest.h>

#include "rapport/core/codec.hpp"
#include "rapport/core/utf8.hpp"

namespace rapport {
namespace {

using std::chrono::seconds;

const Timestamp kStart{std::chrono::milliseconds(1'700'000'000'000)};

Lead some_lead() {
    Lead lead;
    lead.lead_id = "+525512345678";
    return lead;
}

Message said(std::string content, Timestamp at = kStart, MessageRole role = MessageRole::kLead) {
    Message message;
    message.role = role;
    message.content = std::move(content);
    message.timestamp = at;
    return message;
}

TEST(Stage, IsReadByPeopleInThreeWays) {
    EXPECT_EQ(short_name(SalesStage::kDemoScheduled), "demo_scheduled");
    for (const char* text : {"demo_scheduled", "3", "3 - demo_scheduled"}) {
        EXPECT_EQ(parse_stage(text), SalesStage::kDemoScheduled);
    }
    for (const char* text : {"", "7", "demo", "Qualified", "3 -", " 3"}) {
        EXPECT_EQ(parse_stage(text), std::nullopt) << text;
    }
}

TEST(Lead, ANewOneIsInTheFirstStageWithoutMessagesOrHandoff) {
    const Lead lead = some_lead();
    EXPECT_FALSE(lead.id.empty());
    EXPECT_FALSE(lead.stored());
    EXPECT_EQ(lead.version, 0);
    EXPECT_EQ(lead.current_stage, SalesStage::kInitialContact);
    EXPECT_EQ(lead.message_count, 0);
    EXPECT_EQ(lead.handoff_status, HandoffStatus::kNone);
}

TEST(Lead, IsReadBackWholeButForWhatItsHistoryLeavesOut) {
    Lead lead = some_lead();
    lead.full_name = "Zoë";
    lead.next_followup_at = kStart;
    lead.recent_turns = {{.v = 1, .turn_id = "t", .external_id = {}, .k = 2}};
    lead.add_signal({.dimension = SignalDimension::kNeed, .extracted_value = "bread"});
    lead.request_handoff("asked for a person", kStart);
    lead.add_message(said("hello"));
    Lead expected = lead;
    expected.recent_history[0].seq.reset();
    expected.recent_history[0].lead_ref.reset();
    EXPECT_EQ(from_document<Lead>(to_document(lead)), expected);
}

TEST(Lead, HistoryEntriesHoldTheFieldsEarlierSystemsKnowAndTheId) {
    Lead lead = some_lead();
    Message message = said("hello");
    message.external_id = "wamid.1";
    message.attachment = Attachment{.kind = "image", .name = "a.jpg"};
    message = lead.add_message(message, kStart);
    const std::string json = to_json(lead);
    EXPECT_NE(json.find(R"("recent_history":[{"_id":")" + message.id.to_string() +
                        R"(","lead_id":"+525512345678","role":"lead","content":"hello",)"
                        R"("tokens":0,"timestamp":"2023-11-14T22:13:20.000Z",)"
                        R"("created_at":"2023-11-14T22:13:20.000Z",)"
                        R"("updated_at":"2023-11-14T22:13:20.000Z"}])"),
              std::string::npos)
        << json;
}

TEST(Lead, ReadsADocumentOfAnEarlierSystem) {
    const Lead lead = from_document<Lead>(from_json(R"({
        "_id": "507f1f77bcf86cd799439011", "lead_id": "+5215512345678", "full_name": null,
        "current_stage": "1 - discovery", "next_followup_at": null,
        "recent_history": [{"role": "lead", "content": "hi", "timestamp": "2024-03-01T10:00:00"}],
        "message_count": 1, "last_interaction_at": "2024-03-01T10:00:00+00:00",
        "handoff_status": "none", "handoff_reason": null, "is_hot": true,
        "created_at": "2024-03-01T10:00:00.123456", "updated_at": "2024-03-01T10:00:00.123456"})"));
    EXPECT_EQ(lead.version, 0);
    EXPECT_EQ(lead.message_count, 1);
    EXPECT_EQ(lead.recent_history[0].content, "hi");
    EXPECT_FALSE(lead.full_name);
    EXPECT_TRUE(lead.stored());
}

TEST(LeadMessages, AreCountedNumberedAndFilledIn) {
    Lead lead = some_lead();
    lead.add_message(said("one"));
    const Message second = lead.add_message(said("two", kStart + seconds(1)), kStart + seconds(9));
    EXPECT_EQ(lead.message_count, 2);
    EXPECT_EQ(second.seq, 2);
    EXPECT_EQ(second.lead_ref, lead.id);
    EXPECT_EQ(second.lead_id, lead.lead_id);
    EXPECT_FALSE(second.id.empty());
    EXPECT_EQ(second.created_at, kStart + seconds(9));
    EXPECT_EQ(second.updated_at, kStart + seconds(9));
    EXPECT_EQ(lead.recent_history.back(), second);
}

TEST(LeadMessages, KeepWhatTheyBring) {
    Lead lead = some_lead();
    Message message = said("one");
    message.id = *ObjectId::parse("507f1f77bcf86cd799439011");
    message.created_at = kStart - seconds(5);
    const Message added = lead.add_message(message);
    EXPECT_EQ(added.id, message.id);
    EXPECT_EQ(added.created_at, message.created_at);
}

TEST(LeadMessages, OfTheHistoryTheLastTwentyStay) {
    Lead lead = some_lead();
    for (int i = 1; i <= 20; ++i) lead.add_message(said(std::to_string(i)));
    EXPECT_EQ(lead.recent_history.size(), 20U);
    EXPECT_EQ(lead.recent_history.front().content, "1");
    for (int i = 21; i <= 25; ++i) lead.add_message(said(std::to_string(i)));
    EXPECT_EQ(lead.recent_history.size(), 20U);
    EXPECT_EQ(lead.recent_history.front().content, "6");
    EXPECT_EQ(lead.recent_history.back().content, "25");
    EXPECT_EQ(lead.message_count, 25);
    EXPECT_EQ(lead.recent_history.back().seq, 25);
}

TEST(LeadMessages, LastInteractionIsTheGreatestTimestamp) {
    Lead lead = some_lead();
    lead.add_message(said("old", kStart));
    EXPECT_EQ(lead.last_interaction_at, kStart) << "the first message's time, though long ago";
    lead.add_message(said("newer", kStart + seconds(60)));
    EXPECT_EQ(lead.last_interaction_at, kStart + seconds(60));
    lead.add_message(said("late arrival", kStart + seconds(30)));
    EXPECT_EQ(lead.last_interaction_at, kStart + seconds(60));
}

TEST(LeadMessages, StayInOrderOfArrival) {
    Lead lead = some_lead();
    lead.add_message(said("second", kStart + seconds(2)));
    lead.add_message(said("first", kStart + seconds(1)));
    EXPECT_EQ(lead.recent_history[0].content, "second");
    EXPECT_EQ(lead.recent_history[1].content, "first");
}

TEST(LeadMessages, ARefusedOneLeavesTheLeadUnchanged) {
    Lead lead = some_lead();
    lead.add_message(said("fine"));
    const Lead before = lead;
    Message foreign = said("somebody else's");
    foreign.lead_id = "+5255999";
    EXPECT_THROW(lead.add_message(foreign), InvalidArgument);
    EXPECT_THROW(lead.add_message(said("caf\xE9")), InvalidArgument);
    EXPECT_THROW(lead.add_message(said(std::string(65'537, 'x'))), InvalidArgument);
    EXPECT_EQ(lead, before);
}

TEST(LeadSignals, OfMoreThanFiveHundredTheOldestGoButTheLastOfADimension) {
    Lead lead = some_lead();
    lead.add_signal({.dimension = SignalDimension::kBudget, .extracted_value = "10"});
    lead.add_signal({.dimension = SignalDimension::kBudget, .extracted_value = "20"});
    for (int i = 3; i <= 500; ++i) lead.add_signal({.extracted_value = std::to_string(i)});
    const Lead full = lead;
    EXPECT_TRUE(lead.take_oldest_signals().empty());
    EXPECT_EQ(lead, full);

    lead.add_signal({.extracted_value = "501"});
    const std::vector<Signal> taken = lead.take_oldest_signals();
    ASSERT_EQ(taken.size(), 101U);
    EXPECT_EQ(taken[0].extracted_value, "10");
    EXPECT_EQ(taken[1].extracted_value, "3");
    EXPECT_EQ(taken.back().extracted_value, "102");
    ASSERT_EQ(lead.signals.size(), 400U);
    EXPECT_EQ(lead.signals[0].extracted_value, "20");
    EXPECT_EQ(lead.signals[1].extracted_value, "103");
    EXPECT_EQ(lead.signals.back().extracted_value, "501");
    EXPECT_EQ(lead.bant_summary().budget->extracted_value, "20");
}

TEST(LeadSignals, OfMoreThanFourMebibytesTheOldestGoTheSameWay) {
    const auto of_64_kib = [](SignalDimension dimension) {
        return Signal{.dimension = dimension,
                      .raw_evidence = std::string(std::size_t{1} << 16U, 'e')};
    };
    Lead lead = some_lead();
    lead.add_signal(of_64_kib(SignalDimension::kBudget));
    for (int i = 1; i < 63; ++i) lead.add_signal(of_64_kib(SignalDimension::kNeed));
    EXPECT_TRUE(lead.take_oldest_signals().empty());
    lead.add_signal(of_64_kib(SignalDimension::kNeed));
    EXPECT_EQ(lead.take_oldest_signals().size(), 17U);
    EXPECT_EQ(lead.signals.size(), 47U);
    EXPECT_EQ(lead.signals.front().dimension, SignalDimension::kBudget);
    EXPECT_TRUE(lead.take_oldest_signals().empty());
}

TEST(LeadSignals, ARefusedOneLeavesTheLeadUnchanged) {
    Lead lead = some_lead();
    const Lead before = lead;
    EXPECT_THROW(lead.add_signal({.confidence = {.value = 2}}), InvalidArgument);
    EXPECT_EQ(lead, before);
}

TEST(LeadSignals, TheSummaryHasTheLastOfEachDimension) {
    Lead lead = some_lead();
    EXPECT_FALSE(lead.bant_summary().budget);
    lead.add_signal({.dimension = SignalDimension::kBudget, .extracted_value = "10"});
    lead.add_signal({.dimension = SignalDimension::kAuthority, .extracted_value = "owner"});
    lead.add_signal({.dimension = SignalDimension::kTimeline, .extracted_value = "June"});
    lead.add_signal({.dimension = SignalDimension::kBudget, .extracted_value = "20"});
    const BantSummary summary = lead.bant_summary();
    EXPECT_EQ(summary.budget->extracted_value, "20");
    EXPECT_EQ(summary.authority->extracted_value, "owner");
    EXPECT_EQ(summary.timeline->extracted_value, "June");
    EXPECT_FALSE(summary.need);
}

TEST(LeadHistory, IsALineAMessage) {
    Lead lead = some_lead();
    EXPECT_EQ(lead.format_history(), "");
    lead.add_message(said("Hi"));
    lead.add_message(said("Good morning", kStart + seconds(1), MessageRole::kAssistant));
    EXPECT_EQ(lead.format_history(), "lead: Hi\nassistant: Good morning\n");
}

TEST(LeadHistory, IsOrderedByTimeAndThenByArrival) {
    Lead lead = some_lead();
    lead.add_message(said("c", kStart + seconds(9)));
    lead.add_message(said("a", kStart));
    lead.add_message(said("b", kStart));
    EXPECT_EQ(lead.format_history(), "lead: a\nlead: b\nlead: c\n");
}

TEST(LeadHistory, TakesTheLastOfSomeRoles) {
    Lead lead = some_lead();
    for (int i = 1; i <= 3; ++i) {
        const Timestamp at = kStart + seconds(i);
        lead.add_message(said(std::to_string(i), at));
        lead.add_message(said(std::to_string(i), at, MessageRole::kHuman));
        lead.add_message(said(std::to_string(i), at, MessageRole::kSystem));
    }
    EXPECT_EQ(lead.format_history(2), "human: 3\nsystem: 3\n");
    EXPECT_EQ(lead.format_history(3, {MessageRole::kLead, MessageRole::kHuman}),
              "human: 2\nlead: 3\nhuman: 3\n");
    EXPECT_EQ(lead.format_history(0), "");
}

TEST(LeadHistory, IsCutToSixThousandCharactersByWholeMessages) {
    Lead lead = some_lead();
    // Six characters of "lead: " and the line's end: 600 each, and ten of them fit exactly.
    for (int i = 0; i < 12; ++i) {
        std::string text;
        for (int j = 0; j < 593; ++j) text += "ñ";
        lead.add_message(said(text, kStart + seconds(i)));
    }
    EXPECT_EQ(count_characters(lead.format_history()), 6'000U);
    lead.add_message(said("x", kStart + seconds(99)));
    EXPECT_EQ(count_characters(lead.format_history()), 9U * 600U + 8U);
}

TEST(LeadHistory, NeverDropsOneOfTheLastFive) {
    Lead lead = some_lead();
    for (int i = 0; i < 7; ++i) {
        lead.add_message(said(std::string(2'000, 'x'), kStart + seconds(i)));
    }
    EXPECT_EQ(lead.format_history().size(), 5U * 2'007U);
}

TEST(LeadHandoff, GoesThroughItsStates) {
    Lead lead = some_lead();
    lead.request_handoff("wants a discount", kStart);
    EXPECT_EQ(lead.handoff_status, HandoffStatus::kRequested);
    EXPECT_EQ(lead.handoff_requested_at, kStart);
    EXPECT_EQ(lead.handoff_reason, "wants a discount");
    lead.assign_handoff("Ana");
    EXPECT_EQ(lead.handoff_status, HandoffStatus::kAssigned);
    EXPECT_EQ(lead.handoff_assigned_to, "Ana");
    lead.resolve_handoff();
    EXPECT_EQ(lead.handoff_status, HandoffStatus::kResolved);
}

TEST(LeadHandoff, IsRequestedOnceAtATime) {
    Lead lead = some_lead();
    lead.request_handoff("a", kStart);
    EXPECT_THROW(lead.request_handoff("b", kStart), InvalidArgument);
    EXPECT_EQ(lead.handoff_reason, "a");
    lead.assign_handoff("Ana");
    EXPECT_THROW(lead.request_handoff("b", kStart), InvalidArgument);
    lead.resolve_handoff();
    lead.request_handoff("b", kStart + seconds(5));
    EXPECT_EQ(lead.handoff_reason, "b");
    EXPECT_FALSE(lead.handoff_assigned_to) << "nobody has the new request yet";
}

TEST(LeadHandoff, AHumanMayStepInUnaskedAndPassItOn) {
    Lead lead = some_lead();
    lead.assign_handoff("Ana");
    lead.assign_handoff("Luis");
    EXPECT_EQ(lead.handoff_assigned_to, "Luis");
    EXPECT_THROW(lead.assign_handoff(""), InvalidArgument);
    EXPECT_EQ(lead.handoff_assigned_to, "Luis");
}

TEST(LeadHandoff, OnlyWhatWasAskedForIsResolved) {
    Lead lead = some_lead();
    EXPECT_THROW(lead.resolve_handoff(), InvalidArgument);
    lead.request_handoff("a");
    lead.resolve_handoff();
    EXPECT_THROW(lead.resolve_handoff(), InvalidArgument);
}

TEST(LeadHandoff, StatesHaveTheirWireStrings) {
    EXPECT_EQ(enum_to_string(HandoffStatus::kNone), "none");
    EXPECT_EQ(enum_to_string(HandoffStatus::kRequested), "requested");
    EXPECT_EQ(enum_to_string(HandoffStatus::kAssigned), "assigned");
    EXPECT_EQ(enum_to_string(HandoffStatus::kResolved), "resolved");
}

}  // namespace
}  // namespace rapport
