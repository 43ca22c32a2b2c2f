// What a database that is away, locked or full does to turns in this process.
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_future.hpp>
#include <future>
#include <thread>
#include <vector>

#include "rapport/core/error.hpp"
#include "tests/faults/soak.hpp"
#include "tests/faults/writer_process.hpp"
#include "tests/support/mongod.hpp"

namespace rapport::testing {
namespace {

namespace asio = boost::asio;
using std::chrono::milliseconds;
using std::chrono::seconds;

/// Delivers messages at the same time, and knows what became of each.
class Deliveries {
  public:
    explicit Deliveries(DatabaseManager& manager) : leads_(manager.database()) {}

    /// Makes the leads, so that what follows is turns alone.
    void make_leads(int count) {
        for (int lead = 0; lead < count; ++lead) {
            await(leads_.get_or_create(Delivery{.lead = lead}.phone()));
        }
    }

    /// `turns` messages to each of so many leads, one after another; each is given so long once.
    void start(int first_lead, int leads, int turns, Deadline::Clock::duration patience) {
        for (int lead = first_lead; lead < first_lead + leads; ++lead) {
            asio::co_spawn(context_, deliver(lead, turns, patience),
                           [](const std::exception_ptr& error) {
                               if (error) std::rethrow_exception(error);
                           });
        }
    }
    asio::io_context& context() { return context_; }

    const std::vector<Delivery>& stored() const { return stored_; }
    const std::vector<ErrorCode>& errors() const { return errors_; }
    std::size_t errors_of(ErrorCode code) const {
        return static_cast<std::size_t>(std::ranges::count(errors_, code));
    }
    Deadline::Clock::duration longest() const { return longest_; }

  private:
    Async<void> deliver(int number, int turns, Deadline::Clock::duration patience) {
        for (int turn = 0; turn < turns; ++turn) {
            const Delivery delivery{number, 0, 0, turn};
            const auto started = Deadline::Clock::now();
            const Deadline deadline = Deadline::in(patience);
            try {
                Turn said{co_await load(delivery.phone(), deadline), delivery.messages()};
                co_await leads_.commit_turn(std::move(said), deadline);
                stored_.push_back(delivery);
            } catch (const Error& error) {
                errors_.push_back(error.code());
            }
            longest_ = std::max(longest_, Deadline::Clock::now() - started);
        }
    }
    Async<Lead> load(std::string phone, Deadline deadline) {
        while (true) {
            try {
                co_return (co_await leads_.get_by_phone(phone, deadline)).value();
            } catch (const Unavailable&) {
                if (deadline.passed()) throw;
            }
        }
    }

    LeadRepository leads_;
    asio::io_context context_;
    std::vector<Delivery> stored_;
    std::vector<ErrorCode> errors_;
    Deadline::Clock::duration longest_{};
};

TEST(OutageMongodb, PatientTurnsOutliveItAndTheOthersHearInTime) {
    Mongod server(Mongod::Mode::kReplicaSet);
    Settings settings;
    settings.mongodb_database = "rapport_test_outage";
    DatabaseManager manager(settings, {DatabaseUrl::Engine::kMongo, server.uri()});
    await(manager.connect());
    await(manager.create_indexes());
    constexpr int kPatient = 32;
    constexpr int kHasty = 8;
    Deliveries patient(manager);
    patient.make_leads(kPatient + kHasty);
    Deliveries hasty(manager);
    patient.start(0, kPatient, 50, seconds(60));
    patient.context().run_for(milliseconds(200));

    server.kill();
    hasty.start(kPatient, kHasty, 1, seconds(2));
    hasty.context().run();
    EXPECT_EQ(hasty.errors_of(ErrorCode::kUnavailable) + hasty.errors_of(ErrorCode::kTimeout),
              kHasty);
    EXPECT_LT(hasty.longest(), seconds(20)) << "not before the server is there again";
    patient.context().run_for(seconds(std::min(2 * soak_scale(), 20)));
    server.start();
    patient.context().run();

    EXPECT_EQ(patient.stored().size(), kPatient * 50U);
    hasty.context().restart();
    hasty.start(kPatient, kHasty, 1, seconds(60));
    hasty.context().run();
    EXPECT_EQ(hasty.stored().size(), kHasty) << "delivered again";
    std::vector<Delivery> all = patient.stored();
    all.insert(all.end(), hasty.stored().begin(), hasty.stored().end());
    EXPECT_EQ(find_fault(settings, {DatabaseUrl::Engine::kMongo, server.uri()}, all), "");
    await(manager.disconnect());
}

class OutageSqlite : public ::testing::Test {
  protected:
    static constexpr int kLeads = 32;

    OutageSqlite() {
        await(manager_.connect());
        await(manager_.create_indexes());
    }

    void allow_pages(std::int64_t more) {
        await(manager_.client().use_native_handle([&](void* handle) {
            auto* database = static_cast<sqlite3*>(handle);
            std::int64_t pages = 0;
            const auto read = [](void* to, int, char** values, char**) {
                *static_cast<std::int64_t*>(to) = std::stoll(values[0]);
                return 0;
            };
            ASSERT_EQ(sqlite3_exec(database, "PRAGMA page_count", read, &pages, nullptr), 0);
            const std::string limit = "PRAGMA max_page_count=" + std::to_string(pages + more);
            ASSERT_EQ(sqlite3_exec(database, limit.c_str(), nullptr, nullptr, nullptr), 0);
        }));
    }

    OwnDatabase database_{"sqlite"};
    DatabaseManager manager_{database_.settings(), database_.url()};
};

TEST_F(OutageSqlite, TurnsWaitForAnotherProgramsWriteLock) {
    Deliveries deliveries(manager_);
    deliveries.make_leads(kLeads);
    sqlite3* other = nullptr;
    ASSERT_EQ(sqlite3_open(database_.url().location.c_str(), &other), SQLITE_OK);
    ASSERT_EQ(sqlite3_exec(other, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr), SQLITE_OK);
    deliveries.start(0, kLeads, 5, seconds(60));
    deliveries.context().run_for(milliseconds(soak_scale() > 1 ? 3000 : 500));
    EXPECT_TRUE(deliveries.stored().empty());
    ASSERT_EQ(sqlite3_exec(other, "ROLLBACK", nullptr, nullptr, nullptr), SQLITE_OK);
    sqlite3_close(other);
    deliveries.context().run();
    EXPECT_EQ(deliveries.stored().size(), kLeads * 5U);
    EXPECT_EQ(find_fault(database_.settings(), database_.url(), deliveries.stored()), "");
}

/// A file that may not grow is what a full disk is to SQLite.
TEST_F(OutageSqlite, OnAFullDiskTheStoredStaysAndTheRestHears) {
    Deliveries deliveries(manager_);
    deliveries.make_leads(kLeads);
    allow_pages(40);
    deliveries.start(0, kLeads, 20, seconds(60));
    deliveries.context().run();
    EXPECT_FALSE(deliveries.stored().empty());
    EXPECT_GT(deliveries.errors_of(ErrorCode::kUnavailable), 0U);
    EXPECT_EQ(deliveries.errors_of(ErrorCode::kUnavailable), deliveries.errors().size());
    EXPECT_EQ(find_fault(database_.settings(), database_.url(), deliveries.stored()), "");

    allow_pages(100'000);
    Deliveries later(manager_);
    later.start(0, kLeads, 20, seconds(60));
    later.context().run();
    EXPECT_EQ(later.stored().size(), kLeads * 20U) << "delivered again, and what was refused";
    EXPECT_TRUE(later.errors().empty());
}

}  // namespace
}  // namespace rapport::testing
