#include "tests/conversation/orchestrator_test.hpp"

#include <gmock/gmock-matchers.h>

#include "rapport/core/error.hpp"

namespace rapport::testing {
namespace {

using ::testing::ElementsAre;
using Lines = std::vector<std::string>;

class Orchestrated : public OrchestratorTest {};

ON_EVERY_ENGINE(ConversationOrchestrator, Orchestrated);

TEST_P(Orchestrated, ANewPersonIsAnsweredAndBothMessagesAreStored) {
    agents->classification.intent = Intent::kGreeting;
    agents->classification.new_signals = {{.extracted_value = "20 seats"}};
    agents->strategy.suggested_stage_transition = SalesStage::kDiscovery;
    agents->usage = {.prompt_tokens = 10, .completion_tokens = 1, .cost_usd = 0.5};
    const OrchestrationResult result = say("hola");
    EXPECT_EQ(result.outbound_message, "an answer");
    EXPECT_EQ(result.classification->intent, Intent::kGreeting);
    EXPECT_TRUE(result.strategy && result.execution);
    EXPECT_FALSE(result.replayed || result.handoff_triggered);
    EXPECT_EQ(result.usage, (Usage{30, 3, 1.5})) << "three agents were asked";
    EXPECT_EQ(result.lead_updated, loaded());
    EXPECT_EQ(loaded().current_stage, SalesStage::kDiscovery);
    EXPECT_EQ(loaded().signals.size(), 1U);
    EXPECT_EQ(loaded().next_followup_at, kStart + std::chrono::hours(24));
    EXPECT_THAT(conversation(), ElementsAre("lead: hola", "assistant: an answer"));
    EXPECT_EQ(await(messages.get_total_tokens_for_lead(kPhone)), 33);
}

TEST_P(Orchestrated, AConversationGoesOnWhereItWasAfterARestart) {
    agents->reply = "echo";
    agents->strategy.suggested_stage_transition = SalesStage::kQualified;
    agents->classification.new_signals = {{.extracted_value = "20 seats"}};
    for (int i = 0; i < 12; ++i) {
        clock += std::chrono::seconds(1);
        say("message " + std::to_string(i));
    }
    const Lead before = loaded();
    orchestrator = another();
    await(orchestrator->initialize());
    const Lead resumed = await(orchestrator->start_conversation(kPhone));
    EXPECT_EQ(resumed, before);
    EXPECT_EQ(resumed.recent_history.size(), 20U);
    EXPECT_EQ(resumed.recent_history.back().content, "re: message 11");
    EXPECT_EQ(resumed.current_stage, SalesStage::kQualified);

    const OrchestrationResult next = await(orchestrator->process_message("more", resumed));
    EXPECT_EQ(next.lead_updated.message_count, 26);
    EXPECT_EQ(agents->seen.lead.recent_history, resumed.recent_history);
    EXPECT_EQ(agents->seen.incoming.content, "more") << "and not in the history as well";
}

TEST_P(Orchestrated, StartingAConversationMakesTheLeadOnce) {
    const Lead lead = await(orchestrator->start_conversation("+52 1 55 1234 5678", "Carlos"));
    EXPECT_EQ(lead.lead_id, kPhone);
    EXPECT_EQ(await(orchestrator->start_conversation(kPhone, "Carla")), lead);
}

/// An earlier system's lead may hold less than its messages are.
TEST_P(Orchestrated, NumbersBelongWhereTheManagersSettingsSayUnlessTheOptionsDo) {
    const OwnDatabase database{GetParam()};
    Settings settings = database.settings();
    settings.default_region = "US";
    DatabaseManager manager(settings, database.url());
    const auto lead_id_in = [&](const std::string& region) {
        OrchestratorOptions options;
        options.default_region = region;
        ConversationOrchestrator process(manager, as_agents(agents), std::move(options));
        await(process.initialize());
        const Lead lead = await(process.start_conversation("212 555 0123"));
        await(process.shutdown());
        return lead.lead_id;
    };
    EXPECT_EQ(lead_id_in(""), "+12125550123");
    EXPECT_EQ(lead_id_in("MX"), "+522125550123");
}

TEST_P(Orchestrated, WorkingMemoryComesFromTheMessagesWhereTheLeadHoldsFewer) {
    agents->reply = "echo";
    for (const char* text : {"one", "two"}) say(text);
    Lead lead = loaded();
    lead.recent_history.clear();
    lead = await(leads.save(std::move(lead)));
    const Lead resumed = await(orchestrator->start_conversation(kPhone));
    EXPECT_EQ(contents(resumed.recent_history), (Lines{"one", "re: one", "two", "re: two"}));
    say("three");
    EXPECT_EQ(contents(agents->seen.lead.recent_history),
              (Lines{"one", "re: one", "two", "re: two"}));
}

TEST_P(Orchestrated, WorkingMemoryHoldsMessagesThatWereSavedWithoutBeingCounted) {
    Message own = said("a note", -std::chrono::minutes(1), MessageRole::kAssistant);
    own.external_id = "wamid.1";
    await(leads.get_or_create(kPhone));
    await(messages.save_messages({said("older", -std::chrono::minutes(2)), own}));
    const Lead resumed = await(orchestrator->start_conversation(kPhone));
    EXPECT_EQ(contents(resumed.recent_history), (Lines{"older", "a note"}));
    EXPECT_EQ(resumed.message_count, 0);
    say("new");
    EXPECT_EQ(contents(agents->seen.lead.recent_history), (Lines{"older", "a note"}));
    EXPECT_EQ(loaded().recent_history.size(), 2U);
    say("more");
    EXPECT_EQ(contents(agents->seen.lead.recent_history),
              (Lines{"older", "a note", "new", "an answer"}));
}

TEST_P(Orchestrated, WorkingMemoryHoldsNeitherTheNewMessageNorThoseOfSomebodyErased) {
    Message early = said("hola", -std::chrono::minutes(1));
    early.external_id = "wamid.1";
    Message foreign = said("a secret", -std::chrono::minutes(2));
    foreign.lead_ref = ObjectId::generate();
    await(messages.save_messages({early, foreign, said("older", -std::chrono::minutes(3))}));
    EXPECT_EQ(say("hola", {.external_id = "wamid.1"}).outbound_message, "an answer");
    EXPECT_EQ(contents(agents->seen.lead.recent_history), Lines{"older"});
}

TEST_P(Orchestrated, WorkingMemoryStaysWhereTheMessagesThemselvesAreGone) {
    say("hola");
    const Lead before = loaded();
    const Filter<Message> all = where(&Message::lead_id) == kPhone;
    await(engine.store().remove({&message_collection(), all.node()}, {}));
    EXPECT_EQ(await(orchestrator->start_conversation(kPhone)), before);
}

TEST_P(Orchestrated, AgentsSeeTheHistoryInTheOrderOfItsTime) {
    say("late", {.timestamp = kStart + std::chrono::hours(2)});
    say("early", {.timestamp = kStart - std::chrono::hours(2)});
    say("now");
    EXPECT_EQ(contents(agents->seen.lead.recent_history),
              (Lines{"early", "an answer", "late", "an answer"}));
}

TEST_P(Orchestrated, AMessageDeliveredAgainGetsTheAnswerItGotAndNoAgentIsAsked) {
    const OrchestrationResult first = say("precio?", {.external_id = "wamid.1"});
    say("and?");
    agents->reply = "another answer";
    orchestrator = another();
    await(orchestrator->initialize());
    const OrchestrationResult again = say("precio?", {.external_id = "wamid.1"});
    EXPECT_TRUE(again.replayed);
    EXPECT_EQ(again.outbound_message, first.outbound_message);
    EXPECT_EQ(again.lead_updated, loaded());
    EXPECT_FALSE(again.classification || again.strategy || again.execution);
    EXPECT_EQ(agents->asked, 2);
    EXPECT_EQ(loaded().message_count, 4);
    EXPECT_THROW(say("another text", {.external_id = "wamid.1"}), InvalidArgument);
}

TEST_P(Orchestrated, MessagesOfAPersonsConversationAreStoredAndNotAnswered) {
    say("hola");
    Lead lead = loaded();
    lead.request_handoff("asked for it");
    await(leads.save(std::move(lead)));
    const OrchestrationResult silent = say("anybody?", {.external_id = "wamid.2"});
    EXPECT_EQ(silent.outbound_message, std::nullopt);
    EXPECT_FALSE(silent.classification || silent.handoff_triggered);
    EXPECT_EQ(silent.lead_updated.next_followup_at, std::nullopt);
    EXPECT_EQ(agents->asked, 1);
    EXPECT_TRUE(say("anybody?", {.external_id = "wamid.2"}).replayed);
    EXPECT_THAT(conversation(),
                ElementsAre("lead: hola", "assistant: an answer", "lead: anybody?"));

    lead = loaded();
    lead.resolve_handoff();
    await(leads.save(std::move(lead)));
    EXPECT_EQ(say("thanks").outbound_message, "an answer");
}

TEST_P(Orchestrated, EscalationHandsOverTellsTheLeadAndNotifiesOnce) {
    agents->classification.language = Language::kEnglish;
    agents->strategy.action = Action::kEscalate;
    agents->strategy.strategic_reasoning = "wants a person";
    const OrchestrationResult result = say("a human, please", {.external_id = "wamid.1"});
    EXPECT_TRUE(result.handoff_triggered);
    EXPECT_FALSE(result.execution);
    EXPECT_EQ(result.outbound_message,
              load_language_texts({}, kHandoffFile).at(Language::kEnglish));
    EXPECT_EQ(loaded().handoff_status, HandoffStatus::kRequested);
    EXPECT_EQ(loaded().handoff_reason, "wants a person");
    say("a human, please", {.external_id = "wamid.1"});
    say("still there?");
    ASSERT_EQ(notices.size(), 1U);
    EXPECT_EQ(notices[0].lead_id, kPhone);
    EXPECT_EQ(notices[0].reason, "wants a person");
}

TEST_P(Orchestrated, WhatTheClassifierFlagsIsHandedOverAsWell) {
    agents->classification.requires_human_escalation = true;
    EXPECT_TRUE(say("I will sue you").handoff_triggered);
}

TEST_P(Orchestrated, AStandInsAnswerIsSentAndAPersonIsAskedFor) {
    agents->fallback = "no answer in time";
    const OrchestrationResult result = say("hola");
    EXPECT_EQ(result.outbound_message, "an answer");
    EXPECT_TRUE(result.execution && result.handoff_triggered);
    EXPECT_EQ(loaded().handoff_reason, "the agent could not answer: no answer in time");
}

TEST_P(Orchestrated, WhatTheCallerChangedAboutHisCopyIsStoredWithTheTurn) {
    Lead lead = await(orchestrator->start_conversation(kPhone));
    lead.full_name = "Carlos";
    await(orchestrator->process_message("hola", lead));
    EXPECT_EQ(loaded().full_name, "Carlos");
    EXPECT_EQ(loaded().message_count, 2);
}

TEST_P(Orchestrated, AnAttachmentWithoutTextIsAMessage) {
    say("", {.attachment = Attachment{"image", "photo.jpg"}});
    EXPECT_EQ(await(messages.get_recent_messages(kPhone)).front().attachment,
              (Attachment{"image", "photo.jpg"}));
}

TEST_P(Orchestrated, NoMessageIsTakenBeforeItStartsOrAfterItsEnd) {
    EXPECT_THROW(await(another()->process_message("hola", std::string(kPhone))), NotConnected);
    await(orchestrator->shutdown());
    EXPECT_THROW(say("hola"), NotConnected);
    EXPECT_FALSE(await(leads.get_by_phone(kPhone)));
}

TEST_P(Orchestrated, ABatchIsAnsweredInTheOrderOfEachLead) {
    agents->reply = "echo";
    std::vector<ConversationOrchestrator::Incoming> batch{{kPhone, "first"},
                                                          {"no number", "lost"},
                                                          {"+525511112222", "hello"},
                                                          {"55 1234 5678", "second"},
                                                          {kPhone, "third"}};
    const auto answers = await(orchestrator->process_batch(std::move(batch)));
    ASSERT_EQ(answers.size(), 5U);
    EXPECT_THROW(std::rethrow_exception(answers[1].error), InvalidArgument);
    EXPECT_EQ(answers[2].result.outbound_message, "re: hello");
    EXPECT_EQ(answers[4].result.outbound_message, "re: third");
    EXPECT_EQ(contents(loaded().recent_history),
              (Lines{"first", "re: first", "second", "re: second", "third", "re: third"}));
}

class ANoticeThatFails : public OrchestratorTest {
  protected:
    void hear(const HandoffNotice&) override { throw std::runtime_error("no mail today"); }
};
ON_EVERY_ENGINE(ConversationOrchestratorNotice, ANoticeThatFails);

TEST_P(ANoticeThatFails, DoesNotUndoTheTurn) {
    agents->strategy.action = Action::kEscalate;
    EXPECT_TRUE(say("a human, please").handoff_triggered);
    EXPECT_EQ(loaded().message_count, 2);
}

class ANoticeThatThrowsAnything : public OrchestratorTest {
  protected:
    void hear(const HandoffNotice&) override { throw 1; }
};
ON_EVERY_ENGINE(ConversationOrchestratorNotice, ANoticeThatThrowsAnything);

TEST_P(ANoticeThatThrowsAnything, DoesNotUndoTheTurn) {
    agents->strategy.action = Action::kEscalate;
    EXPECT_TRUE(say("a human, please").handoff_triggered);
}

TEST_P(Orchestrated, AMessageInTheSecondOfTheLastAnswerStandsBehindIt) {
    // Channels give whole seconds.
    clock = kStart + std::chrono::milliseconds(300);
    say("first", {.timestamp = kStart});
    clock = kStart + std::chrono::milliseconds(900);
    say("second", {.timestamp = kStart});
    EXPECT_THAT(conversation(), ElementsAre("lead: first", "assistant: an answer", "lead: second",
                                            "assistant: an answer"));
}

TEST_P(Orchestrated, TheLastDateThatThereIsLeavesNoRoomForAFollowup) {
    say("hola", {.timestamp = parse_iso8601("9999-12-31T12:00:00Z")});
    EXPECT_EQ(loaded().message_count, 2);
    EXPECT_EQ(loaded().next_followup_at, std::nullopt);
}

}  // namespace
}  // namespace rapport::testing
