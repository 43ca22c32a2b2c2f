#include <utility>
#include <vector>

#include "rapport/core/error.hpp"
#include "tests/repository/repository_test.hpp"

namespace rapport::testing {
namespace {

class DeleteMessages : public RepositoryTest {};

ON_EVERY_ENGINE(MessageRepository, DeleteMessages);

TEST_P(DeleteMessages, LeavesNoTextAnywhere) {
    Lead lead = await(leads.get_or_create(kPhone));
    const Message added = lead.add_message(said("a secret"));
    lead.add_signal({.dimension = SignalDimension::kBudget,
                     .extracted_value = "40",
                     .confidence = {.value = 0.9, .reasoning = "a secret reason"},
                     .source_message_id = added.id.to_string(),
                     .inferred_from = "the secret",
                     .raw_evidence = "a secret"});
    lead = await(leads.save(lead));
    await(messages.save_messages({added}));

    EXPECT_EQ(await(messages.delete_messages_for_lead("55 1234 5678")), 1);
    EXPECT_EQ(await(messages.count()), 0);
    const std::string left = to_json(engine.stored(lead_collection(), lead.id));
    EXPECT_EQ(left.find("secret"), std::string::npos) << left;
    const auto kept = await(leads.get_by_phone(kPhone));
    EXPECT_EQ(kept->message_count, 0);
    EXPECT_EQ(kept->signals[0].extracted_value, "40");
    EXPECT_THROW(await(leads.save(lead)), VersionConflict) << "a stale copy brings no text back";
}

TEST_P(DeleteMessages, IsOfOneLeadAndFineForNobody) {
    Message other = said("other");
    other.lead_id = "+525599999999";
    await(messages.save_messages({said("a"), said("b"), other}));
    EXPECT_EQ(await(messages.delete_messages_for_lead(kPhone)), 2);
    EXPECT_EQ(await(messages.delete_messages_for_lead(kPhone)), 0);
    EXPECT_EQ(await(messages.count()), 1);
}

TEST_P(DeleteMessages, LeavesEveryTurnThatCameMeanwhile) {
    constexpr int kRounds = 30;
    await(leads.get_or_create(kPhone));
    const auto forget = [&]() -> Async<void> {
        co_await messages.delete_messages_for_lead(std::string(kPhone));
    };
    const auto talk = [&]() -> Async<void> {
        for (int i = 0; i < 3; ++i) {
            try {
                Lead lead = (co_await leads.get_by_phone(std::string(kPhone))).value();
                co_await leads.commit_turn({std::move(lead), {said("said")}});
            } catch (const VersionConflict&) {
                continue;
            }
        }
    };
    for (int round = 0; round < kRounds; ++round) {
        std::vector<Async<void>> both;
        both.push_back(forget());
        both.push_back(talk());
        for (auto& outcome : run_together(std::move(both))) outcome.get();
        const Lead lead = await(leads.get_by_phone(kPhone)).value();
        const auto stored = await(messages.get_recent_messages(kPhone, 0));
        ASSERT_EQ(lead.recent_history.size(), stored.size());
        for (const Message& message : stored) EXPECT_LE(message.seq, lead.message_count);
    }
}

TEST_P(DeleteMessages, ACopyFromBeforeTheLastTurnBringsNoTextBack) {
    const auto take_turn = [&](Lead lead, const std::string& external_id) {
        Message message = said("a secret");
        message.external_id = external_id;
        return await(leads.commit_turn({std::move(lead), {std::move(message)}})).lead;
    };
    const Lead copy = take_turn(await(leads.get_or_create(kPhone)), "m1");
    take_turn(copy, "m2");
    await(messages.delete_messages_for_lead(kPhone));
    EXPECT_THROW(take_turn(copy, "m3"), VersionConflict);
    EXPECT_EQ(await(leads.settle(copy)), 0);
    EXPECT_EQ(await(messages.count()), 0);
}

TEST_P(DeleteMessages, TheConversationStartsAgainAtOne) {
    Lead lead = await(leads.get_or_create(kPhone));
    const Message old = lead.add_message(said("old"));
    await(leads.save(lead));
    await(messages.save_messages({old}));
    await(messages.delete_messages_for_lead(kPhone));

    Lead again = await(leads.get_by_phone(kPhone)).value();
    const Message fresh = again.add_message(said("new"));
    EXPECT_EQ(fresh.seq, 1);
    await(leads.save(again));
    await(messages.save_messages({fresh}));
    EXPECT_EQ(contents(await(messages.get_recent_messages(kPhone))),
              (std::vector<std::string>{"new"}));
}

}  // namespace
}  // namespace rapport::testing
