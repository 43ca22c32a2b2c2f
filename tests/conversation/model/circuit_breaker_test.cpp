#include "rapport/conversation/model/circuit_breaker.hpp"

#include <gtest/gtest.h>

#include <optional>

namespace rapport {
namespace {

using State = CircuitBreaker::State;
using std::chrono::seconds;

class Breaker : public ::testing::Test {
  protected:
    void fail(int times) {
        for (int i = 0; i < times; ++i) breaker.ask()->failed();
    }
    void open() {
        fail(3);
        ASSERT_EQ(breaker.state(), State::kOpen);
    }

    CircuitBreaker::Clock::time_point time{};
    CircuitBreaker breaker{{.failures_to_open = 3, .pause = seconds(30)}, [this] { return time; }};
};

TEST_F(Breaker, OpensAfterSoManyFailuresInARow) {
    fail(2);
    breaker.ask()->succeeded();
    fail(2);
    EXPECT_EQ(breaker.state(), State::kClosed);
    fail(1);
    EXPECT_EQ(breaker.state(), State::kOpen);
    EXPECT_FALSE(breaker.ask());
}

TEST_F(Breaker, LetsOneProbeThroughAfterThePause) {
    open();
    time += seconds(29);
    EXPECT_FALSE(breaker.ask());
    time += seconds(1);
    const auto probe = breaker.ask();
    EXPECT_TRUE(probe);
    EXPECT_EQ(breaker.state(), State::kHalfOpen);
    EXPECT_FALSE(breaker.ask());
}

TEST_F(Breaker, ClosesWhenTheProbeSucceeds) {
    open();
    time += seconds(30);
    breaker.ask()->succeeded();
    EXPECT_EQ(breaker.state(), State::kClosed);
    fail(2);
    EXPECT_EQ(breaker.state(), State::kClosed);
}

TEST_F(Breaker, OpensAgainForAWholePauseWhenTheProbeFails) {
    open();
    time += seconds(30);
    breaker.ask()->failed();
    EXPECT_EQ(breaker.state(), State::kOpen);
    time += seconds(29);
    EXPECT_FALSE(breaker.ask());
    time += seconds(1);
    EXPECT_TRUE(breaker.ask());
}

TEST_F(Breaker, MakesRoomForAnotherProbeWhenOneIsAbandoned) {
    open();
    time += seconds(30);
    for (int i = 0; i < 3; ++i) {
        // Moving it on, as a coroutine does, is not abandoning it.
        std::optional<CircuitBreaker::Permit> moved;
        {
            auto probe = breaker.ask();
            ASSERT_TRUE(probe);
            moved.emplace(std::move(*probe));
        }
        EXPECT_FALSE(breaker.ask());
    }
    EXPECT_EQ(breaker.state(), State::kOpen);
    breaker.ask()->succeeded();
    EXPECT_EQ(breaker.state(), State::kClosed);
}

TEST_F(Breaker, AbandonedCallsCountAsNeither) {
    fail(2);
    breaker.ask().reset();
    EXPECT_EQ(breaker.state(), State::kClosed);
    fail(1);
    EXPECT_EQ(breaker.state(), State::kOpen);
}

TEST_F(Breaker, HearsNothingFromCallsOfAnEarlierState) {
    auto late_success = breaker.ask();
    auto late_failure = breaker.ask();
    open();
    late_success->succeeded();
    EXPECT_EQ(breaker.state(), State::kOpen);
    time += seconds(30);
    auto probe = breaker.ask();
    late_failure->failed();
    EXPECT_EQ(breaker.state(), State::kHalfOpen);
    probe->succeeded();
    EXPECT_EQ(breaker.state(), State::kClosed);
}

}  // namespace
}  // namespace rapport
