// What a crash, retention and a rebuilt window leave, and what is made of it.
#include <gmock/gmock-matchers.h>

#include "tests/repository/turn_fixture.hpp"

namespace rapport::testing {
namespace {

using std::chrono::days;
using ::testing::ElementsAre;

class Settling : public TurnTest {
  protected:
    Settling() { await(leads.get_or_create(kPhone)); }

    /// Turns of messages from `start` on, a millisecond apart.
    void commit_from(std::int64_t start, int turns, int messages_each) {
        next_ = start;
        for (int turn = 0; turn < turns; ++turn) {
            std::vector<std::string> texts;
            for (int i = 0; i < messages_each; ++i) texts.push_back(std::to_string(next_ + i));
            commit(texts);
        }
    }
};
ON_EVERY_ENGINE(LeadRepository, Settling);

/// Messages stay for a year unless the settings say otherwise.
TEST_P(Settling, DoesNotBringBackWhatRetentionWouldHaveRemoved) {
    Turn turn = turn_of(loaded(), {"long ago", "lately"});
    turn.messages[0].created_at = now() - days(366);
    turn.messages[1].created_at = now() - days(364);
    const TurnResult result = await(leads.commit_turn(turn));
    forget(result.messages);
    leave_unsettled();
    EXPECT_EQ(await(another_process().settle(loaded())), 1);
    EXPECT_EQ(stored(), std::vector<Message>{result.messages[1]});
    EXPECT_EQ(await(another_process().settle(loaded())), 0);
    EXPECT_EQ(commit({"today"}).lead.message_count, 3);
    EXPECT_GE(loaded().settled_count, 2);
    EXPECT_EQ(contents(stored()), (std::vector<std::string>{"lately", "today"}));
}

/// The ring remembers a turn longer than retention its message.
TEST_P(Settling, LeavesTheTextOfAnExpiredMessageInTheWindowToCompare) {
    const TurnResult first = commit({"hola", "buenas"}, "wamid.1");
    commit({"otra"}, "wamid.2");
    forget(first.messages);
    EXPECT_TRUE(commit({"hola"}, "wamid.1").replayed);
    const std::string refusal =
        error_of<InvalidArgument>([&] { commit({"something else"}, "wamid.1"); });
    EXPECT_EQ(refusal.find("something else"), std::string::npos) << "no text in errors";
    commit_from(next_, 2, 10);
    EXPECT_TRUE(commit({"not known any more"}, "wamid.1").replayed);
    EXPECT_EQ(loaded().message_count, 23);
}

TEST_P(Settling, TakesTwentyNewMessagesAlsoWhereOlderOnesHaveExpired) {
    await(leads.get_or_create(kPhone));
    forget(commit(std::vector<std::string>(20, "expired")).messages);
    Lead lead = loaded();
    std::vector<Message> added;
    for (int i = 0; i < 20; ++i) added.push_back(lead.add_message(said(std::to_string(i))));
    await(leads.save(std::move(lead)));
    await(messages.save_messages(std::move(added)));
    EXPECT_EQ(loaded().message_count, 40);
}

/// Its caller did not come to storing the first, and saved on.
TEST_P(Settling, HappensBeforeSavesPushAMessageOutOfTheWindow) {
    Lead lead = await(leads.get_or_create(kPhone));
    lead.add_message(said("never sent"));
    lead = await(leads.save(std::move(lead)));
    for (int i = 0; i < 20; ++i) {
        const Message added = lead.add_message(said(std::to_string(i)));
        lead = await(leads.save(std::move(lead)));
        await(messages.save_messages({added}));
    }
    EXPECT_EQ(stored().size(), 21U);
    EXPECT_EQ(contents(stored()).front(), "never sent");
    EXPECT_EQ(await(another_process().get_by_phone(kPhone))->message_count, 21);
}

TEST_P(Settling, TakesAWindowThatWasReadFromTheMessages) {
    await(leads.get_or_create(kPhone));
    forget(commit(std::vector<std::string>(20, "expired")).messages);
    commit(std::vector<std::string>(20, "old"));
    Lead lead = loaded();
    lead.recent_history = await(messages.get_recent_messages(kPhone, 20));
    const Message added = lead.add_message(said("new", std::chrono::hours(1)));
    const Lead saved = await(leads.save(std::move(lead)));
    EXPECT_EQ(saved.recent_turns.back().k, 1) << "one is new";
    await(another_process().settle(saved));
    EXPECT_EQ(stored().back().id, added.id);
    EXPECT_EQ(stored().size(), 21U);
}

TEST_P(Settling, OfARebuiltWindowMistakesNoEntryForAnExpiredMessage) {
    commit_from(1000, 1, 3);
    next_ = 0;
    const TurnResult early = commit({"hola"}, "wamid.1");
    ASSERT_TRUE(await(leads.rebuild_history(kPhone)));
    EXPECT_EQ(loaded().recent_history.front().content, "hola");
    forget(early.messages);
    EXPECT_TRUE(commit({"hola"}, "wamid.1").replayed);
}

TEST_P(Settling, StoresWhatFollowsARebuiltWindow) {
    commit_from(1000, 2, 12);
    commit_from(0, 1, 5);
    const Lead before = loaded();
    EXPECT_EQ(before.recent_history.back().content, "4");
    ASSERT_TRUE(await(leads.rebuild_history(kPhone)));
    const Lead rebuilt = loaded();
    EXPECT_EQ(rebuilt.recent_history.front().content, "1004");
    EXPECT_EQ(rebuilt.recent_history.back().content, "1023");
    EXPECT_EQ(rebuilt.version, before.version + 1);
    EXPECT_EQ(rebuilt.settled_count, 29);
    EXPECT_EQ(await(another_process().settle(loaded())), 0);
    EXPECT_FALSE(await(leads.rebuild_history(kPhone))) << "it is what it should be";
    EXPECT_EQ(loaded(), rebuilt);

    next_ = 2000;
    const TurnResult next = commit({"one", "two"}, "wamid.1");
    forget(next.messages);
    leave_unsettled(29);
    EXPECT_EQ(await(another_process().settle(loaded())), 2);
    auto all = stored();
    EXPECT_EQ(std::vector<Message>(all.end() - 2, all.end()), next.messages);
}

TEST_P(Settling, KeepsInARebuiltWindowWhatRetentionHasRemoved) {
    next_ = 1000;
    const TurnResult expired = commit({"late", "later"});
    next_ = 0;
    commit({"early"});
    forget(expired.messages);
    ASSERT_TRUE(await(leads.rebuild_history(kPhone)));
    EXPECT_THAT(contents(loaded().recent_history), ElementsAre("early", "late", "later"));
}

class SettlingWithoutRetention : public ::testing::TestWithParam<std::string> {
  protected:
    SettlingWithoutRetention() { await(manager_.connect()); }

    static Settings keeping(Settings settings) {
        settings.enable_message_archival = false;
        return settings;
    }

    OwnDatabase database_{GetParam()};
    DatabaseManager manager_{keeping(database_.settings()), database_.url()};
};
ON_EVERY_ENGINE(LeadRepository, SettlingWithoutRetention);

TEST_P(SettlingWithoutRetention, BringsEverythingBack) {
    LeadRepository leads(manager_.database());
    MessageRepository messages(manager_.database());
    Turn turn{new_lead(), {said("long ago")}};
    turn.messages.front().created_at = now() - days(10'000);
    const TurnResult result = await(leads.commit_turn(turn));
    await(messages.delete_by_id(result.messages.front().id.to_string()));
    Lead as_left = result.lead;
    as_left.settled_count = 0;
    EXPECT_EQ(await(LeadRepository(manager_.database()).settle(as_left)), 1);
    EXPECT_EQ(await(messages.get_recent_messages(kPhone)), result.messages);
}

class CallersIds : public TurnTest {
  protected:
    Turn turn_with_id(Lead lead) {
        Turn turn = turn_of(std::move(lead), {"hola"});
        turn.messages.front().id = *ObjectId::parse("65f000000000000000000001");
        return turn;
    }
};
ON_EVERY_ENGINE(LeadRepository, CallersIds);

TEST_P(CallersIds, AreKept) {
    const TurnResult result = await(leads.commit_turn(turn_with_id(new_lead())));
    EXPECT_EQ(result.messages.front().id.to_string(), "65f000000000000000000001");
    EXPECT_EQ(stored(), result.messages);
    EXPECT_EQ(loaded(), result.lead);
}

TEST_P(CallersIds, AreTakenOverFromSomeoneErased) {
    const Lead erased = await(leads.commit_turn(turn_with_id(new_lead()))).lead;
    await(leads.delete_by_id(erased.id.to_string()));
    const TurnResult anew = await(leads.commit_turn(turn_with_id(new_lead())));
    EXPECT_EQ(stored(), anew.messages);
    EXPECT_EQ(stored().front().lead_ref, loaded().id);
}

TEST_P(CallersIds, AreSettledInPlaceOfSomeoneErased) {
    const TurnResult of_erased = await(leads.commit_turn(turn_with_id(new_lead())));
    await(leads.delete_by_id(of_erased.lead.id.to_string()));
    const TurnResult anew = await(leads.commit_turn(turn_with_id(new_lead())));
    forget(anew.messages);
    await(engine.store().insert(insert_messages(of_erased.messages)));
    leave_unsettled();
    EXPECT_TRUE(await(another_process().get_by_phone(kPhone)));
    EXPECT_EQ(stored(), anew.messages);
}

/// Forgotten and imported again: what was settled once need not be so now.
TEST_P(CallersIds, ThatComeBackAreSettledAnew) {
    await(leads.commit_turn(turn_with_id(new_lead())));
    leave_unsettled();
    ASSERT_EQ(await(messages.delete_messages_for_lead(kPhone)), 1);
    LeadRepository other = another_process();
    const TurnResult anew = await(other.commit_turn(turn_with_id(loaded())));
    forget(anew.messages);
    leave_unsettled();
    EXPECT_TRUE(await(leads.get_by_phone(kPhone)));
    EXPECT_EQ(stored(), anew.messages);
}

}  // namespace
}  // namespace rapport::testing
