#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace rapport {

/// A moment in UTC, to the millisecond: the resolution of a BSON date, and of every date we store.
using Timestamp = std::chrono::sys_time<std::chrono::milliseconds>;

/// The system clock, cut to milliseconds.
Timestamp now();

/// False outside the years 0001 to 9999, which a text of a date cannot say and we do not store.
bool is_storable(Timestamp time);

/// `2026-11-23T08:15:00.000Z`: always 24 characters and always UTC, so that texts sort in time
/// order. Throws InvalidArgument where is_storable() is false, as that no longer holds there.
std::string to_iso8601(Timestamp time);

/// Reads ISO 8601: `T` or a blank between date and time, optional seconds, any number of decimals
/// (cut to milliseconds), `Z`, `+hh:mm`, `+hhmm`, or no zone at all, which is read as UTC because
/// earlier systems wrote naive UTC. A date alone is its midnight. Absent for anything else.
std::optional<Timestamp> parse_iso8601(std::string_view text);

}  // namespace rapport
