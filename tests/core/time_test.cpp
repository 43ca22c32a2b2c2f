#include "rapport/core/time.hpp"

#include <gtest/gtest.h>

#include <random>

#include "rapport/core/error.hpp"

namespace rapport {
namespace {

using std::chrono::milliseconds;
using std::chrono::sys_days;
using std::chrono::year;

Timestamp at(const char* text) {
    const auto time = parse_iso8601(text);
    EXPECT_TRUE(time) << text;
    return time.value_or(Timestamp{});
}

TEST(Time, NowHasNoPartBelowAMillisecondAndIsNow) {
    const auto before = std::chrono::floor<milliseconds>(std::chrono::system_clock::now());
    const Timestamp read = now();
    EXPECT_GE(read, before);
    EXPECT_LE(read, std::chrono::system_clock::now());
}

TEST(Time, IsWrittenInUtcWithMilliseconds) {
    EXPECT_EQ(to_iso8601(Timestamp{}), "1970-01-01T00:00:00.000Z");
    EXPECT_EQ(to_iso8601(Timestamp(milliseconds(1'795'421'700'007))), "2026-11-23T08:15:00.007Z");
    EXPECT_EQ(to_iso8601(Timestamp(milliseconds(-1))), "1969-12-31T23:59:59.999Z");
}

TEST(Time, ReadsBackWhatItWrote) {
    std::mt19937_64 random(1);
    const auto first = Timestamp(sys_days(year(1) / 1 / 1)).time_since_epoch().count();
    const auto end = Timestamp(sys_days(year(10000) / 1 / 1)).time_since_epoch().count();
    std::uniform_int_distribution<std::int64_t> any(first, end - 1);
    for (int i = 0; i < 10'000; ++i) {
        const Timestamp time{milliseconds(any(random))};
        const std::string text = to_iso8601(time);
        ASSERT_EQ(text.size(), 24U) << text;
        ASSERT_EQ(parse_iso8601(text), time) << text;
    }
}

TEST(Time, TextsSortAsTimesDo) {
    EXPECT_LT(to_iso8601(at("0987-01-01T00:00:00Z")), to_iso8601(at("1987-01-01T00:00:00Z")));
    EXPECT_LT(to_iso8601(at("2026-09-30T23:59:59.999Z")), to_iso8601(at("2026-10-01T00:00:00Z")));
}

TEST(Time, WritesNoYearOfMoreOrLessThanFourDigits) {
    EXPECT_EQ(to_iso8601(sys_days(year(1) / 1 / 1)), "0001-01-01T00:00:00.000Z");
    EXPECT_EQ(to_iso8601(Timestamp(sys_days(year(10000) / 1 / 1)) - milliseconds(1)),
              "9999-12-31T23:59:59.999Z");
    EXPECT_THROW(to_iso8601(sys_days(year(0) / 12 / 31)), InvalidArgument);
    EXPECT_THROW(to_iso8601(sys_days(year(10000) / 1 / 1)), InvalidArgument);
    // A year that 16 bits cannot hold looks like another one.
    EXPECT_THROW(
        to_iso8601(Timestamp(sys_days(year(2026) / 1 / 1)) + std::chrono::days(23'936'166)),
        InvalidArgument);
    EXPECT_THROW(to_iso8601(Timestamp::min()), InvalidArgument);
    EXPECT_THROW(to_iso8601(Timestamp::max()), InvalidArgument);
}

TEST(Time, ReadsOffsets) {
    const Timestamp time = at("2026-11-23T08:15:00Z");
    EXPECT_EQ(at("2026-11-23T02:15:00-06:00"), time);
    EXPECT_EQ(at("2026-11-23T13:45:00+0530"), time);
    EXPECT_EQ(at("2026-11-23T10:15:00+02"), time);
    EXPECT_EQ(at("2026-11-24T00:15:00+16:00"), time);
    EXPECT_EQ(at("2026-11-23T08:15:00z"), time);
}

TEST(Time, ReadsANaiveTimeAsUtc) {
    const Timestamp time = at("2026-11-23T08:15:00Z");
    EXPECT_EQ(at("2026-11-23T08:15:00"), time);
    EXPECT_EQ(at("2026-11-23 08:15"), time);
    EXPECT_EQ(at("2026-11-23"), time - std::chrono::hours(8) - std::chrono::minutes(15));
}

TEST(Time, CutsDecimalsToMilliseconds) {
    const Timestamp time = at("2026-11-23T08:15:00.123Z");
    EXPECT_EQ(time, at("2026-11-23T08:15:00Z") + milliseconds(123));
    EXPECT_EQ(at("2026-11-23T08:15:00.123999"), time);
    EXPECT_EQ(at("2026-11-23T08:15:00,123456789+00:00"), time);
    EXPECT_EQ(at("2026-11-23T08:15:00.1Z"), at("2026-11-23T08:15:00.100Z"));
}

class NotATime : public ::testing::TestWithParam<const char*> {};

TEST_P(NotATime, IsAbsent) { EXPECT_EQ(parse_iso8601(GetParam()), std::nullopt); }

INSTANTIATE_TEST_SUITE_P(
    Time, NotATime,
    ::testing::Values("", "now", "2026", "2026-11", "2026-13-01", "2026-02-30", "2025-02-29",
                      "0000-01-01", "2026-11-23T", "2026-11-23T8:15", "2026-11-23T24:00:00",
                      "2026-11-23T08:60:00", "2026-11-23T08:15:60", "2026-11-23T08:15:00.",
                      "2026-11-23T08:15:00.Z", "2026-11-23T08:15:00+", "2026-11-23T08:15:00+2",
                      "2026-11-23T08:15:00+24:00", "2026-11-23T08:15:00Z ", " 2026-11-23",
                      "2026-11-23T08:15:00Zulu", "2026-11-23T08:15:00+02:", "-026-11-23",
                      "2026/11/23", "20261123", "2026-11-23_08:15", "2026-11-2308:15"));

}  // namespace
}  // namespace rapport
