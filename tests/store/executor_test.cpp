#include "rapport/store/executor.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/system/system_error.hpp>
#include <chrono>
#include <future>
#include <latch>
#include <thread>

#include "rapport/core/error.hpp"
#include "tests/core/fastest_thread.hpp"

namespace rapport {
namespace {

namespace asio = boost::asio;
using testing::FastestThread;

/// What the workers of one test did, and a gate they stop at.
struct Log {
    std::latch first_started{1};
    std::latch gate{1};
    std::atomic<int> started = 0;
    std::atomic<int> finished = 0;
    std::atomic<int> destroyed = 0;
};

/// Runs nothing: stops at the gate, then answers how many operations had started before. A
/// UseNativeHandle runs without the gate.
class GatedWorker final : public Worker {
  public:
    explicit GatedWorker(Log& log) : log_(log) {}
    ~GatedWorker() override { ++log_.destroyed; }

    Result run(const Operation& operation, Deadline) override {
        const std::int64_t before = log_.started++;
        if (const auto* native = std::get_if<UseNativeHandle>(&operation)) {
            native->use(nullptr);
        } else {
            if (before == 0) log_.first_started.count_down();
            log_.gate.wait();
        }
        ++log_.finished;
        return before;
    }

  private:
    Log& log_;
};

class ExecutorTest : public ::testing::Test {
  protected:
    ExecutorTest() : io_thread_([this] { context_.run(); }) {}
    ~ExecutorTest() override {
        if (!opened_) log_.gate.count_down();
        executor_.finish();
        work_.reset();
    }

    static constexpr std::size_t kMaxWaiting = 2;

    std::future<Result> submit(Deadline deadline = {}) {
        return asio::co_spawn(context_, executor_.submit(Ping{}, deadline), asio::use_future);
    }
    std::future<Result> submit(asio::cancellation_signal& signal) {
        return asio::co_spawn(context_, executor_.submit(Ping{}, {}),
                              asio::bind_cancellation_slot(signal.slot(), asio::use_future));
    }
    /// Returns once everything submitted so far stands in the queue.
    void settle() {
        asio::post(context_, asio::use_future).get();
        asio::post(context_, asio::use_future).get();
    }
    void cancel(asio::cancellation_signal& signal) {
        asio::post(context_,
                   asio::use_future([&] { signal.emit(asio::cancellation_type::terminal); }))
            .get();
    }
    void open_gate() {
        opened_ = true;
        log_.gate.count_down();
    }

    static std::vector<std::unique_ptr<Worker>> one_worker(Log& log) {
        std::vector<std::unique_ptr<Worker>> workers;
        workers.push_back(std::make_unique<GatedWorker>(log));
        return workers;
    }
    template <class E>
    static void expect_error(std::future<Result>& result) {
        EXPECT_THROW(result.get(), E);
    }
    static void expect_cancelled(std::future<Result>& result) {
        try {
            result.get();
            ADD_FAILURE() << "was not cancelled";
        } catch (const boost::system::system_error& error) {
            EXPECT_EQ(error.code(), asio::error::operation_aborted);
        }
    }

    Log log_;
    bool opened_ = false;
    asio::io_context context_;
    asio::executor_work_guard<asio::io_context::executor_type> work_{context_.get_executor()};
    Executor executor_{one_worker(log_), kMaxWaiting};
    std::jthread io_thread_;
};

TEST_F(ExecutorTest, RunsOperationsInTheOrderTheyCame) {
    auto first = submit();
    log_.first_started.wait();
    auto second = submit();
    auto third = submit();
    settle();
    open_gate();
    EXPECT_EQ(std::get<std::int64_t>(first.get()), 0);
    EXPECT_EQ(std::get<std::int64_t>(second.get()), 1);
    EXPECT_EQ(std::get<std::int64_t>(third.get()), 2);
}

TEST_F(ExecutorTest, AFullQueueRefusesAtOnceAndKeepsWhatWaits) {
    auto running = submit();
    log_.first_started.wait();
    auto waiting = submit();
    auto also_waiting = submit();
    settle();
    auto refused = submit();
    expect_error<Overloaded>(refused);
    open_gate();
    running.get();
    waiting.get();
    also_waiting.get();
    EXPECT_EQ(log_.finished, 3);
}

TEST_F(ExecutorTest, CancellingWhatWaitsMeansItNeverStarts) {
    auto running = submit();
    log_.first_started.wait();
    asio::cancellation_signal signal;
    auto waiting = submit(signal);
    settle();
    cancel(signal);
    expect_cancelled(waiting);
    open_gate();
    running.get();
    executor_.finish();
    EXPECT_EQ(log_.started, 1);
}

TEST_F(ExecutorTest, CancellingWhatRunsAnswersTheCallerAndLetsItFinish) {
    asio::cancellation_signal signal;
    auto running = submit(signal);
    log_.first_started.wait();
    cancel(signal);
    expect_cancelled(running);
    EXPECT_EQ(log_.finished, 0);
    open_gate();
    executor_.finish();
    EXPECT_EQ(log_.finished, 1);
}

TEST_F(ExecutorTest, ADeadlineThatPassesInTheQueueMeansItNeverStarts) {
    auto running = submit();
    log_.first_started.wait();
    auto late = submit(Deadline::in(std::chrono::milliseconds(1)));
    expect_error<Timeout>(late);
    open_gate();
    running.get();
    executor_.finish();
    EXPECT_EQ(log_.started, 1);
}

TEST_F(ExecutorTest, WhatIsLateAlreadyNeverStarts) {
    open_gate();
    auto late = submit(Deadline::in(std::chrono::milliseconds(0)));
    expect_error<Timeout>(late);
    executor_.finish();
    EXPECT_EQ(log_.started, 0);
}

TEST_F(ExecutorTest, ADeadlineThatPassesWhileItRunsFreesTheCallerOnly) {
    // However slow the machine, one of these deadlines is late enough for the work to start.
    for (std::chrono::milliseconds time{1}; log_.started == 0; time *= 2) {
        auto running = submit(Deadline::in(time));
        expect_error<Timeout>(running);
        // A worker that is not given the machine would else find the queue full of these.
        while (executor_.counters().waiting > 0 && log_.started == 0) std::this_thread::yield();
    }
    open_gate();
    executor_.finish();
    EXPECT_EQ(log_.finished, 1);
}

TEST_F(ExecutorTest, FinishRunsWhatWaitsAndDestroysTheWorkers) {
    auto running = submit();
    log_.first_started.wait();
    auto waiting = submit();
    settle();
    open_gate();
    executor_.finish();
    EXPECT_EQ(log_.finished, 2);
    EXPECT_EQ(log_.destroyed, 1);
    running.get();
    waiting.get();
}

TEST_F(ExecutorTest, AfterFinishNothingIsTaken) {
    open_gate();
    executor_.finish();
    auto result = submit();
    expect_error<NotConnected>(result);
}

/// The answer is there, and the coroutine gone, while the operation is still being handed over.
TEST_F(ExecutorTest, TheCallersOtherThreadsMayBeFaster) {
    open_gate();
    executor_.finish();
    asio::io_context never_run;
    std::vector<std::string> reused;
    bool refused = false;
    const auto submit_and_reuse = [&]() -> Async<void> {
        try {
            co_await executor_.submit(Ping{}, {});
        } catch (const NotConnected&) {
            refused = true;
        }
        for (std::size_t size = 64; size < 4096; size += 16) reused.emplace_back(size, '\xa5');
    };
    asio::co_spawn(FastestThread(never_run), submit_and_reuse(), asio::detached);
    EXPECT_TRUE(refused);
}

TEST_F(ExecutorTest, AnErrorReachesItsCallerAndTheWorkerGoesOn) {
    open_gate();
    const UseNativeHandle failing{[](void*) { throw Corrupt("damaged"); }};
    auto failed = asio::co_spawn(context_, executor_.submit(failing, {}), asio::use_future);
    expect_error<Corrupt>(failed);
    submit().get();
    EXPECT_EQ(log_.finished, 1);
}

TEST(ExecutorWorkersTest, EachThreadRunsItsOwnWorkerAtTheSameTime) {
    std::latch both_in{2};
    Log log;
    std::vector<std::unique_ptr<Worker>> workers;
    workers.push_back(std::make_unique<GatedWorker>(log));
    workers.push_back(std::make_unique<GatedWorker>(log));
    Executor executor(std::move(workers), 10);
    asio::io_context context;
    const UseNativeHandle meet{[&](void*) { both_in.arrive_and_wait(); }};
    auto one = asio::co_spawn(context, executor.submit(meet, {}), asio::use_future);
    auto two = asio::co_spawn(context, executor.submit(meet, {}), asio::use_future);
    context.run();
    one.get();
    two.get();
    EXPECT_EQ(log.finished, 2);
}

}  // namespace
}  // namespace rapport
