#include "rapport/core/error.hpp"
#include "tests/repository/repository_test.hpp"

namespace rapport::testing {
namespace {

using std::chrono::hours;

class Erase : public RepositoryTest {
  protected:
    /// A turn of two messages on a lead; its text names the external_id.
    TurnResult commit(Lead lead, const std::string& external_id) {
        std::vector<Message> turn{said("text of " + external_id),
                                  said("answer", {}, MessageRole::kAssistant)};
        for (Message& message : turn) message.lead_id = lead.lead_id;
        turn.front().external_id = external_id;
        return await(leads.commit_turn({std::move(lead), std::move(turn)}));
    }
    Lead known(const std::string& external_id = "m1") {
        return commit(await(leads.get_or_create(kPhone)), external_id).lead;
    }
    std::int64_t stored_messages() { return await(messages.count()); }
    std::int64_t marks() {
        const AggregateDocuments count{&erasure_collection(), FilterNode(AllOf{})};
        return await(engine.store().aggregate(count)).front().count;
    }
    /// As a crash right after the first step leaves it.
    void mark(const Lead& lead, Timestamp at = now()) {
        await(engine.store().insert({&erasure_collection(), {to_document(Erasure{lead.id, at})}}));
    }
    /// As an earlier system wrote the number.
    void respell(const Lead& lead) {
        const std::string old = "+5215512345678";
        Update<Lead> of_lead;
        of_lead.set(where(&Lead::lead_id), old);
        await(leads.update_many(where(&Lead::id) == lead.id, of_lead));
        Update<Message> of_message;
        of_message.set(where(&Message::lead_id), old);
        await(messages.update_many(where(&Message::lead_ref) == lead.id, of_message));
    }
    static Lead stored_now(Lead lead) {
        lead.id = ObjectId::generate();
        lead.version = 1;
        lead.created_at = lead.updated_at = lead.last_interaction_at = now();
        return lead;
    }
    /// A document whose `_id`, and its lead's, are texts.
    void store_foreign(const Collection& collection, std::string_view id, std::string_view phone,
                       std::string_view lead = {}) {
        BsonWriter out;
        out.add("_id", id);
        out.add("lead_id", phone);
        if (!lead.empty()) out.add("lead_ref", lead);
        engine.insert_foreign(collection, out.finish());
    }
    /// What another process stores of a lead that it loaded before.
    void store_late(const Message& message) {
        EXPECT_TRUE(await(engine.store().insert(insert_messages({message}))).empty());
    }
};

ON_EVERY_ENGINE(LeadRepository, Erase);

TEST_P(Erase, RemovesTheLeadAndAllThatWasSaidAndNothingElse) {
    known();
    await(messages.save_messages({said("that no lead has counted")}));
    const std::string other = numbered_phone(1);
    commit(await(leads.get_or_create(other)), "m1");
    EXPECT_EQ(await(leads.erase(kPhone)).leads, 1);
    EXPECT_FALSE(await(leads.get_by_phone(kPhone)));
    EXPECT_EQ(await(messages.count_messages_for_lead(kPhone)), 0);
    EXPECT_TRUE(await(leads.get_by_phone(other)));
    EXPECT_EQ(await(messages.count_messages_for_lead(other)), 2);
    EXPECT_EQ(await(leads.erase(kPhone)).leads, 0);
}

TEST_P(Erase, TakesAnySpellingOfTheNumberAndLeadsOfEarlierSystems) {
    await(leads.create(new_lead()));
    Update<Lead> legacy;
    legacy.set(where(&Lead::lead_id), "+5215512345678");
    await(leads.update_many({}, legacy));
    Message old = said("old");
    old.lead_id = "+5215512345678";
    old.id = ObjectId::generate();
    store_late(old);
    EXPECT_EQ(await(leads.erase("55 1234 5678")).leads, 1);
    EXPECT_EQ(await(leads.count()), 0);
    EXPECT_EQ(stored_messages(), 0);
}

/// Until they are merged, a lead as an earlier system spelled it stays beside the one of today.
TEST_P(Erase, TakesTheLeadsOfAllSpellings) {
    respell(known("m1"));
    const Lead today = new_lead();
    engine.insert_foreign(lead_collection(), to_document(stored_now(today)));
    commit(await(leads.get_by_phone(kPhone)).value(), "m2");
    const Erased erased = await(leads.erase(kPhone));
    EXPECT_EQ(erased.leads, 2);
    EXPECT_EQ(erased.messages, 4);
    EXPECT_EQ(marks(), 2);
    EXPECT_FALSE(await(leads.get_by_phone(kPhone)));
    EXPECT_EQ(await(leads.count()), 0);
    EXPECT_EQ(stored_messages(), 0);
}

TEST_P(Erase, DoneAgainFinishesWhatWasCutShortUnderAnOldSpelling) {
    const Lead lead = known();
    respell(lead);
    mark(lead);
    await(leads.delete_by_id(lead.id.to_string()));
    EXPECT_EQ(await(leads.erase(kPhone)).messages, 2);
    EXPECT_EQ(stored_messages(), 0);
}

TEST_P(Erase, TakesWhatAnotherSystemGaveAnIdOfItsOwn) {
    store_foreign(lead_collection(), "abc", kPhone);
    store_foreign(message_collection(), "wamid.abc", kPhone, "abc");
    store_foreign(message_collection(), "wamid.abd", "+5215512345678");
    store_foreign(message_collection(), "wamid.of another", numbered_phone(1), "abd");
    const Erased erased = await(leads.erase(kPhone));
    EXPECT_EQ(erased.leads, 1);
    EXPECT_EQ(erased.messages, 2);
    EXPECT_EQ(marks(), 0) << "nobody can have loaded it";
    EXPECT_EQ(await(leads.count()), 0);
    EXPECT_EQ(stored_messages(), 1);
}

TEST_P(Erase, TakesTheMessagesOfALeadOfAnotherSystemThatIsGone) {
    store_foreign(message_collection(), "wamid.abc", kPhone, "abc");
    EXPECT_EQ(await(leads.erase(kPhone)).messages, 1);
    EXPECT_EQ(stored_messages(), 0);
}

TEST_P(Erase, KeepsNothingOfThePersonInItsMark) {
    const Lead lead = known();
    await(leads.erase(kPhone));
    EXPECT_EQ(marks(), 1);
    const Document mark = engine.stored(erasure_collection(), lead.id);
    std::vector<std::string> members;
    for (BsonReader in(mark); !in.at_end();) members.emplace_back(in.next().name());
    EXPECT_EQ(members, (std::vector<std::string>{"_id", "erased_at"}));
}

TEST_P(Erase, ANewContactIsNewAndItsFirstMessageMayBeOneThatWasErased) {
    const Lead before = known("m1");
    await(leads.erase(kPhone));
    const TurnResult after = commit(await(leads.get_or_create(kPhone)), "m1");
    EXPECT_FALSE(after.replayed);
    EXPECT_NE(after.lead.id, before.id);
    EXPECT_EQ(after.lead.message_count, 2);
    EXPECT_EQ(after.lead.recent_history.size(), 2);
    EXPECT_EQ(stored_messages(), 2);
}

TEST_P(Erase, ATurnOnACopyOfTheLeadIsAConflict) {
    const Lead copy = known();
    await(leads.erase(kPhone));
    EXPECT_THROW(commit(copy, "m2"), VersionConflict);
    EXPECT_THROW(await(leads.save(copy)), VersionConflict);
    EXPECT_EQ(stored_messages(), 0);
}

/// The copy's own turn is one that it does not know to be stored: what is settled is the last one.
TEST_P(Erase, ACopyFromBeforeTheLastTurnBringsNoTextBack) {
    const Lead copy = known("m1");
    commit(copy, "m2");
    await(leads.erase(kPhone));
    EXPECT_THROW(commit(copy, "m3"), VersionConflict);
    EXPECT_EQ(await(leads.settle(copy)), 0);
    EXPECT_EQ(stored_messages(), 0);
}

TEST_P(Erase, MessagesThatACopyOfTheLeadCountedAreRefused) {
    Lead copy = known();
    const Message late = copy.add_message(said("late"));
    await(leads.erase(kPhone));
    EXPECT_THROW(await(messages.save_messages({late})), VersionConflict);
    EXPECT_EQ(stored_messages(), 0);
}

TEST_P(Erase, WhatAnotherProcessStoredMeanwhileIsRemovedLater) {
    Lead copy = known("m1");
    Message late = copy.add_message(said("late"));
    late.external_id = "m2";
    await(leads.erase(kPhone));
    store_late(late);
    // It takes nobody's place, not even the one of its own text.
    const TurnResult again = commit(await(leads.get_or_create(kPhone)), "m2");
    EXPECT_FALSE(again.replayed);
    EXPECT_EQ(await(leads.finish_erasures()), stored_messages() == 2 ? 0 : 1);
    EXPECT_EQ(stored_messages(), 2);
    EXPECT_EQ(await(leads.finish_erasures()), 0);
}

TEST_P(Erase, FinishingDoesWhatACrashAfterTheMarkLeft) {
    mark(known(), now() - 2 * kErasureKept);
    await(messages.save_messages({said("that no lead has counted")}));
    EXPECT_EQ(await(leads.finish_erasures()), 4);
    EXPECT_EQ(await(leads.count()), 0);
    EXPECT_EQ(stored_messages(), 0);
    EXPECT_EQ(marks(), 1) << "its time counts from now";
    EXPECT_EQ(await(leads.finish_erasures()), 0);
    EXPECT_EQ(marks(), 1);
}

TEST_P(Erase, FinishingDoesWhatACrashAfterTheLeadWasRemovedLeft) {
    const Lead lead = known();
    mark(lead);
    await(leads.delete_by_id(lead.id.to_string()));
    EXPECT_EQ(await(leads.finish_erasures()), 2);
    EXPECT_EQ(stored_messages(), 0);
}

TEST_P(Erase, DoneAgainFinishesWhatWasCutShort) {
    const Lead lead = known();
    mark(lead);
    await(leads.delete_by_id(lead.id.to_string()));
    EXPECT_EQ(await(leads.erase(kPhone)).leads, 0);
    EXPECT_EQ(stored_messages(), 0);
}

TEST_P(Erase, AMarkIsForgottenWhenNothingCanBeUnderWayAnyMore) {
    const Lead lead = known();
    await(leads.erase(kPhone));
    await(leads.finish_erasures(now() - hours(1)));
    EXPECT_EQ(marks(), 1);
    await(leads.finish_erasures(now() + hours(1)));
    EXPECT_EQ(marks(), 0);
}

}  // namespace
}  // namespace rapport::testing
