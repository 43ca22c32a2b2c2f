#include "rapport/repository/database_manager.hpp"

#include <fmt/format.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/system/system_error.hpp>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

#include "tests/repository/repository_test.hpp"

namespace rapport::testing {
namespace {

using std::chrono::milliseconds;

class Manager : public ::testing::TestWithParam<std::string> {
  protected:
    OwnDatabase database{GetParam()};
    DatabaseManager manager{database.settings(), database.url()};
};

ON_EVERY_ENGINE(Connection, Manager);

/// Keeps every worker that writes busy until it goes.
class BusyWorkers {
  public:
    BusyWorkers(DatabaseManager& manager, bool one_writer) {
        const int count = one_writer ? 1 : 4;
        for (int i = 0; i < count; ++i) {
            threads_.emplace_back([this, &manager] {
                await(manager.client().use_native_handle([this](void*) { block(); }));
            });
        }
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return blocked_ == count; });
    }
    ~BusyWorkers() { release(); }

    void release() {
        {
            const std::scoped_lock lock(mutex_);
            released_ = true;
        }
        changed_.notify_all();
        threads_.clear();
    }

  private:
    void block() {
        std::unique_lock lock(mutex_);
        ++blocked_;
        changed_.notify_all();
        changed_.wait(lock, [this] { return released_; });
    }

    std::mutex mutex_;
    std::condition_variable changed_;
    int blocked_ = 0;
    bool released_ = false;
    std::vector<std::jthread> threads_;
};

TEST_P(Manager, IsNotConnectedBeforeConnectAndAfterDisconnect) {
    EXPECT_THROW(manager.database(), NotConnected);
    EXPECT_THROW(manager.client(), NotConnected);
    EXPECT_THROW(await(manager.create_indexes()), NotConnected);
    await(manager.connect());
    EXPECT_NO_THROW(manager.database());
    EXPECT_NO_THROW(manager.client());
    await(manager.disconnect());
    EXPECT_THROW(manager.database(), NotConnected);
    EXPECT_THROW(manager.client(), NotConnected);
}

TEST_P(Manager, ConnectsAndDisconnectsAnyNumberOfTimes) {
    await(manager.disconnect());
    await(manager.connect());
    const Store* const store = &manager.database();
    await(manager.connect());
    EXPECT_EQ(&manager.database(), store);
    await(manager.client().ping());
    await(manager.disconnect());
    await(manager.disconnect());
}

TEST_P(Manager, ConnectsOnceWhenManyAskAtOnce) {
    std::vector<Async<void>> calls;
    for (int i = 0; i < 8; ++i) calls.push_back(manager.connect());
    for (auto& outcome : run_together(std::move(calls))) EXPECT_NO_THROW(outcome.get());
    await(manager.client().ping());
}

TEST_P(Manager, RepositoriesWorkAgainAfterAReconnect) {
    await(manager.connect());
    await(manager.create_indexes());
    LeadRepository leads(manager.database());
    const Lead lead = await(leads.get_or_create(kPhone));
    await(manager.disconnect());
    EXPECT_THROW(await(leads.get_by_phone(kPhone)), NotConnected);
    EXPECT_THROW(await(leads.save(lead)), NotConnected);
    await(manager.connect());
    EXPECT_EQ(await(leads.get_by_phone(kPhone)), lead);
}

TEST_P(Manager, DisconnectWaitsForTheWorkInFlight) {
    await(manager.connect());
    await(manager.create_indexes());
    LeadRepository leads(manager.database());
    BusyWorkers busy(manager, database.is_sqlite());

    boost::asio::io_context context;
    auto created = boost::asio::co_spawn(context, leads.create(new_lead("ext:in flight")),
                                         boost::asio::use_future);
    auto disconnected =
        boost::asio::co_spawn(context, manager.disconnect(), boost::asio::use_future);
    boost::asio::post(context, [&] { busy.release(); });
    context.run();
    disconnected.get();
    EXPECT_EQ(created.get().version, 1);
    await(manager.connect());
    EXPECT_TRUE(await(leads.get_by_phone("ext:in flight")));
}

TEST_P(Manager, IndexesAreMadeTwiceAndByManyAtOnce) {
    await(manager.connect());
    DatabaseManager other(database.settings(), database.url());
    await(other.connect());
    std::vector<Async<void>> calls;
    for (int i = 0; i < 3; ++i) {
        calls.push_back(manager.create_indexes());
        calls.push_back(other.create_indexes());
    }
    for (auto& outcome : run_together(std::move(calls))) EXPECT_NO_THROW(outcome.get());
    EXPECT_NO_THROW(await(manager.create_indexes()));
    LeadRepository leads(manager.database());
    await(leads.create(new_lead()));
    EXPECT_THROW(await(leads.create(new_lead())), DuplicateKey);
}

TEST_P(Manager, IndexesSayWhatKeepsThemFromBeingUnique) {
    await(manager.connect());
    LeadRepository leads(manager.database());
    await(leads.bulk_create({new_lead(), new_lead()}));
    const std::string refusal = error_of<DuplicateKey>([&] { await(manager.create_indexes()); });
    EXPECT_NE(refusal.find("idx_lead_id_unique"), std::string::npos) << refusal;
    EXPECT_NE(refusal.find("remove the duplicates"), std::string::npos) << refusal;
}

TEST_P(Manager, ClientTellsWhoTheServerIs) {
    await(manager.connect());
    const ServerInfo info = await(manager.client().server_information());
    EXPECT_EQ(info.engine, GetParam());
    EXPECT_FALSE(info.version.empty());
    EXPECT_FALSE(info.topology.empty());
}

TEST_P(Manager, ClientHandsOverTheDriversHandleAndItsErrors) {
    await(manager.connect());
    void* seen = nullptr;
    await(manager.client().use_native_handle([&](void* handle) { seen = handle; }));
    EXPECT_NE(seen, nullptr);
    EXPECT_THROW(await(manager.client().use_native_handle(
                     [](void*) { throw std::logic_error("the caller's own"); })),
                 std::logic_error);
}

TEST_P(Manager, AnOperationEndsAtItsDeadline) {
    await(manager.connect());
    BusyWorkers busy(manager, database.is_sqlite());
    LeadRepository leads(manager.database());
    const auto started = Deadline::Clock::now();
    EXPECT_THROW(await(leads.create(new_lead(), Deadline::in(milliseconds(50)))), Timeout);
    EXPECT_LT(Deadline::Clock::now() - started, std::chrono::seconds(10));
    EXPECT_THROW(await(leads.create(new_lead(), Deadline::in(-milliseconds(1)))), Timeout);
    busy.release();
    EXPECT_EQ(await(leads.count()), 0) << "neither had begun";
}

TEST_P(Manager, ACancelledOperationThatHasNotBegunNeverHappens) {
    await(manager.connect());
    BusyWorkers busy(manager, database.is_sqlite());
    LeadRepository leads(manager.database());
    boost::asio::io_context context;
    boost::asio::cancellation_signal cancel;
    std::exception_ptr outcome;
    boost::asio::co_spawn(
        context, leads.create(new_lead()),
        boost::asio::bind_cancellation_slot(
            cancel.slot(), [&](const std::exception_ptr& error, const Lead&) { outcome = error; }));
    boost::asio::post(context, [&] { cancel.emit(boost::asio::cancellation_type::terminal); });
    context.run();
    ASSERT_TRUE(outcome);
    EXPECT_THROW(std::rethrow_exception(outcome), boost::system::system_error);
    busy.release();
    EXPECT_EQ(await(leads.count()), 0);
}

TEST_P(Manager, TwoManagersOfOneDatabaseSeeEachOthersWrites) {
    DatabaseManager other(database.settings(), database.url());
    await(manager.connect());
    await(other.connect());
    LeadRepository here(manager.database());
    LeadRepository there(other.database());
    const Lead lead = await(here.get_or_create(kPhone));
    EXPECT_EQ(await(there.get_by_phone(kPhone)), lead);
    await(there.update_stage(kPhone, SalesStage::kQualified));
    EXPECT_THROW(await(here.save(lead)), VersionConflict);
}

TEST(ConnectionSettings, OutOfTheirRangeAreRefused) {
    const auto refusal = [](const std::function<void(Settings&)>& change,
                            DatabaseUrl::Engine engine = DatabaseUrl::Engine::kSqlite) {
        Settings settings;
        change(settings);
        return error_of<InvalidArgument>(
            [&] { const DatabaseManager manager(settings, {engine, "mongodb://127.0.0.1/"}); });
    };
    for (const std::int64_t days : {-1, 0, 24'856}) {
        EXPECT_EQ(refusal([days](Settings& to) { to.message_retention_days = days; }),
                  fmt::format("MESSAGE_RETENTION_DAYS={}: expected a whole number of days from 1 "
                              "to 24855",
                              days));
    }
    EXPECT_EQ(refusal([](Settings& to) { to.max_pool_size = 0; }, DatabaseUrl::Engine::kMongo),
              "MONGODB_MAX_POOL_SIZE=0: expected a whole number from 1 to 1000");
    EXPECT_EQ(refusal([](Settings& to) { to.min_pool_size = 11; }),
              "MONGODB_MIN_POOL_SIZE=11: expected at most MONGODB_MAX_POOL_SIZE, which is 10");
    EXPECT_EQ(refusal([](Settings& to) { to.message_retention_seconds = 0; }),
              "MESSAGE_RETENTION_SECONDS: expected a whole number of seconds, of at least 1");
    EXPECT_EQ(refusal([](Settings& to) { to.default_region = "Mexico"; }),
              "DEFAULT_REGION=Mexico: expected a region of two letters (ISO 3166), e.g. MX, or ZZ "
              "for none");
    const std::string wrong_uri = refusal([](Settings& to) { to.mongodb_uri = "ana:s3cret@host"; });
    EXPECT_EQ(wrong_uri.find("s3cret"), std::string::npos) << wrong_uri;
}

/// What load_settings() gives, with secrets that are shown to nobody.
TEST(ConnectionSettings, AreKeptAsTheyWereGiven) {
    Settings settings;
    settings.default_region = "US";
    settings.mongodb_uri = "mongodb://ana:s3cret@host/?tls=true";
    settings.audit_key = kAuditKey;
    settings.model_api_key = "sk-1";
    settings.model_base_url = "https://ana:s3cret@host/v1";
    const DatabaseManager manager(settings, {});
    EXPECT_EQ(manager.settings().default_region, "US");
    EXPECT_EQ(manager.settings().mongodb_uri, settings.mongodb_uri);
    EXPECT_EQ(manager.settings().model_base_url, settings.model_base_url);
}

TEST(ConnectionInstance, IsOneAProcessFromItsSettings) {
    DatabaseManager& manager = DatabaseManager::instance();
    EXPECT_EQ(&manager, &DatabaseManager::instance());
    EXPECT_THROW(manager.database(), NotConnected);
}

}  // namespace
}  // namespace rapport::testing
