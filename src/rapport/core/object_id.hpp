#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace rapport {

/// A document's `_id`: 12 bytes, of which the first four are seconds since 1970, so that ids sort
/// roughly in the order in which they were made (BSON specification, ObjectId).
struct ObjectId {
    std::array<std::uint8_t, 12> bytes{};

    /// A new id: seconds, five random bytes of this process, a counter. Safe from any thread, and
    /// in a child that fork() made.
    static ObjectId generate();

    /// Reads 24 hexadecimal digits; absent for anything else.
    static std::optional<ObjectId> parse(std::string_view text);

    /// 24 lower-case hexadecimal digits.
    std::string to_string() const;

    /// True for the all-zero id, which stands for "not given yet" and is never stored.
    bool empty() const { return *this == ObjectId{}; }

    auto operator<=>(const ObjectId&) const = default;
};

}  // namespace rapport
