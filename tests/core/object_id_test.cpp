#include "rapport/core/object_id.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

namespace rapport {
namespace {

TEST(ObjectId, IsWrittenAsTwentyFourDigitsAndReadBack) {
    const auto id = ObjectId::parse("507F1f77bcf86cd799439011");
    ASSERT_TRUE(id);
    EXPECT_EQ(id->bytes[0], 0x50);
    EXPECT_EQ(id->bytes[11], 0x11);
    EXPECT_EQ(id->to_string(), "507f1f77bcf86cd799439011");
}

TEST(ObjectId, IsAbsentForAnythingElse) {
    for (const char* text : {"", "abc", "507f1f77bcf86cd79943901", "507f1f77bcf86cd7994390111",
                             "507f1f77bcf86cd79943901g", " 07f1f77bcf86cd799439011",
                             "507f1f77-bcf8-6cd7-9943-", "+5215512345678"}) {
        EXPECT_EQ(ObjectId::parse(text), std::nullopt) << text;
    }
}

TEST(ObjectId, OnlyTheZeroIdIsEmpty) {
    EXPECT_TRUE(ObjectId{}.empty());
    EXPECT_FALSE(ObjectId::generate().empty());
    EXPECT_FALSE(ObjectId::parse("000000000000000000000001")->empty());
}

TEST(ObjectId, StartsWithTheSecondsSince1970) {
    const auto seconds = [](ObjectId id) {
        return std::uint32_t(id.bytes[0]) << 24 | std::uint32_t(id.bytes[1]) << 16 |
               std::uint32_t(id.bytes[2]) << 8 | id.bytes[3];
    };
    const auto clock = [] {
        return std::chrono::duration_cast<std::chrono::seconds>(
                   std::chrono::system_clock::now().time_since_epoch())
            .count();
    };
    const auto before = clock();
    const auto made = seconds(ObjectId::generate());
    EXPECT_GE(made, before);
    EXPECT_LE(made, clock());
}

TEST(ObjectId, ThreadsNeverMakeTheSameOne) {
    constexpr int kThreads = 8;
    constexpr int kEach = 5'000;
    std::mutex mutex;
    std::set<ObjectId> all;
    {
        std::vector<std::jthread> threads;
        for (int i = 0; i < kThreads; ++i) {
            threads.emplace_back([&] {
                std::vector<ObjectId> mine(kEach);
                std::ranges::generate(mine, ObjectId::generate);
                const std::scoped_lock lock(mutex);
                all.insert(mine.begin(), mine.end());
            });
        }
    }
    EXPECT_EQ(all.size(), kThreads * kEach);
}

TEST(ObjectId, AChildOfForkMakesOthers) {
    ObjectId::generate();
    std::array<int, 2> pipe{};
    ASSERT_EQ(::pipe(pipe.data()), 0);
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
        const ObjectId made = ObjectId::generate();
        const bool told = ::write(pipe[1], made.bytes.data(), made.bytes.size()) == 12;
        ::_exit(told ? 0 : 1);
    }
    ObjectId of_child;
    EXPECT_EQ(::read(pipe[0], of_child.bytes.data(), of_child.bytes.size()), 12);
    EXPECT_EQ(::waitpid(child, nullptr, 0), child);
    for (const int end : pipe) ::close(end);
    const auto random_part = [](ObjectId id) {
        return std::vector<std::uint8_t>(id.bytes.begin() + 4, id.bytes.begin() + 9);
    };
    const ObjectId of_parent = ObjectId::generate();
    EXPECT_NE(random_part(of_child), random_part(of_parent));
    // It stays the same within a process.
    EXPECT_EQ(random_part(of_parent), random_part(ObjectId::generate()));
}

TEST(ObjectId, SortsByItsBytes) {
    EXPECT_LT(*ObjectId::parse("000000000000000000000fff"),
              *ObjectId::parse("000000000000000000001000"));
    EXPECT_LT(*ObjectId::parse("7fffffffffffffffffffffff"),
              *ObjectId::parse("800000000000000000000000"));
}

}  // namespace
}  // namespace rapport
