// Messages that expire within seconds, on a real server whose monitor looks every second.
#include <gmock/gmock-matchers.h>

#include <optional>

#include "tests/repository/repository_test.hpp"
#include "tests/store/temporary_folder.hpp"
#include "tests/support/mongod.hpp"

namespace rapport::testing {
namespace {

const Mongod& quick_server() {
    static const Mongod server(Mongod::Mode::kReplicaSet, Mongod::Lifetime::kWithParent,
                               {"ttlMonitorSleepSecs=1"});
    return server;
}

class Expiry : public ::testing::TestWithParam<std::string> {
  protected:
    Expiry() {
        settings_.mongodb_database = "rapport_test_expiry_" + ObjectId::generate().to_string();
    }
    bool is_sqlite() const { return GetParam() == "sqlite"; }
    /// As a program that starts does it.
    std::unique_ptr<DatabaseManager> started(std::optional<std::int64_t> seconds) {
        settings_.enable_message_archival = seconds.has_value();
        settings_.message_retention_seconds = seconds;
        const DatabaseUrl url =
            is_sqlite() ? DatabaseUrl{DatabaseUrl::Engine::kSqlite, folder_.path() / "expiry.db"}
                        : DatabaseUrl{DatabaseUrl::Engine::kMongo, quick_server().uri()};
        auto manager = std::make_unique<DatabaseManager>(settings_, url);
        await(manager->connect());
        await(manager->create_indexes());
        return manager;
    }
    Lead talk(DatabaseManager& manager) {
        LeadRepository leads(manager.database());
        Turn turn{await(leads.get_or_create(kPhone)), {said("gone soon"), said("too")}};
        return await(leads.commit_turn(std::move(turn))).lead;
    }
    static std::int64_t stored(DatabaseManager& manager) {
        return await(MessageRepository(manager.database()).count());
    }
    /// SQLite removes when it is written to or connected; nobody else does it there.
    void wait_until_gone(DatabaseManager& manager) {
        wait_for(
            [&] {
                if (is_sqlite()) await(manager.create_indexes());
                return stored(manager) == 0;
            },
            "no message expires");
    }

    Settings settings_{};
    TemporaryFolder folder_;
};

ON_EVERY_ENGINE(Retention, Expiry);

TEST_P(Expiry, MessagesReallyGoAndSettlingDoesNotBringThemBack) {
    const auto manager = started(1);
    Lead lead = talk(*manager);
    wait_until_gone(*manager);
    lead = *await(LeadRepository(manager->database()).get_by_phone(kPhone));
    EXPECT_EQ(lead.recent_history.size(), 2U);
    Update<Lead> as_a_crash_leaves_it;
    as_a_crash_leaves_it.set(where(&Lead::settled_count), std::int64_t{0});
    await(LeadRepository(manager->database())
              .update_many(where(&Lead::lead_id) == kPhone, as_a_crash_leaves_it));
    const auto again = started(1);
    lead.settled_count = 0;
    EXPECT_EQ(await(LeadRepository(again->database()).settle(lead)), 0);
    EXPECT_TRUE(await(LeadRepository(again->database()).get_by_phone(kPhone)));
    EXPECT_EQ(stored(*again), 0);
}

TEST_P(Expiry, IsChangedBackAndForthAtEveryStart) {
    auto manager = started(3600);
    talk(*manager);
    for (const auto seconds : std::vector<std::optional<std::int64_t>>{
             7200, 3600, std::nullopt, 86'400, std::nullopt, 3600}) {
        manager = started(seconds);
        EXPECT_TRUE(await(manager->plan_indexes()).differences.empty());
        EXPECT_EQ(stored(*manager), 2) << "nothing is due";
    }
    for (const char* folder : {"archive", "", "archive"}) {
        settings_.archive_dir = folder;
        manager = started(3600);
        EXPECT_TRUE(await(manager->plan_indexes()).differences.empty()) << folder;
        EXPECT_EQ(stored(*manager), 2) << "nothing is due";
    }
    settings_.archive_dir.clear();
    manager = started(1);
    wait_until_gone(*manager);
}

}  // namespace
}  // namespace rapport::testing
