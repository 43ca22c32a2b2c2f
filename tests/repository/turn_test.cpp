#include <gmock/gmock-matchers.h>

#include <algorithm>
#include <set>

#include "tests/repository/turn_fixture.hpp"

namespace rapport::testing {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;

class Turns : public TurnTest {};

ON_EVERY_ENGINE(LeadRepository, Turns);

TEST_P(Turns, CountAndStoreTheirMessages) {
    await(leads.get_or_create(kPhone));
    const TurnResult first = commit({"hola", "buenas"}, "wamid.1");
    EXPECT_FALSE(first.replayed);
    EXPECT_EQ(first.lead, loaded());
    EXPECT_EQ(first.messages, stored());
    const TurnResult second = commit({"precio?"});
    EXPECT_EQ(second.lead.message_count, 3);
    EXPECT_EQ(second.lead.version, first.lead.version + 1);
    EXPECT_EQ(second.lead.last_interaction_at, kStart + milliseconds(2));
    EXPECT_EQ(contents(second.lead.recent_history),
              (std::vector<std::string>{"hola", "buenas", "precio?"}));
    std::vector<std::int64_t> seqs;
    for (const Message& message : stored()) seqs.push_back(message.seq.value());
    EXPECT_THAT(seqs, ElementsAre(1, 2, 3));
}

TEST_P(Turns, MakeTheLeadWhoseFirstTheyAre) {
    const TurnResult result = await(leads.commit_turn(turn_of(new_lead(), {"hola"})));
    EXPECT_EQ(result.lead, loaded());
    EXPECT_EQ(contents(stored()), (std::vector<std::string>{"hola"}));
    EXPECT_THROW(await(leads.commit_turn(turn_of(new_lead(), {"yo"}))), VersionConflict);
    EXPECT_EQ(stored().size(), 1U);
}

TEST_P(Turns, OnCopiesOfANewLeadAreOneTurnAndConflicts) {
    const Lead copy = new_lead();
    await(leads.commit_turn(turn_of(copy, {"one"}, "wamid.1")));
    EXPECT_THROW(await(leads.commit_turn(turn_of(copy, {"two"}))), VersionConflict);
    EXPECT_THROW(await(leads.commit_turn(turn_of(copy, {"one"}, "wamid.1"))), VersionConflict);
    EXPECT_EQ(contents(stored()), (std::vector<std::string>{"one"}));
    await(leads.erase(kPhone));
    // Who writes again is somebody new, whatever the copy.
    await(leads.commit_turn(turn_of(copy, {"again"})));
    await(leads.finish_erasures());
    EXPECT_EQ(contents(stored()), (std::vector<std::string>{"again"}));
}

TEST_P(Turns, TakeNoMessageThatNoLeadHasCountedForTheirs) {
    await(leads.get_or_create(kPhone));
    commit({"before"});
    Message outside = said("hola");
    outside.external_id = "wamid.9";
    await(messages.save_messages({outside}));
    const TurnResult result = commit({"hola", "an answer"}, "wamid.9");
    EXPECT_FALSE(result.replayed);
    EXPECT_EQ(loaded().message_count, 3);
    EXPECT_TRUE(commit({"hola", "an answer"}, "wamid.9").replayed);
    EXPECT_EQ(loaded().message_count, 3);
}

TEST_P(Turns, OfTheFirstAndTheLastDateAreReplayedLikeOthers) {
    await(leads.get_or_create(kPhone));
    for (const std::string date : {"0001-01-01", "9999-12-31T23:59:59.999Z"}) {
        Turn turn = turn_of(loaded(), {date}, date);
        turn.messages.front().timestamp = parse_iso8601(date).value();
        await(leads.commit_turn(turn));
        turn.lead = loaded();
        EXPECT_TRUE(await(leads.commit_turn(turn)).replayed) << date;
    }
}

TEST_P(Turns, HaveAnExternalIdOfSomeBytesOrNone) {
    await(leads.get_or_create(kPhone));
    for (const std::string& id :
         {std::string(), std::string(kMaxExternalIdBytes + 1, 'x'), std::string("\xff")}) {
        EXPECT_THROW(commit({"hola"}, id), InvalidArgument);
    }
    EXPECT_EQ(loaded().message_count, 0);
}

TEST_P(Turns, ChangeWhatTheCallerChangedAboutTheLead) {
    await(leads.get_or_create(kPhone, "Ana"));
    Turn turn = turn_of(loaded(), {"somos 20"});
    turn.lead.current_stage = SalesStage::kQualified;
    turn.lead.next_followup_at = kStart + seconds(60);
    turn.lead.full_name.reset();
    Signal need;
    need.dimension = SignalDimension::kNeed;
    need.extracted_value = "20 seats";
    need.source_message_id = "m1";
    turn.signals.push_back(need);
    const Lead after = await(leads.commit_turn(turn)).lead;
    EXPECT_EQ(after, loaded());
    EXPECT_EQ(after.current_stage, SalesStage::kQualified);
    EXPECT_EQ(after.next_followup_at, kStart + seconds(60));
    EXPECT_FALSE(after.full_name);
    ASSERT_EQ(after.signals.size(), 1U);
    EXPECT_EQ(after.signals.front().extracted_value, "20 seats");
}

TEST_P(Turns, DoNotWriteWhatTheirCallerLeftAsItWas) {
    await(leads.get_or_create(kPhone, "Ana"));
    Turn turn = turn_of(loaded(), {"somos 20"});
    turn.lead.current_stage = SalesStage::kQualified;
    // Another system's program, which counts no versions.
    Update<Lead> foreign;
    foreign.set(where(&Lead::full_name), "Ana María");
    const Filter<Lead> same = where(&Lead::lead_id) == turn.lead.lead_id;
    await(engine.store().update({&lead_collection(), same.node(), foreign.changes()}));
    await(leads.commit_turn(turn));
    EXPECT_EQ(loaded().full_name, "Ana María");
    EXPECT_EQ(loaded().current_stage, SalesStage::kQualified);
}

TEST_P(Turns, OfACopyThatWasNotLoadedHereWriteAllOfIt) {
    const Lead elsewhere = await(another_process().get_or_create(kPhone, "Ana"));
    Turn turn = turn_of(elsewhere, {"somos 20"});
    turn.lead.full_name = "Ana María";
    EXPECT_EQ(await(leads.commit_turn(turn)).lead, loaded());
    EXPECT_EQ(loaded().full_name, "Ana María");
}

/// They would be in what the turn returns, and nowhere else.
TEST_P(Turns, OfALeadWithMessagesOrSignalsOfItsOwnAreRefused) {
    await(leads.get_or_create(kPhone));
    Lead counted = commit({"one"}).lead;
    counted.add_message(said("by hand"));
    EXPECT_THROW(await(leads.commit_turn(turn_of(counted, {"two"}))), InvalidArgument);
    Lead learnt = loaded();
    learnt.add_signal({.extracted_value = "40"});
    EXPECT_THROW(await(leads.commit_turn(turn_of(learnt, {"two"}))), InvalidArgument);
    EXPECT_EQ(contents(stored()), std::vector<std::string>{"one"});
    learnt = await(leads.save(std::move(learnt)));
    EXPECT_EQ(await(leads.commit_turn(turn_of(learnt, {"two"}))).lead.signals.size(), 1U);
}

TEST_P(Turns, OfAStaleCopyStoreNothing) {
    await(leads.get_or_create(kPhone));
    const Lead stale = loaded();
    commit({"one"});
    EXPECT_THROW(await(leads.commit_turn(turn_of(stale, {"two"}))), VersionConflict);
    EXPECT_EQ(contents(stored()), (std::vector<std::string>{"one"}));
    EXPECT_EQ(loaded().message_count, 1);
}

TEST_P(Turns, OfSomeoneErasedStoreNothing) {
    const Lead erased = await(leads.get_or_create(kPhone));
    await(leads.delete_by_id(erased.id.to_string()));
    EXPECT_THROW(await(leads.commit_turn(turn_of(erased, {"back"}))), VersionConflict);
    EXPECT_FALSE(await(leads.get_by_phone(kPhone)));
    EXPECT_TRUE(stored().empty());
}

TEST_P(Turns, DeliveredAgainReturnWhatWasStoredAndWriteNothing) {
    await(leads.get_or_create(kPhone));
    const TurnResult first = commit({"hola", "buenas"}, "wamid.1");
    commit({"otra"}, "wamid.2");
    const Lead before = loaded();
    const TurnResult again = commit({"hola", "a new answer"}, "wamid.1");
    EXPECT_TRUE(again.replayed);
    EXPECT_EQ(again.messages, first.messages);
    EXPECT_EQ(loaded(), before);
    EXPECT_EQ(stored().size(), 3U);
}

TEST_P(Turns, WithAnotherTextUnderTheSameIdAreRefused) {
    await(leads.get_or_create(kPhone));
    commit({"hola"}, "wamid.1");
    const std::string refusal =
        error_of<InvalidArgument>([&] { commit({"something else"}, "wamid.1"); });
    EXPECT_NE(refusal.find("external_id"), std::string::npos);
    EXPECT_EQ(refusal.find("something else"), std::string::npos) << "no text in errors";
    EXPECT_EQ(stored().size(), 1U);
}

/// Erasing may be cut short: what is left of the erased must not keep the same person out.
TEST_P(Turns, TakeTheExternalIdOverFromSomeoneErased) {
    await(leads.get_or_create(kPhone));
    const Lead erased = commit({"hola"}, "wamid.1").lead;
    await(leads.delete_by_id(erased.id.to_string()));
    const TurnResult anew = await(leads.commit_turn(turn_of(new_lead(), {"hola"}, "wamid.1")));
    EXPECT_FALSE(anew.replayed);
    EXPECT_EQ(stored(), anew.messages);
}

TEST_P(Turns, MissNoMessageWhoseExternalIdWasTakenMeanwhile) {
    await(leads.get_or_create(kPhone));
    Message outside = said("hola");
    outside.external_id = "wamid.1";
    await(messages.save_messages({outside}));
    // A new lead's first turn looks nothing up.
    commit({"hola"}, "wamid.1");
    EXPECT_EQ(stored().size(), 2U);
    EXPECT_EQ(loaded().message_count, 1);
}

TEST_P(Turns, HaveOneToTwentyMessages) {
    await(leads.get_or_create(kPhone));
    EXPECT_THROW(await(leads.commit_turn(Turn{loaded(), {}})), InvalidArgument);
    EXPECT_THROW(commit(std::vector<std::string>(21, "x")), InvalidArgument);
    Turn two_ids = turn_of(loaded(), {"a", "b"}, "wamid.1");
    two_ids.messages.back().external_id = "wamid.2";
    EXPECT_THROW(await(leads.commit_turn(two_ids)), InvalidArgument);
    EXPECT_EQ(loaded().message_count, 0);
    EXPECT_EQ(commit(std::vector<std::string>(20, "x")).lead.message_count, 20);
    EXPECT_EQ(commit({"y"}).lead.recent_history.size(), 20U);
    EXPECT_EQ(loaded().recent_history.back().content, "y");
    EXPECT_EQ(stored().size(), 21U);
}

TEST_P(Turns, OfSixtyFourWritersAreAllThereOnceAndInOrder) {
    await(leads.get_or_create(kPhone));
    const auto write = [this](int i) -> Async<std::int64_t> {
        while (true) {
            auto lead = co_await leads.get_by_phone(kPhone);
            try {
                const TurnResult result = co_await leads.commit_turn(
                    turn_of(std::move(lead.value()), {std::to_string(i), "answer"},
                            "wamid." + std::to_string(i)));
                co_return result.messages.front().seq.value();
            } catch (const VersionConflict&) {
                continue;  // load it again
            }
        }
    };
    std::vector<Async<std::int64_t>> calls;
    for (int i = 0; i < 64; ++i) calls.push_back(write(i));
    std::set<std::int64_t> firsts;
    for (auto& outcome : run_together(std::move(calls))) firsts.insert(outcome.get());
    EXPECT_EQ(firsts.size(), 64U);
    const Lead after = loaded();
    EXPECT_EQ(after.message_count, 128);
    auto all = stored();
    std::ranges::sort(all, {}, &Message::seq);
    ASSERT_EQ(all.size(), 128U);
    for (std::size_t i = 0; i < all.size(); ++i) {
        EXPECT_EQ(all[i].seq, static_cast<std::int64_t>(i) + 1);
    }
    for (std::size_t i = 0; i < 20; ++i) {
        EXPECT_EQ(after.recent_history[i].id, all[108 + i].id) << i;
    }
}

/// A crash after the commit and before the messages: the lead holds them alone.
TEST_P(Turns, ThatACrashCutShortAreSettledByTheNextLoad) {
    await(leads.get_or_create(kPhone));
    const std::int64_t settled = commit({"one"}).lead.message_count;
    const TurnResult last = commit({"two", "three"}, "wamid.2");
    forget(last.messages);
    leave_unsettled(settled);

    EXPECT_TRUE(await(another_process().get_by_phone(kPhone)));
    auto restored = stored();
    ASSERT_EQ(restored.size(), 3U);
    restored.erase(restored.begin());
    EXPECT_EQ(restored, last.messages);
    // And is found when it is delivered again.
    EXPECT_TRUE(commit({"two"}, "wamid.2").replayed);
    EXPECT_EQ(await(another_process().settle(loaded())), 0);
}

TEST_P(Turns, ThatAreSettledKeepTheirAttachments) {
    await(leads.get_or_create(kPhone));
    Turn turn = turn_of(loaded(), {"look", "nice"}, "wamid.1");
    turn.messages[1].attachment = Attachment{"image", "house.jpg"};
    const TurnResult result = await(leads.commit_turn(turn));
    forget(result.messages);
    leave_unsettled();
    EXPECT_EQ(await(another_process().settle(loaded())), 2);
    EXPECT_EQ(stored(), result.messages);
}

/// The calls of those who count and store messages by themselves keep the same promise.
TEST_P(Turns, SavedInTwoCallsAreSettledWhenTheSecondNeverComes) {
    await(leads.get_or_create(kPhone));
    Lead lead = commit({"one"}).lead;
    std::vector<Message> counted;
    for (const char* const id : {"wamid.2", "wamid.3"}) {
        Message message = said("again", milliseconds(next_++));
        message.external_id = id;
        message.attachment = Attachment{"audio", "a.ogg"};
        counted.push_back(lead.add_message(std::move(message)));
        counted.push_back(lead.add_message(said("answer", milliseconds(next_++))));
    }
    EXPECT_EQ(await(leads.save(lead)), loaded());
    auto all = stored();
    all.erase(all.begin());
    EXPECT_EQ(all, counted);
    EXPECT_EQ(await(messages.save_messages(counted)), counted);
    EXPECT_EQ(stored().size(), 5U);
}

TEST_P(Turns, SavedInTwoCallsAreTwentyAtATime) {
    Lead lead = await(leads.get_or_create(kPhone));
    std::vector<Message> counted;
    for (int i = 0; i < 21; ++i) counted.push_back(lead.add_message(said(std::to_string(i))));
    const std::string refusal = error_of<InvalidArgument>([&] { await(leads.save(lead)); });
    EXPECT_NE(refusal.find("20 at a time"), std::string::npos);
    EXPECT_EQ(loaded().message_count, 0);
    await(messages.save_messages({counted.front()}));
    EXPECT_EQ(await(leads.save(lead)).message_count, 21);
    EXPECT_EQ(loaded().message_count, 21) << "twenty of them are settled";
    EXPECT_EQ(stored().size(), 21U);
}

/// An erased person's message may still hold the external_id of one that is to be settled.
TEST_P(Turns, AreSettledInPlaceOfSomeoneErased) {
    await(leads.get_or_create(kPhone));
    const TurnResult of_erased = commit({"hola"}, "wamid.1");
    await(leads.delete_by_id(of_erased.lead.id.to_string()));
    forget(of_erased.messages);
    const TurnResult anew = await(leads.commit_turn(turn_of(new_lead(), {"hola"}, "wamid.1")));
    forget(anew.messages);
    await(messages.save_messages(of_erased.messages));
    leave_unsettled();
    EXPECT_TRUE(await(another_process().get_by_phone(kPhone)));
    EXPECT_EQ(stored(), anew.messages);
}

/// What another process has done since the lead was loaded is part of the answer.
TEST_P(Turns, DeliveredAgainShowTheLeadAsItIsStoredNow) {
    await(leads.get_or_create(kPhone));
    commit({"first"});
    Turn late = turn_of(loaded(), {"hola", "buenas"}, "wamid.1");
    const TurnResult stored_elsewhere = await(another_process().commit_turn(late));
    late.lead.current_stage = SalesStage::kClosedLost;
    const TurnResult again = await(leads.commit_turn(late));
    EXPECT_TRUE(again.replayed);
    EXPECT_EQ(again.lead, loaded());
    EXPECT_EQ(again.messages, stored_elsewhere.messages);
}

/// Clocks are wrong, and messages come late.
TEST_P(Turns, DeliveredAgainHaveTheirAnswerWhateverTheClocksSay) {
    await(leads.get_or_create(kPhone));
    Turn turn = turn_of(loaded(), {"hola", "buenas"}, "wamid.1");
    turn.messages[0].timestamp = kStart + std::chrono::hours(72);
    turn.messages[1].timestamp = kStart;
    const TurnResult first = await(leads.commit_turn(turn));
    for (int i = 0; i < 40; ++i) commit({"x"});
    turn.lead = loaded();
    EXPECT_EQ(await(leads.commit_turn(turn)).messages, first.messages);
}

TEST_P(Turns, OfAnEarlierSystemsLeadGiveItAVersionFirst) {
    engine.insert_foreign(lead_collection(), foreign(R"({
        "_id": "65f000000000000000000001", "lead_id": "+525512345678",
        "current_stage": "1 - discovery", "message_count": 7, "recent_history": [],
        "signals": [], "handoff_status": "none", "last_interaction_at": "2023-01-01T00:00:00Z",
        "created_at": "2023-01-01T00:00:00Z", "updated_at": "2023-01-01T00:00:00Z"})"));
    const TurnResult result = commit({"hola"});
    EXPECT_EQ(result.messages.front().seq, 8);
    EXPECT_EQ(result.lead, loaded());
    EXPECT_EQ(loaded().version, 2);
    EXPECT_EQ(stored().size(), 1U) << "what the earlier system counted is not made up";
}

}  // namespace
}  // namespace rapport::testing
