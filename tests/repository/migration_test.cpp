#include "rapport/repository/migration.hpp"

#include <fmt/format.h>
#include <gmock/gmock-matchers.h>

#include <algorithm>
#include <set>
#include <string>

#include "rapport/core/error.hpp"
#include "rapport/repository/signal_page.hpp"
#include "tests/repository/repository_test.hpp"

namespace rapport::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::string_view kOldLead = R"({
    "_id": "507f1f77bcf86cd799439011", "lead_id": "+5215512345678", "full_name": null,
    "current_stage": "1 - discovery",
    "recent_history": [{"role": "lead", "content": "hola", "tokens": 0,
                        "timestamp": "2024-03-01T10:00:00", "lead_id": "+5215512345678"}],
    "signals": [], "message_count": 3, "next_followup_at": null,
    "last_interaction_at": "2024-03-01T10:00:00+00:00", "handoff_status": "none",
    "created_at": "2024-03-01T09:00:00.123456", "updated_at": "2024-03-01T10:00:00.123456",
    "is_hot": true, "campaign": {"source": "fair"}})";

/// A month ago to the minute: what retention keeps.
std::string last_month() {
    return to_iso8601(now() - std::chrono::days(30))
        .substr(0, std::string_view("2024-03-01T10:00:").size());
}

std::string old_message(int n, std::string_view number, std::string_view minute) {
    return fmt::format(
        R"({{"_id": "507f1f77bcf86cd7994391{:02}", "lead_id": "{}", "role": "lead",
            "content": "old {}", "tokens": null, "timestamp": "{}0{}",
            "created_at": "{}00.5", "updated_at": "{}00.5"}})",
        n, number, n, minute, n, minute, minute);
}

class Migration : public RepositoryTest {
  protected:
    void insert_lead(std::string_view json = kOldLead) {
        engine.insert_foreign(lead_collection(), foreign(json));
    }
    void insert_messages(int count, const std::string& minute = last_month()) {
        for (int n = 0; n < count; ++n) {
            const std::string message = old_message(n, "+5215512345678", minute);
            engine.insert_foreign(message_collection(), foreign(message));
        }
    }
    MigrationReport migrated(bool merge = false, bool plan = false) {
        MigrationOptions options;
        options.merge = merge;
        options.plan = plan;
        return await(migrate(engine.manager(), std::move(options)));
    }
    std::vector<std::int64_t> seqs() {
        std::vector<std::int64_t> seqs;
        for (const Message& message : await(messages.get_recent_messages(kPhone, 100))) {
            seqs.push_back(message.seq.value_or(0));
        }
        return seqs;
    }
    Lead lead() { return await(leads.get_by_phone(kPhone)).value(); }
    /// A turn of one message, as a conversation makes it.
    Lead turn(Lead lead, const std::string& content) {
        Message message = said(content);
        message.lead_id.clear();
        message.timestamp = now();
        return await(leads.commit_turn({std::move(lead), {std::move(message)}})).lead;
    }
};

ON_EVERY_ENGINE(LeadRepository, Migration);

TEST_P(Migration, BringsALeadAndItsMessagesToTodaysForm) {
    insert_lead();
    insert_messages(2);
    const MigrationReport report = migrated();
    EXPECT_EQ(report.leads.changed, 1);
    EXPECT_EQ(report.messages.changed, 2);
    EXPECT_EQ(report.numbered, 2);
    EXPECT_FALSE(report.leaves_something());
    const Lead now = lead();
    EXPECT_EQ(now.version, 1);
    EXPECT_EQ(now.message_count, 3);
    EXPECT_EQ(now.settled_count, 3);
    EXPECT_EQ(to_iso8601(now.updated_at), "2024-03-01T10:00:00.123Z");
    EXPECT_EQ(now.recent_history.front().lead_id, kPhone);
    EXPECT_THAT(seqs(), ElementsAre(2, 3)) << "one of three was lost before";
    const Document stored = engine.stored(lead_collection(), now.id);
    for (BsonReader in(stored); !in.at_end();) {
        const BsonElement element = in.next();
        EXPECT_NE(element.type(), BsonType::kNull) << element.name();
        if (element.name().ends_with("_at")) {
            EXPECT_EQ(element.type(), BsonType::kDate) << element.name();
        }
    }
}

TEST_P(Migration, LeavesWhatHasNoObjectIdAsItIs) {
    for (const std::string id : {"!", "abc", "wamid.abc"}) {
        BsonWriter lead;
        lead.add("_id", id);
        lead.add("lead_id", kPhone + id);
        engine.insert_foreign(lead_collection(), lead.finish());
        BsonWriter message;
        message.add("_id", id);
        message.add("lead_id", numbered_phone(1));
        engine.insert_foreign(message_collection(), message.finish());
    }
    insert_lead();
    insert_messages(2);
    for (const bool plan : {true, false}) {
        const MigrationReport report = migrated(false, plan);
        EXPECT_EQ(report.leads.documents, 4);
        EXPECT_EQ(report.leads.count(Defect::kUnreadable), 3);
        EXPECT_EQ(report.messages.count(Defect::kUnreadable), 3);
        EXPECT_EQ(report.leads.changed, plan ? 0 : 1);
        EXPECT_TRUE(report.leaves_something());
    }
    EXPECT_THAT(seqs(), ElementsAre(2, 3));
    EXPECT_EQ(await(leads.count()), 4);
}

TEST_P(Migration, TakesOutComputedMembersAndLeavesOthers) {
    if (engine.is_sqlite()) return;  // a table has no members of others
    insert_lead();
    const MigrationReport report = migrated();
    EXPECT_EQ(report.leads.count(Defect::kComputed), 1);
    EXPECT_EQ(report.leads.unknown.at("campaign"), 1);
    const std::string json = to_json(engine.stored(lead_collection(), lead().id));
    EXPECT_THAT(json, Not(HasSubstr("is_hot")));
    EXPECT_THAT(json, HasSubstr("campaign"));
}

TEST_P(Migration, FindsNothingMoreToDoAfterwards) {
    insert_lead();
    insert_messages(2);
    EXPECT_TRUE(migrated(false, true).finds_something());
    migrated();
    const Lead before = lead();
    const MigrationReport again = migrated();
    EXPECT_EQ(again.leads.changed + again.messages.changed + again.numbered, 0);
    EXPECT_EQ(lead(), before);
    EXPECT_FALSE(migrated(false, true).finds_something());
}

TEST_P(Migration, LeavesWhatWeWroteAsItIs) {
    Lead ours = await(leads.get_or_create(kPhone, "Zoë"));
    for (int i = 0; i < 3; ++i) ours = turn(ours, "hola " + std::to_string(i));
    const std::string before = to_json(engine.stored(lead_collection(), ours.id));
    EXPECT_FALSE(migrated(false, true).finds_something());
    migrated(true);
    EXPECT_EQ(to_json(engine.stored(lead_collection(), ours.id)), before);
}

TEST_P(Migration, APlanChangesNothing) {
    insert_lead();
    insert_messages(2);
    const std::string before =
        to_json(engine.stored(lead_collection(), *ObjectId::parse("507f1f77bcf86cd799439011")));
    const MigrationReport plan = migrated(true, true);
    EXPECT_EQ(plan.leads.count(Defect::kSpelling), 1);
    EXPECT_EQ(plan.messages.count(Defect::kSeq), 2);
    EXPECT_EQ(
        to_json(engine.stored(lead_collection(), *ObjectId::parse("507f1f77bcf86cd799439011"))),
        before);
    for (const MigrationExample& example : plan.examples) {
        EXPECT_THAT(example.what, Not(HasSubstr("old")));
    }
}

TEST_P(Migration, NumbersTheOldMessagesOfALeadThatIsInUseBelowItsTurns) {
    insert_lead();
    insert_messages(3);
    turn(lead(), "nueva");
    migrated();
    EXPECT_EQ(lead().message_count, 4);
    EXPECT_THAT(seqs(), ElementsAre(1, 2, 3, 4));
}

TEST_P(Migration, CountsMessagesThatALostUpdateDidNotCount) {
    insert_lead();
    insert_messages(5);
    migrated();
    EXPECT_EQ(lead().message_count, 5);
    EXPECT_THAT(seqs(), ElementsAre(1, 2, 3, 4, 5));
}

TEST_P(Migration, IsFollowedByTurnsThatGoOnCounting) {
    insert_lead();
    insert_messages(3);
    const Lead stale = await(leads.find_by_id("507f1f77bcf86cd799439011")).value();
    migrated();
    EXPECT_THROW(await(leads.save(stale)), VersionConflict);
    turn(lead(), "nueva");
    EXPECT_THAT(seqs(), ElementsAre(1, 2, 3, 4));
}

TEST_P(Migration, ListsLeadsOfOneNumberAndLeavesThem) {
    insert_lead();
    insert_messages(2);
    turn(await(leads.get_or_create("+525500000000")), "somebody else");
    Lead ours = new_lead();
    ours.created_at = ours.updated_at = kStart;
    ours.version = 1;
    engine.insert_foreign(lead_collection(), to_document(ours));
    const MigrationReport report = migrated();
    ASSERT_EQ(report.collisions.size(), 1U);
    EXPECT_EQ(report.collisions.front().number, "…5678");
    EXPECT_THAT(report.collisions.front().leads,
                ElementsAre(ours.id.to_string(), "507f1f77bcf86cd799439011"));
    EXPECT_TRUE(report.leaves_something());
    EXPECT_EQ(await(leads.find_by_id("507f1f77bcf86cd799439011"))->lead_id, "+5215512345678");
    EXPECT_TRUE(await(messages.get_recent_messages(kPhone)).empty());
}

TEST_P(Migration, MergesLeadsOfOneNumberWithAllTheirMessages) {
    insert_lead();
    insert_messages(3);
    Lead ours = new_lead();
    ours.created_at = ours.updated_at = kStart;
    ours.version = 1;
    engine.insert_foreign(lead_collection(), to_document(ours));
    turn(lead(), "nueva");
    const MigrationReport report = migrated(true);
    EXPECT_EQ(report.merged_leads, 1);
    EXPECT_TRUE(report.collisions.front().merged);
    EXPECT_EQ(await(leads.count()), 1);
    EXPECT_EQ(lead().id, ours.id);
    EXPECT_EQ(lead().message_count, 4);
    EXPECT_THAT(contents(await(messages.get_recent_messages(kPhone))),
                ElementsAre("old 0", "old 1", "old 2", "nueva"));
    EXPECT_THAT(contents(lead().recent_history),
                ElementsAre("hola", "old 0", "old 1", "old 2", "nueva"));
    EXPECT_EQ(await(messages.count()), 4);
    EXPECT_FALSE(migrated(true, true).finds_something());

    // A turn of the lead that went was under way, and stores its message now.
    Message late = said("old 2");
    late.id = ObjectId::generate();
    late.lead_ref = ObjectId::parse("507f1f77bcf86cd799439011");
    await(engine.store().insert(rapport::insert_messages({late})));
    EXPECT_EQ(await(leads.finish_erasures()), 1);
    EXPECT_EQ(await(messages.count()), 4);
}

TEST_P(Migration, MergesLeadsOfOneNumberWithAllTheirSignals) {
    insert_lead();
    Lead ours = new_lead();
    ours.created_at = ours.updated_at = kStart;
    ours.version = 1;
    ours.signals = {{.dimension = SignalDimension::kBudget, .extracted_value = "ours"}};
    engine.insert_foreign(lead_collection(), to_document(ours));
    Lead theirs = await(leads.find_one(where(&Lead::id) != ours.id)).value();
    for (int i = 0; i < 550; ++i) theirs.add_signal({.extracted_value = fmt::format("{}", i)});
    theirs = await(leads.save(theirs));
    ASSERT_TRUE(theirs.earlier_signals);
    EXPECT_EQ(migrated(true).merged_leads, 1);

    const Lead both = lead();
    EXPECT_EQ(both.id, ours.id);
    std::set<std::string> values;
    for (const Signal& signal : await(leads.all_signals(both))) {
        EXPECT_TRUE(values.insert(signal.extracted_value).second) << signal.extracted_value;
    }
    EXPECT_TRUE(values.contains("ours"));
    EXPECT_TRUE(values.contains("0"));
    EXPECT_EQ(values.size(), 551U);
    const FindDocuments all{&signal_collection(), FilterNode(AllOf{})};
    for (const Document& page : await(engine.store().find(all))) {
        EXPECT_EQ(from_document<SignalPage>(page).lead_ref, both.id);
    }
}

/// Loads the lead and adds a message, again where somebody was faster.
Async<void> say(LeadRepository& leads, std::string phone, int turns) {
    for (int n = 0; n < turns;) {
        Turn turn{(co_await leads.get_by_phone(phone)).value(), {said(fmt::format("new {}", n))}};
        turn.messages.front().lead_id.clear();
        turn.messages.front().timestamp = now();
        try {
            co_await leads.commit_turn(std::move(turn));
            ++n;
        } catch (const VersionConflict&) {
            continue;
        }
    }
}

TEST_P(Migration, GoesTogetherWithTurnsAndWithAnotherMigration) {
    constexpr int kLeads = 12;
    constexpr int kOld = 5;
    constexpr int kTurns = 4;
    for (int i = 0; i < kLeads; ++i) {
        const std::string number = fmt::format("+521551000{:04}", i);
        std::string lead(kOldLead);
        lead.replace(lead.find("99439011"), 8, fmt::format("9944{:04}", i));
        lead.replace(lead.find("+5215512345678"), number.size(), number);
        lead.replace(lead.find("\"message_count\": 3"), 18, "\"message_count\": 5");
        insert_lead(lead);
        for (int n = 0; n < kOld; ++n) {
            std::string message = old_message(n, number, last_month());
            message.replace(message.find("994391"), 6, fmt::format("99{:04}", i));
            engine.insert_foreign(message_collection(), foreign(message));
        }
    }
    const auto migrating = [&]() -> Async<void> { co_await migrate(engine.manager(), {}); };
    std::vector<Async<void>> all;
    all.push_back(migrating());
    all.push_back(migrating());
    for (int i = 0; i < kLeads; ++i) {
        all.push_back(say(leads, fmt::format("+52551000{:04}", i), kTurns));
    }
    for (auto& outcome : run_together(std::move(all))) outcome.get();
    migrated();
    for (int i = 0; i < kLeads; ++i) {
        const std::string number = fmt::format("+52551000{:04}", i);
        EXPECT_EQ(await(leads.get_by_phone(number))->message_count, kOld + kTurns);
        std::vector<std::int64_t> numbers;
        for (const Message& message : await(messages.get_recent_messages(number, 100))) {
            numbers.push_back(message.seq.value_or(0));
        }
        EXPECT_THAT(numbers, ElementsAre(1, 2, 3, 4, 5, 6, 7, 8, 9)) << number;
    }
}

TEST_P(Migration, GoesOnWhereATurnMovedTheMessagesThatItHasRead) {
    insert_lead();
    insert_messages(3);
    MigrationProgress progress;
    std::string under_way;
    progress.begin = [&](std::string_view what, std::int64_t) { under_way = what; };
    int looked_at = 0;
    progress.advance = [&](std::int64_t) {
        if (under_way == "messages" && ++looked_at == 3) lead();
    };
    const MigrationReport report = await(migrate(engine.manager(), {}, std::move(progress)));
    EXPECT_EQ(looked_at, 3);
    EXPECT_EQ(report.messages.changed, 3);
    EXPECT_EQ(report.messages.count(Defect::kSeq), 3) << "each is counted once";
    EXPECT_THAT(seqs(), ElementsAre(1, 2, 3));
}

TEST_P(Migration, LeavesWhatCannotBeReadAndNamesTheMember) {
    std::string broken(kOldLead);
    broken.replace(broken.find("1 - discovery"), 13, "somewhere");
    insert_lead(broken);
    insert_messages(1);
    const MigrationReport report = migrated();
    EXPECT_EQ(report.leads.count(Defect::kUnreadable), 1);
    EXPECT_TRUE(report.leaves_something());
    const auto is_it = [](const MigrationExample& example) {
        return example.defect == Defect::kUnreadable && example.what == "current_stage";
    };
    EXPECT_TRUE(std::ranges::any_of(report.examples, is_it));
}

TEST_P(Migration, CountsWhatRetentionWillRemove) {
    if (engine.is_sqlite()) return;  // it removes them by their text
    insert_lead();
    insert_messages(2, "2024-03-01T10:00:");
    EXPECT_EQ(migrated(false, true).expired_messages, 2);
}

}  // namespace
}  // namespace rapport::testing
