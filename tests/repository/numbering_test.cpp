#include "rapport/repository/numbering.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <map>

namespace rapport::testing {
namespace {

const Timestamp kStart{std::chrono::milliseconds(1'700'000'000'000)};

PlacedMessage placed(int minute, std::uint8_t id, std::optional<std::int64_t> seq = {}) {
    PlacedMessage message{kStart + std::chrono::minutes(minute)};
    message.id.bytes[11] = id;
    message.id.bytes[0] = 1;
    message.seq = seq;
    return message;
}

/// What each message has in the end, in the order in which they are given.
std::vector<std::int64_t> numbered(std::vector<PlacedMessage> messages, std::int64_t count) {
    for (const auto& [position, seq] : number_messages(messages, count)) {
        messages.at(position).seq = seq;
    }
    std::vector<std::int64_t> numbers;
    for (const PlacedMessage& message : messages) numbers.push_back(message.seq.value_or(0));
    return numbers;
}

using Numbers = std::vector<std::int64_t>;

TEST(Numbering, GoesByTimeAndThenById) {
    EXPECT_EQ(numbered({placed(2, 1), placed(1, 3), placed(1, 2)}, 3), (Numbers{3, 2, 1}));
}

TEST(Numbering, EndsAtTheLeadsCountWhereMessagesAreGone) {
    EXPECT_EQ(numbered({placed(1, 1), placed(2, 2)}, 7), (Numbers{6, 7}));
}

TEST(Numbering, StandsBelowWhatTurnsHaveTaken) {
    EXPECT_EQ(numbered({placed(1, 1), placed(2, 2), placed(3, 3, 3), placed(0, 4, 4)}, 4),
              (Numbers{1, 2, 3, 4}));
}

TEST(Numbering, LeavesTheOldestWithoutWhereTheNumbersRunOut) {
    EXPECT_EQ(numbered({placed(1, 1), placed(2, 2), placed(3, 3, 2)}, 2), (Numbers{0, 1, 2}));
}

TEST(Numbering, GoesOnWhereItWasCutShort) {
    EXPECT_EQ(numbered({placed(1, 1), placed(2, 2, 2), placed(3, 3), placed(4, 4, 4)}, 4),
              (Numbers{1, 2, 3, 4}));
}

TEST(Numbering, PassesATurnOfWhichAMessageIsGone) {
    // 7 is gone, 6 is a turn's, 5 to 3 were to be given, and 4 was.
    EXPECT_EQ(numbered({placed(3, 3), placed(4, 4, 4), placed(5, 5), placed(6, 6, 6)}, 7),
              (Numbers{3, 4, 5, 6}));
}

TEST(Numbering, TakesNoNumberOfATurnThatCameMeanwhile) {
    EXPECT_EQ(numbered({placed(1, 1), placed(2, 2), placed(3, 3, 3)}, 2), (Numbers{1, 2, 3}));
}

TEST(Numbering, HasNothingToSayOfNothing) {
    EXPECT_TRUE(number_messages({}, 5).empty());
    EXPECT_EQ(numbered({placed(1, 1)}, 0), (Numbers{0}));
    EXPECT_EQ(numbered({placed(1, 1, 9)}, 9), (Numbers{9}));
}

/// Whatever part of the numbers somebody has given, the rest is what it would have been.
RC_GTEST_PROP(Numbering, ComesToTheSameFromAnyPartOfItself, ()) {
    const int old = *rc::gen::inRange(0, 30);
    const int turns = *rc::gen::inRange(0, 10);
    const int gone = *rc::gen::inRange(0, 3);
    const int short_of = *rc::gen::inRange(0, 3);
    std::vector<PlacedMessage> messages;
    for (int i = 0; i < old; ++i) {
        messages.push_back(placed(*rc::gen::inRange(0, 20), static_cast<std::uint8_t>(i)));
    }
    const std::int64_t last_old = std::max(0, old + gone - short_of);
    for (int i = 0; i < turns; ++i) {
        messages.push_back(
            placed(*rc::gen::inRange(0, 40), static_cast<std::uint8_t>(100 + i), last_old + 1 + i));
    }
    const std::int64_t count = last_old + turns;
    const Numbers whole = numbered(messages, count);
    std::vector<PlacedMessage> part = messages;
    for (std::size_t i = 0; i < messages.size(); ++i) {
        if (whole[i] > 0 && *rc::gen::arbitrary<bool>()) part[i].seq = whole[i];
    }
    RC_ASSERT(numbered(part, count) == whole);
    std::vector<std::int64_t> given = whole;
    std::erase(given, 0);
    std::ranges::sort(given);
    RC_ASSERT(std::ranges::adjacent_find(given) == given.end());
    if (!given.empty()) RC_ASSERT(given.back() - given.front() + 1 == std::ssize(given));
}

}  // namespace
}  // namespace rapport::testing
