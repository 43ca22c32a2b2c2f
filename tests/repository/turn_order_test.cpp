// Turns whose message may have come before, and turns of one lead that meet.
#include <gmock/gmock-matchers.h>

#include "rapport/core/error.hpp"
#include "rapport/repository/turn.hpp"
#include "tests/repository/repository_test.hpp"

namespace rapport::testing {
namespace {

using ::testing::HasSubstr;

class TurnOrder : public RepositoryTest {
  protected:
    TurnOrder() { await(leads.get_or_create(kPhone)); }

    Lead loaded() { return await(leads.get_by_phone(kPhone)).value(); }
    static Message delivered(const std::string& content, const std::string& external_id) {
        Message message = said(content);
        message.external_id = external_id;
        return message;
    }
    TurnResult commit(Message message) {
        return await(leads.commit_turn({loaded(), {std::move(message), said("an answer")}}));
    }
};

ON_EVERY_ENGINE(LeadRepository, TurnOrder);

TEST_P(TurnOrder, ATurnIsFoundByTheMessageThatBeganIt) {
    EXPECT_FALSE(await(leads.find_turn(loaded(), delivered("hola", "wamid.1"))));
    const TurnResult stored = commit(delivered("hola", "wamid.1"));
    EXPECT_FALSE(await(leads.find_turn(loaded(), delivered("hola", "wamid.2"))));
    const auto found = await(leads.find_turn(loaded(), delivered("hola", "wamid.1")));
    ASSERT_TRUE(found);
    EXPECT_TRUE(found->replayed);
    EXPECT_EQ(found->messages, stored.messages);
    EXPECT_EQ(found->lead, loaded());
    EXPECT_THROW(await(leads.find_turn(loaded(), delivered("another text", "wamid.1"))),
                 InvalidArgument);
    EXPECT_THROW(await(leads.find_turn(loaded(), said("hola"))), InvalidArgument);
}

/// Whoever has looked it up is safe by the lead's version.
TEST_P(TurnOrder, WhatIsStoredAfterTheLookUpIsAConflictAndNotStoredTwice) {
    Turn turn{loaded(), {delivered("hola", "wamid.1")}};
    turn.looked_up = !await(leads.find_turn(turn.lead, turn.messages.front()));
    EXPECT_TRUE(turn.looked_up);
    commit(delivered("hola", "wamid.1"));
    EXPECT_THROW(await(leads.commit_turn(turn)), VersionConflict);
    EXPECT_EQ(loaded().message_count, 2);
}

TEST_P(TurnOrder, AnIdThatItsCallerGaveAMessageStays) {
    Message message = said("hola");
    message.id = ObjectId::generate();
    EXPECT_EQ(commit(message).messages.front().id, message.id);
    EXPECT_FALSE(loaded().recent_history.back().id.empty()) << "the answer got one";
}

TEST_P(TurnOrder, TurnsOfOneLeadWaitForEachOther) {
    std::vector<Async<TurnResult>> turns;
    turns.push_back(leads.commit_turn({loaded(), {said("first")}}));
    turns.push_back(
        leads.commit_turn({loaded(), {said("too late")}}, Deadline(Deadline::Clock::time_point{})));
    auto outcomes = run_together(std::move(turns));
    EXPECT_EQ(outcomes[0].get().lead.message_count, 1);
    try {
        outcomes[1].get();
        FAIL() << "it had no time";
    } catch (const Timeout& error) {
        EXPECT_THAT(error.what(), HasSubstr("while others had their turn"));
    }
    EXPECT_EQ(loaded().message_count, 1);
}

}  // namespace
}  // namespace rapport::testing
