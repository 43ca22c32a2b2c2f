#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace rapport {

/// The part of the day that a mark beside a 12-hour time names.
enum class DayPeriod : std::uint8_t { kMorning, kNoon, kAfternoon, kNight };

/// The period of a mark such as `pm`, `下午` or `πμ`. `mark`: lower case, without blanks and dots.
/// Known are CLDR's am and pm of the languages in which phones run, and the finer periods of those
/// that use them in times.
std::optional<DayPeriod> day_period_of(std::u32string_view mark);

/// The hour from 0 to 23 for an hour beside a mark. An hour over 12 is one already.
int hour_of_day(int hour, DayPeriod period);

}  // namespace rapport
