#include "rapport/core/keyed_mutex.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "rapport/core/error.hpp"

namespace rapport {
namespace {

namespace asio = boost::asio;

Async<void> yield() {
    co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable);
}

class KeyedMutexTest : public ::testing::Test {
  protected:
    /// Takes the key, notes its name, holds it over a few turns of the event loop.
    Async<void> visit(std::string key, std::string name) {
        const auto lock = co_await mutex_.lock(key, {});
        log_.push_back(name);
        for (int i = 0; i < 3; ++i) co_await yield();
        log_.push_back(name + " gone");
    }

    /// One who waits for the key until the deadline; what became of it.
    struct Guest {
        bool entered = false;
        std::exception_ptr error;
        asio::cancellation_signal cancel;
    };
    std::shared_ptr<Guest> wait_for(std::string key, Deadline deadline = {}) {
        auto guest = std::make_shared<Guest>();
        asio::co_spawn(
            context_,
            [](KeyedMutex mutex, std::string wanted, Deadline until,
               std::shared_ptr<Guest> who) -> Async<void> {
                const auto lock = co_await mutex.lock(wanted, until);
                who->entered = true;
            }(mutex_, std::move(key), deadline, guest),
            asio::bind_cancellation_slot(
                guest->cancel.slot(),
                [guest](const std::exception_ptr& error) { guest->error = error; }));
        return guest;
    }

    KeyedMutex::Lock hold(std::string key) { return await(mutex_.lock(std::move(key), {})); }

    asio::io_context context_;
    KeyedMutex mutex_;
    std::vector<std::string> log_;
};

TEST_F(KeyedMutexTest, LetsOneAtATimeThroughInTheOrderInWhichTheyCame) {
    for (const char* name : {"a", "b", "c"}) {
        asio::co_spawn(context_, visit("key", name), asio::detached);
    }
    context_.run();
    EXPECT_EQ(log_, (std::vector<std::string>{"a", "a gone", "b", "b gone", "c", "c gone"}));
}

TEST_F(KeyedMutexTest, DifferentKeysDoNotWaitForEachOther) {
    for (const char* name : {"a", "b"}) {
        asio::co_spawn(context_, visit(name, name), asio::detached);
    }
    context_.run();
    EXPECT_EQ(log_, (std::vector<std::string>{"a", "b", "a gone", "b gone"}));
}

TEST_F(KeyedMutexTest, ItsDeadlineEndsAWaitAndTheNextOneGetsTheKey) {
    auto lock = std::make_unique<KeyedMutex::Lock>(hold("key"));
    const auto late = wait_for("key", Deadline::in(std::chrono::milliseconds(1)));
    const auto next = wait_for("key");
    while (!late->error) context_.run_one();
    EXPECT_THROW(std::rethrow_exception(late->error), Timeout);
    EXPECT_FALSE(next->entered);
    lock.reset();
    context_.run();
    EXPECT_TRUE(next->entered);
}

TEST_F(KeyedMutexTest, WhoeverIsCancelledIsPassedOver) {
    auto lock = std::make_unique<KeyedMutex::Lock>(hold("key"));
    const auto gone = wait_for("key");
    const auto next = wait_for("key");
    context_.poll();
    gone->cancel.emit(asio::cancellation_type::terminal);
    context_.poll();
    ASSERT_TRUE(gone->error);
    EXPECT_THROW(std::rethrow_exception(gone->error), boost::system::system_error);
    lock.reset();
    context_.run();
    EXPECT_TRUE(next->entered);
    EXPECT_FALSE(gone->entered);
}

/// Its event loop was taken down between the key's coming and its own going on.
TEST_F(KeyedMutexTest, AKeyGivenToOneWhoIsNoMoreGoesToTheNext) {
    auto lock = std::make_unique<KeyedMutex::Lock>(hold("key"));
    auto other = std::make_unique<asio::io_context>();
    asio::co_spawn(*other, visit("key", "never"), asio::detached);
    other->poll();
    const auto next = wait_for("key");
    context_.poll();
    lock.reset();
    other.reset();
    context_.run();
    EXPECT_TRUE(next->entered);
    EXPECT_TRUE(log_.empty());
}

/// A wait may be over, and its coroutine gone, while it is still being begun.
TEST_F(KeyedMutexTest, WhoeverIsLateAlreadyIsRefusedByAnyThread) {
    constexpr int kWaits = 2'000;
    const auto lock = hold("key");
    std::atomic<int> late = 0;
    asio::thread_pool threads(4);
    for (int i = 0; i < kWaits; ++i) {
        asio::co_spawn(threads, mutex_.lock("key", Deadline::in(std::chrono::seconds(0))),
                       [&late](const std::exception_ptr& error, const KeyedMutex::Lock&) {
                           EXPECT_THROW(std::rethrow_exception(error), Timeout);
                           ++late;
                       });
    }
    threads.join();
    EXPECT_EQ(late, kWaits);
}

TEST_F(KeyedMutexTest, HoldsAcrossThreads) {
    constexpr int kVisits = 200;
    const std::vector<std::string> keys{"a", "b", "c"};
    std::map<std::string, int> inside;
    std::map<std::string, int> counts;
    for (const std::string& key : keys) inside[key] = counts[key] = 0;
    std::atomic<int> overlaps = 0;
    asio::thread_pool threads(4);
    for (int i = 0; i < kVisits * 3; ++i) {
        asio::co_spawn(
            threads,
            [](KeyedMutex mutex, std::string key, int& there, int& count,
               std::atomic<int>& wrong) -> Async<void> {
                const auto lock = co_await mutex.lock(key, {});
                if (++there != 1) ++wrong;
                co_await yield();
                ++count;
                --there;
            }(mutex_, keys[i % 3], inside[keys[i % 3]], counts[keys[i % 3]], overlaps),
            asio::detached);
    }
    threads.join();
    EXPECT_EQ(overlaps, 0);
    for (const std::string& key : keys) EXPECT_EQ(counts[key], kVisits);
}

}  // namespace
}  // namespace rapport
