#include "rapport/core/await.hpp"

#include <gtest/gtest.h>

#include "rapport/core/deadline.hpp"
#include "rapport/core/error.hpp"

namespace rapport {
namespace {

TEST(Await, ReturnsTheResult) {
    EXPECT_EQ(await([]() -> Async<int> { co_return 7; }()), 7);
    bool ran = false;
    await([](bool& flag) -> Async<void> {
        flag = true;
        co_return;
    }(ran));
    EXPECT_TRUE(ran);
}

TEST(Await, ThrowsTheError) {
    const auto fail = []() -> Async<int> {
        throw VersionConflict("stale");
        co_return 0;
    };
    EXPECT_THROW(await(fail()), VersionConflict);
}

TEST(Deadline, DefaultsToThirtySeconds) {
    const auto left = Deadline().left();
    EXPECT_LE(left, std::chrono::seconds(30));
    EXPECT_GT(left, std::chrono::seconds(25));
}

TEST(Deadline, HasNothingLeftOnceItPassed) {
    const Deadline past = Deadline::in(-std::chrono::seconds(1));
    EXPECT_TRUE(past.passed());
    EXPECT_EQ(past.left().count(), 0);
    EXPECT_FALSE(Deadline().passed());
}

TEST(Error, EveryCodeHasItsName) {
    EXPECT_EQ(to_string(NotConnected("x").code()), "NotConnected");
    EXPECT_EQ(to_string(InvalidArgument("x").code()), "InvalidArgument");
    EXPECT_EQ(to_string(DuplicateKey("x").code()), "DuplicateKey");
    EXPECT_EQ(to_string(VersionConflict("x").code()), "VersionConflict");
    EXPECT_EQ(to_string(InvalidDocument("x").code()), "InvalidDocument");
    EXPECT_EQ(to_string(Timeout("x").code()), "Timeout");
    EXPECT_EQ(to_string(Unavailable("x").code()), "Unavailable");
    EXPECT_EQ(to_string(Overloaded("x").code()), "Overloaded");
    EXPECT_EQ(to_string(Corrupt("x").code()), "Corrupt");
}

TEST(Error, IsCaughtByItsClassOrByTheRoot) {
    EXPECT_THROW(throw DuplicateKey("x"), Error);
    EXPECT_STREQ(DuplicateKey("the reason").what(), "the reason");
}

}  // namespace
}  // namespace rapport
