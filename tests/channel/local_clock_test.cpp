#include "rapport/channel/local_clock.hpp"

#include <gtest/gtest.h>
#include <stdlib.h>

#include "rapport/core/error.hpp"

namespace rapport {
namespace {

using namespace std::chrono;

local_time<seconds> local(year_month_day day, hours hour, minutes minute) {
    return local_days(day) + hour + minute;
}

std::string utc(const std::string& zone, year_month_day day, int hour, int minute) {
    return to_iso8601(LocalClock(zone).to_utc(local(day, hours(hour), minutes(minute))));
}

TEST(LocalClock, ReadsAZonesOffsetOfThatDay) {
    EXPECT_EQ(utc("UTC", 2021y / 12 / 24, 18, 5), "2021-12-24T18:05:00.000Z");
    EXPECT_EQ(utc("Etc/UTC", 2021y / 12 / 24, 18, 5), "2021-12-24T18:05:00.000Z");
    EXPECT_EQ(utc("America/Mexico_City", 2021y / 12 / 24, 18, 5), "2021-12-25T00:05:00.000Z");
    EXPECT_EQ(utc("Europe/Madrid", 2021y / 7 / 1, 18, 5), "2021-07-01T16:05:00.000Z");
    EXPECT_EQ(utc("Asia/Kolkata", 2021y / 7 / 1, 18, 5), "2021-07-01T12:35:00.000Z");
}

TEST(LocalClock, TakesTheEarlierOfTwoMoments) {
    // At 03:00 summer time the clock went back to 02:00.
    EXPECT_EQ(utc("Europe/Madrid", 2021y / 10 / 31, 2, 30), "2021-10-31T00:30:00.000Z");
    EXPECT_EQ(utc("Europe/Madrid", 2021y / 10 / 31, 3, 30), "2021-10-31T02:30:00.000Z");
}

TEST(LocalClock, ReadsATimeThatWasSkippedAsIfTheClockHadNotBeenSet) {
    // At 02:00 the clock went on to 03:00: 02:30 is 03:30.
    EXPECT_EQ(utc("Europe/Madrid", 2021y / 3 / 28, 2, 30), "2021-03-28T01:30:00.000Z");
    EXPECT_EQ(utc("Europe/Madrid", 2021y / 3 / 28, 3, 30), "2021-03-28T01:30:00.000Z");
}

TEST(LocalClock, RefusesAnUnknownZoneAndSaysWhatOneLooksLike) {
    for (const std::string zone :
         {"Mexico", "CDMX", "", "../../etc/passwd", "America/", "+02:00"}) {
        try {
            const LocalClock clock(zone);
            ADD_FAILURE() << zone;
        } catch (const InvalidArgument& error) {
            EXPECT_NE(std::string(error.what()).find("America/Mexico_City"), std::string::npos);
        }
    }
}

/// Sets TZ and puts it back.
class ZoneVariable {
  public:
    explicit ZoneVariable(const char* value) {
        if (const char* old = ::getenv("TZ")) old_ = old;
        ::setenv("TZ", value, 1);
    }
    ~ZoneVariable() { old_.empty() ? ::unsetenv("TZ") : ::setenv("TZ", old_.c_str(), 1); }
    ZoneVariable(const ZoneVariable&) = delete;
    ZoneVariable& operator=(const ZoneVariable&) = delete;

  private:
    std::string old_;
};

TEST(LocalClock, NamesTheSystemsZone) {
    const std::vector<std::pair<const char*, std::string>> zones{
        {"Europe/Madrid", "Europe/Madrid"},
        {":Europe/Madrid", "Europe/Madrid"},
        {"/usr/share/zoneinfo/Europe/Madrid", "Europe/Madrid"},
        {"EST5EDT", "EST5EDT"},
        {":UTC", "UTC"},
        {"", "UTC"}};
    for (const auto& [variable, name] : zones) {
        const ZoneVariable set(variable);
        EXPECT_EQ(LocalClock::system_zone(), name) << variable;
    }
    const ZoneVariable file(":/etc/localtime");
    EXPECT_NO_THROW(LocalClock{LocalClock::system_zone()});
}

TEST(LocalClock, RefusesAVariableThatNamesNoZone) {
    for (const char* variable : {"CST6", "Nope", "no zone at all", "<-06>6", "/etc/passwd"}) {
        const ZoneVariable set(variable);
        try {
            ADD_FAILURE() << variable << " is " << LocalClock::system_zone();
        } catch (const InvalidArgument& error) {
            EXPECT_NE(std::string(error.what()).find("--timezone NAME"), std::string::npos);
        }
    }
}

}  // namespace
}  // namespace rapport
