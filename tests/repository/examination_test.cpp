#include "rapport/repository/examination.hpp"

#include <fmt/format.h>

#include "tests/repository/turn_fixture.hpp"

namespace rapport::testing {
namespace {

class ExaminationTest : public TurnTest {
  protected:
    Examination examined() {
        return await(examine(engine.manager(), [this](std::int64_t leads) { looked_ += leads; }));
    }
    LeadFacts facts() { return std::get<LeadFacts>(examined().leads); }
    void insert_foreign_lead(std::string_view lead_id, std::string_view stage) {
        const std::string lead = fmt::format(R"({{"_id": "000000000000000000000001",
            "lead_id": "{}", "current_stage": "{}", "recent_history": [],
            "signals": [], "message_count": 0, "handoff_status": "none",
            "last_interaction_at": "2026-01-01T00:00:00.000Z",
            "created_at": "2026-01-01T00:00:00.000Z",
            "updated_at": "2026-01-01T00:00:00.000Z"}})",
                                             lead_id, stage);
        engine.insert_foreign(lead_collection(), foreign(lead));
    }

    std::int64_t looked_ = 0;
};
ON_EVERY_ENGINE(Repository, ExaminationTest);

TEST_P(ExaminationTest, LearnsWhoTheServerIsAndHowItIs) {
    const auto state = std::get<ServerState>(examined().server);
    EXPECT_EQ(state.info.engine, GetParam());
    EXPECT_GT(state.round_trip.count(), 0);
    EXPECT_GT(state.free_bytes.value(), 0);
    EXPECT_GT(state.total_bytes.value(), state.free_bytes.value());
    EXPECT_TRUE(state.is_writable);
    EXPECT_EQ(state.damaged_places, 0);
    ASSERT_EQ(state.clock_ahead.has_value(), !engine.is_sqlite());
    if (state.clock_ahead) {
        EXPECT_LT(std::chrono::abs(*state.clock_ahead), std::chrono::seconds(5))
            << "it is the clock of this machine";
    }
}

/// More than are read at once, and so many that the last piece is full.
TEST_P(ExaminationTest, LooksAtEveryLeadOnce) {
    std::vector<Lead> many;
    for (int i = 0; i < 48; ++i) many.push_back(new_lead(numbered_phone(i)));
    await(leads.bulk_create(many));
    EXPECT_EQ(facts().leads, 48);
    EXPECT_EQ(looked_, 48);
}

/// settled_count is behind by a turn, which is no fault.
TEST_P(ExaminationTest, CountsNoMessageThatIsStored) {
    await(leads.get_or_create(kPhone));
    commit({"hola", "buenas"}, "wamid.1");
    commit({"otra"}, "wamid.2");
    EXPECT_EQ(facts().unsettled_messages, 0);
}

TEST_P(ExaminationTest, CountsTheMessagesThatACrashLeftInTheirLeadAndStoresNone) {
    await(leads.get_or_create(kPhone));
    const TurnResult result = commit({"hola", "buenas"}, "wamid.1");
    forget(result.messages);
    leave_unsettled();
    EXPECT_EQ(facts().unsettled_messages, 2);
    EXPECT_EQ(facts().unsettled_messages, 2) << "it was not this that stores them";
    EXPECT_EQ(await(another_process().settle(loaded())), 2);
    EXPECT_EQ(facts().unsettled_messages, 0);
}

TEST_P(ExaminationTest, DoesNotMissWhatRetentionHasRemoved) {
    await(leads.get_or_create(kPhone));
    Turn turn = turn_of(loaded(), {"long ago"});
    turn.messages[0].created_at = now() - std::chrono::days(366);
    forget(await(leads.commit_turn(turn)).messages);
    leave_unsettled();
    EXPECT_EQ(facts().unsettled_messages, 0);
}

TEST_P(ExaminationTest, GoesOnBehindALeadThatCannotBeRead) {
    insert_foreign_lead("+525500000001", "no stage of ours");
    await(leads.get_or_create(kPhone));
    EXPECT_EQ(facts().leads, 2);
    EXPECT_EQ(facts().unreadable, 1);
}

TEST_P(ExaminationTest, MeasuresALeadAndMasksItsNumber) {
    await(leads.get_or_create(kPhone));
    Update<Lead> grow;
    grow.set(where(&Lead::full_name), std::string(kLargeLead, 'x'));
    await(leads.update_many(where(&Lead::lead_id) == kPhone, grow));
    EXPECT_EQ(facts().large, 1);
    EXPECT_GE(facts().largest_bytes, kLargeLead);
    EXPECT_EQ(facts().largest_lead, "…5678");
}

TEST_P(ExaminationTest, CountsNumbersAsTheyWereTyped) {
    insert_foreign_lead("55 3333 4444", "1 - discovery");
    await(leads.get_or_create(kPhone));
    await(leads.get_or_create("ext:42"));
    EXPECT_EQ(facts().as_typed, 1);
}

}  // namespace
}  // namespace rapport::testing
