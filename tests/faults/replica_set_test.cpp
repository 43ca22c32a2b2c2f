// A replica set whose primary is killed or steps down under load, while answers are lost: the
// others go on, and what was acknowledged is there once.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <thread>
#include <vector>

#include "rapport/core/error.hpp"
#include "tests/faults/soak.hpp"
#include "tests/faults/writer_process.hpp"
#include "tests/support/replica_set.hpp"

namespace rapport::testing {
namespace {

namespace asio = boost::asio;
using Clock = Deadline::Clock;
using std::chrono::milliseconds;
using std::chrono::seconds;

/// Writers that deliver message after message, each until it is acknowledged, on a thread.
class Load {
  public:
    Load(DatabaseManager& manager, int writers) : leads_(manager.database()) {
        for (int writer = 0; writer < writers; ++writer) {
            asio::co_spawn(context_, write(writer), [this](const std::exception_ptr& error) {
                if (error) failed_ = true;
            });
        }
        thread_ = std::jthread([this] { context_.run(); });
    }
    ~Load() { stop(); }
    Load(const Load&) = delete;
    Load& operator=(const Load&) = delete;

    /// Every writer ends with the message that it is at.
    void stop() {
        stopped_ = true;
        if (thread_.joinable()) thread_.join();
    }
    /// When the latest of the acknowledged turns was begun.
    Clock::time_point latest_begin() const { return latest_begin_; }
    bool failed() const { return failed_; }
    /// Once stopped.
    const std::vector<Delivery>& acknowledged() const { return acknowledged_; }

  private:
    Async<void> write(int writer) {
        for (int turn = 0; !stopped_; ++turn) {
            const Delivery delivery{writer % 16, 0, writer, turn};
            const auto begun = co_await deliver(delivery);
            acknowledged_.push_back(delivery);
            latest_begin_ = std::max(latest_begin_.load(), begun);
        }
    }

    /// Returns when the try began that was acknowledged.
    Async<Clock::time_point> deliver(Delivery delivery) {
        while (true) {
            const auto begun = Clock::now();
            try {
                Turn turn{co_await leads_.get_or_create(delivery.phone()), delivery.messages()};
                co_await leads_.commit_turn(std::move(turn));
                co_return begun;
            } catch (const Error& error) {
                const ErrorCode code = error.code();
                if (code == ErrorCode::kVersionConflict) continue;
                if (code != ErrorCode::kUnavailable && code != ErrorCode::kTimeout) throw;
            }
            asio::steady_timer pause(co_await asio::this_coro::executor, milliseconds(20));
            co_await pause.async_wait(asio::use_awaitable);
        }
    }

    LeadRepository leads_;
    asio::io_context context_;
    std::atomic<bool> stopped_ = false;
    std::atomic<bool> failed_ = false;
    std::atomic<Clock::time_point> latest_begin_{};
    std::vector<Delivery> acknowledged_;
    std::jthread thread_;
};

class ReplicaSetMongodb : public ::testing::Test {
  protected:
    static constexpr seconds kPatience{60};

    /// Until a turn that began after this moment is acknowledged.
    static Clock::duration wait_for_work(const Load& load) {
        const auto since = Clock::now();
        const Deadline patience = Deadline::in(kPatience);
        while (load.latest_begin() < since && !patience.passed()) {
            std::this_thread::sleep_for(milliseconds(5));
        }
        return Clock::now() - since;
    }
};

TEST_F(ReplicaSetMongodb, LosesNoTurnWhenItsPrimaryGoesAndWorkGoesOn) {
    Settings settings;
    settings.mongodb_database = "rapport_test_replica_set";
    ReplicaSet servers(settings.mongodb_database, soak_seed());
    const DatabaseUrl url{DatabaseUrl::Engine::kMongo, servers.uri()};
    DatabaseManager manager(settings, url);
    await(manager.connect());
    await(manager.create_indexes());

    servers.lose(0.01);
    Clock::duration longest{};
    Load load(manager, 32);
    wait_for_work(load);
    for (int i = 0; i < std::min(soak_scale(), 10); ++i) {
        const std::size_t gone = servers.kill_primary();
        longest = std::max(longest, wait_for_work(load));
        servers.start(gone);
        servers.step_down();
        longest = std::max(longest, wait_for_work(load));
        wait_for_work(load);
    }
    // Where the machine is busy, a hundredth of what was asked so far may be nothing.
    const Deadline patience = Deadline::in(kPatience);
    while (servers.lost() == 0 && !patience.passed()) std::this_thread::sleep_for(milliseconds(5));
    load.stop();
    servers.lose(0);
    EXPECT_FALSE(load.failed()) << "a turn got an error that is none of an outage";
    // Where other tests keep the machine busy, only that it goes on.
    EXPECT_LT(longest, soak_scale() > 1 ? seconds(15) : kPatience);
    EXPECT_GT(servers.lost(), 0);
    RecordProperty("longest_gap_ms", static_cast<int>(longest / milliseconds(1)));
    RecordProperty("lost_answers", servers.lost());
    RecordProperty("turns", static_cast<int>(load.acknowledged().size()));
    fmt::print("{} turns, {} answers lost, {} ms the longest gap\n", load.acknowledged().size(),
               servers.lost(), longest / milliseconds(1));
    EXPECT_EQ(find_fault(settings, url, load.acknowledged()), "");
    await(manager.disconnect());
}

}  // namespace
}  // namespace rapport::testing
