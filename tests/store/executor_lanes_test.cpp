#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <chrono>
#include <condition_variable>
#include <future>
#include <latch>
#include <mutex>
#include <set>
#include <stdexcept>
#include <thread>

#include "rapport/core/error.hpp"
#include "rapport/store/executor.hpp"

namespace rapport {
namespace {

namespace asio = boost::asio;

/// Where the first operation of a test stops.
struct Gate {
    std::latch first_started{1};
    std::latch gate{1};
};

/// Notes what it is given together; the first operation waits until the gate opens.
class NotingWorker final : public Worker {
  public:
    NotingWorker(Gate& gate, std::vector<std::size_t>& sizes) : gate_(gate), sizes_(sizes) {}

    Result run(const Operation&, Deadline) override {
        sizes_.push_back(1);
        gate_.first_started.count_down();
        gate_.gate.wait();
        return std::int64_t{1};
    }
    std::vector<Outcome> run_together(const std::vector<const Operation*>& operations,
                                      Deadline) override {
        sizes_.push_back(operations.size());
        std::vector<Outcome> outcomes(operations.size());
        outcomes.front().error = std::make_exception_ptr(DuplicateKey("its own"));
        for (Outcome& outcome : outcomes) outcome.result = std::int64_t{2};
        return outcomes;
    }

  private:
    Gate& gate_;
    std::vector<std::size_t>& sizes_;
};

class OneLane final : public Lanes {
  public:
    explicit OneLane(std::size_t most) : most_(most) {}
    std::size_t lane_of(const Operation&) const override { return 1; }
    std::size_t most_under_way(std::size_t) const override { return most_; }

  private:
    std::size_t most_;
};

class ExecutorLaneTest : public ::testing::Test {
  protected:
    explicit ExecutorLaneTest(std::size_t most_under_way = 1) {
        std::vector<std::unique_ptr<Worker>> workers;
        workers.push_back(std::make_unique<NotingWorker>(gate_, sizes_));
        workers.push_back(std::make_unique<NotingWorker>(gate_, sizes_));
        executor_ = std::make_unique<Executor>(std::move(workers), 10,
                                               std::make_unique<OneLane>(most_under_way));
    }

    std::future<Result> submit(Deadline deadline = {}) {
        return asio::co_spawn(context_, executor_->submit(Ping{}, deadline), asio::use_future);
    }

    Gate gate_;
    std::vector<std::size_t> sizes_;
    asio::io_context context_;
    std::unique_ptr<Executor> executor_;
};

TEST_F(ExecutorLaneTest, WhatWaitsRunsTogetherAndEachHearsItsOwn) {
    auto first = submit();
    context_.poll();
    gate_.first_started.wait();
    auto second = submit();
    auto third = submit();
    auto fourth = submit();
    context_.poll();
    EXPECT_EQ(executor_->counters().waiting, 3U) << "one batch of a lane at a time";
    gate_.gate.count_down();
    context_.run();
    EXPECT_EQ(std::get<std::int64_t>(first.get()), 1);
    EXPECT_THROW(second.get(), DuplicateKey);
    EXPECT_EQ(std::get<std::int64_t>(third.get()), 2);
    EXPECT_EQ(std::get<std::int64_t>(fourth.get()), 2);
    EXPECT_EQ(sizes_, (std::vector<std::size_t>{1, 3}));
    const StoreCounters counters = executor_->counters();
    EXPECT_EQ(counters.operations, 4U);
    EXPECT_EQ(counters.batches, 2U);
    EXPECT_EQ(counters.batch_sizes[0], 1U);
    EXPECT_EQ(counters.batch_sizes[1], 1U) << "two or three";
}

TEST_F(ExecutorLaneTest, WhatIsLateIsLeftOutOfItsBatch) {
    auto first = submit();
    context_.poll();
    gate_.first_started.wait();
    auto late = submit(Deadline::in(std::chrono::milliseconds(1)));
    auto second = submit();
    auto third = submit();
    context_.run_for(std::chrono::milliseconds(20));
    EXPECT_THROW(late.get(), Timeout);
    gate_.gate.count_down();
    context_.run();
    EXPECT_EQ(std::get<std::int64_t>(first.get()), 1);
    EXPECT_THROW(second.get(), DuplicateKey);
    EXPECT_EQ(std::get<std::int64_t>(third.get()), 2);
    EXPECT_EQ(sizes_.back(), 2U);
}

class ExecutorTwoBatchesTest : public ExecutorLaneTest {
  protected:
    ExecutorTwoBatchesTest() : ExecutorLaneTest(2) {}
};

/// A batch that took all would leave the other one small, and so it would stay.
TEST_F(ExecutorTwoBatchesTest, EachTakesItsShareOfWhatIsInTheLane) {
    auto first = submit();
    context_.poll();
    gate_.first_started.wait();
    std::vector<std::future<Result>> rest;
    for (int i = 0; i < 5; ++i) rest.push_back(submit());
    while (rest.back().wait_for(std::chrono::seconds(0)) != std::future_status::ready) {
        context_.run_one();
    }
    EXPECT_EQ(sizes_, (std::vector<std::size_t>{1, 3, 2})) << "while the first is still at work";
    gate_.gate.count_down();
    context_.run();
    first.get();
}

/// Whoever is answered asks again at once, as one who loads comes to commit.
TEST_F(ExecutorLaneTest, ThoseWhoAreAnsweredTogetherAreFoundTogether) {
    auto first = submit();
    context_.poll();
    gate_.first_started.wait();
    constexpr int kCallers = 5;
    int answered = 0;
    for (int i = 0; i < kCallers; ++i) {
        asio::co_spawn(
            context_,
            [](Executor& executor) -> Async<void> {
                for (int step = 0; step < 3; ++step) {
                    try {
                        co_await executor.submit(Ping{}, {});
                    } catch (const DuplicateKey&) {
                        continue;  // the first one's own error
                    }
                }
            }(*executor_),
            [&](const std::exception_ptr& error) { answered += error ? 0 : 1; });
    }
    context_.poll();
    gate_.gate.count_down();
    context_.run();
    EXPECT_EQ(answered, kCallers);
    EXPECT_EQ(sizes_, (std::vector<std::size_t>{1, kCallers, kCallers, kCallers}));
    first.get();
}

TEST_F(ExecutorLaneTest, WhatOneCallerThrowsDoesNotKeepTheOthersFromTheirAnswers) {
    auto first = submit();
    context_.poll();
    gate_.first_started.wait();
    int answered = 0;
    for (int i = 0; i < 3; ++i) {
        asio::co_spawn(context_, executor_->submit(Ping{}, {}),
                       [&](const std::exception_ptr&, const Result&) {
                           if (++answered == 1) throw std::runtime_error("a caller's own");
                       });
    }
    context_.poll();
    gate_.gate.count_down();
    EXPECT_THROW(context_.run(), std::runtime_error);
    context_.run();
    EXPECT_EQ(answered, 3);
    first.get();
}

/// Lane 1 for pings, lane 2 for the rest, which those of lane 1 come to next.
class FedLanes final : public Lanes {
  public:
    std::size_t lane_of(const Operation& operation) const override {
        return std::holds_alternative<Ping>(operation) ? 1 : 2;
    }
    std::size_t most_under_way(std::size_t) const override { return 2; }
    std::size_t fed_by(std::size_t lane) const override { return lane == 2 ? 1 : kAlone; }
};

/// Notes what it begins, and ends it when it is let.
class SteppedWorker final : public Worker {
  public:
    struct Steps {
        std::mutex mutex;
        std::condition_variable changed;
        std::vector<std::string> begun{};
        std::multiset<std::string> may_end{};

        void wait_for(std::size_t count) {
            std::unique_lock lock(mutex);
            changed.wait(lock, [&] { return begun.size() >= count; });
        }
        void end(const std::string& name) {
            const std::scoped_lock lock(mutex);
            may_end.insert(name);
            changed.notify_all();
        }
        std::vector<std::string> all() {
            const std::scoped_lock lock(mutex);
            return begun;
        }
    };
    explicit SteppedWorker(Steps& steps) : steps_(steps) {}

    Result run(const Operation& operation, Deadline) override {
        step(operation, 1);
        return {};
    }
    std::vector<Outcome> run_together(const std::vector<const Operation*>& operations,
                                      Deadline) override {
        step(*operations.front(), operations.size());
        return std::vector<Outcome>(operations.size());
    }

  private:
    void step(const Operation& operation, std::size_t count) {
        const std::string kind = std::holds_alternative<Ping>(operation) ? "load" : "commit";
        std::unique_lock lock(steps_.mutex);
        steps_.begun.push_back(kind + " " + std::to_string(count));
        steps_.changed.notify_all();
        steps_.changed.wait(lock, [&] { return steps_.may_end.contains(kind); });
        steps_.may_end.erase(steps_.may_end.find(kind));
    }

    Steps& steps_;
};

TEST(ExecutorFedLaneTest, ASmallBatchWaitsForThoseWhoWillCome) {
    SteppedWorker::Steps steps;
    std::vector<std::unique_ptr<Worker>> workers;
    for (int i = 0; i < 3; ++i) workers.push_back(std::make_unique<SteppedWorker>(steps));
    Executor executor(std::move(workers), 10, std::make_unique<FedLanes>());
    asio::io_context context;
    const auto submit = [&](Operation operation) {
        return asio::co_spawn(context, executor.submit(std::move(operation), {}), asio::use_future);
    };
    const auto settle = [&] {
        context.restart();
        context.poll();
    };
    auto running = submit(EnsureIndexes{});
    settle();
    steps.wait_for(1);
    auto coming = asio::co_spawn(
        context,
        [&]() -> Async<void> {
            co_await executor.submit(Ping{}, {});
            co_await executor.submit(EnsureIndexes{}, {});
        },
        asio::use_future);
    settle();
    steps.wait_for(2);
    auto waiting = submit(EnsureIndexes{});
    settle();
    EXPECT_EQ(steps.all(), (std::vector<std::string>{"commit 1", "load 1"}));

    // Who was loaded is answered, and comes: both go as one.
    steps.end("load");
    while (steps.all().size() < 3) {
        settle();
        std::this_thread::yield();
    }
    EXPECT_EQ(steps.all().back(), "commit 2");
    for (int i = 0; i < 3; ++i) steps.end("commit");
    executor.finish();
    settle();
    running.get();
    waiting.get();
    coming.get();
}

}  // namespace
}  // namespace rapport
