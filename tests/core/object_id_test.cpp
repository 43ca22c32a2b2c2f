#include "rapport/core/object_id.hpp"

#include <gtest/gtest.h>

#include <algorithm>
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

TEST(ObjectId, SortsByItsBytes) {
    EXPECT_LT(*ObjectId::parse("000000000000000000000fff"),
              *ObjectId::parse("000000000000000000001000"));
    EXPECT_LT(*ObjectId::parse("7fffffffffffffffffffffff"),
              *ObjectId::parse("800000000000000000000000"));
}

}  // namespace
}  // namespace rapport
