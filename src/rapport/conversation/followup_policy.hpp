#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <optional>
#include <vector>

#include "rapport/core/time.hpp"

namespace rapport {

/// When to write again to a lead who does not answer.
struct FollowupPolicy {
    /// How long after our last message each follow-up is due.
    std::vector<std::chrono::hours> waits{std::chrono::hours(24), std::chrono::hours(48),
                                          std::chrono::hours(72)};

    /// When the next follow-up is due, where `sent` of them were sent in vain since the lead's last
    /// message and ours is of `last`. Absent when all were: the lead then goes on hold.
    std::optional<Timestamp> next(std::size_t sent, Timestamp last) const {
        if (sent >= waits.size()) return std::nullopt;
        // No date is so far from another one.
        constexpr std::chrono::hours kLongest = std::chrono::days(366) * 10'000;
        return last + std::clamp(waits[sent], -kLongest, kLongest);
    }
};

}  // namespace rapport
