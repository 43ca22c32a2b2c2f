#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "rapport/core/await.hpp"
#include "rapport/core/deadline.hpp"
#include "rapport/core/time.hpp"
#include "rapport/store/store.hpp"

namespace rapport {

/// Millionths of a US dollar, rounded up.
std::int64_t to_micro_usd(double usd);

/// What all processes on a database together may spend on models, in an hour and in a day (UTC).
/// Before a call its greatest cost is reserved, after it the difference is given back: together
/// they never pass a limit by more than what a call costs above its reservation. What is reserved
/// and never settled (the process died, or nobody knows what the call cost) counts as spent until
/// its hour, or day, is over.
class ModelBudget {
  public:
    struct Limits {
        std::int64_t hourly_micro_usd = 0;
        std::int64_t daily_micro_usd = 0;
    };
    struct Reservation {
        Timestamp day{};
        Timestamp hour{};
        std::int64_t micro_usd = 0;
    };

    /// The store outlives it.
    ModelBudget(Store& store, Limits limits, std::function<Timestamp()> clock = now)
        : store_(store), limits_(limits), clock_(std::move(clock)) {}

    /// Absent where the hour or the day does not have so much left. Throws what Store says.
    Async<std::optional<Reservation>> reserve(std::int64_t micro_usd, Deadline deadline);

    /// Replaces what was reserved by what it came to. Throws what Store says.
    Async<void> settle(Reservation reservation, std::int64_t micro_usd, Deadline deadline);

  private:
    Async<bool> take(Reservation reservation, Deadline deadline);
    Async<void> begin_hour(Reservation reservation, Deadline deadline);

    Store& store_;
    Limits limits_;
    std::function<Timestamp()> clock_;
};

}  // namespace rapport
