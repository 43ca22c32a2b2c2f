#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "rapport/core/codec.hpp"
#include "rapport/core/deadline.hpp"
#include "rapport/core/object_id.hpp"
#include "rapport/core/time.hpp"
#include "rapport/store/collection.hpp"

namespace rapport {

/// The mark of a lead that was erased: what another process still writes for it is removed once
/// more. Says nothing of the person: a person who writes again is another lead.
struct Erasure {
    ObjectId id{};  ///< the lead's
    Timestamp erased_at{};

    bool operator==(const Erasure&) const = default;
};
BOOST_DESCRIBE_STRUCT(Erasure, (), (id, erased_at))

/// What an erasure has removed.
struct Erased {
    /// How many there were: several where an earlier system spelled the number otherwise.
    std::int64_t leads = 0;
    std::int64_t messages = 0;
    /// False where somebody who reads kept SQLite's log from being emptied, so that its file still
    /// holds what was removed: finish_erasures() does it.
    bool from_log = true;

    bool operator==(const Erased&) const = default;
};

/// The `erasures` collection.
const Collection& erasure_collection();

/// No turn takes longer, whatever its caller allows it, so that what was under way for an erased
/// lead has an end.
inline constexpr std::chrono::minutes kLongestTurn{10};

/// How long a mark stays: by far longer than a turn, a lost connection and clocks that disagree.
inline constexpr std::chrono::hours kErasureKept{24};

/// A deadline that kLongestTurn allows.
inline Deadline bounded(Deadline deadline) {
    return Deadline(std::min(deadline.at(), Deadline::in(kLongestTurn).at()));
}

}  // namespace rapport
