#include "rapport/conversation/model/budget.hpp"

#include <chrono>
#include <cmath>
#include <utility>

#include "rapport/core/codec.hpp"
#include "rapport/repository/model_spending.hpp"

namespace rapport {
namespace {

UpdateDocuments change(const Filter<ModelSpending>& filter, const Update<ModelSpending>& update) {
    return {&spending_collection(), filter.node(), update.changes()};
}

}  // namespace

std::int64_t to_micro_usd(double usd) { return static_cast<std::int64_t>(std::ceil(usd * 1e6)); }

Async<std::optional<ModelBudget::Reservation>> ModelBudget::reserve(std::int64_t micro_usd,
                                                                    Deadline deadline) {
    const Timestamp at = clock_();
    const Reservation reservation{std::chrono::floor<std::chrono::days>(at),
                                  std::chrono::floor<std::chrono::hours>(at), micro_usd};
    if (co_await take(reservation, deadline)) co_return reservation;
    // Nothing left, or the first call of its hour.
    co_await begin_hour(reservation, deadline);
    if (co_await take(reservation, deadline)) co_return reservation;
    co_return std::nullopt;
}

/// One statement checks and raises both sums. An hour that another process's clock began early
/// counts for this one, too.
Async<bool> ModelBudget::take(Reservation reservation, Deadline deadline) {
    const std::int64_t amount = reservation.micro_usd;
    const auto has_room =
        where(&ModelSpending::id) == spending_id(reservation.day) &&
        where(&ModelSpending::hour) >= reservation.hour &&
        where(&ModelSpending::hour_micro_usd) <= limits_.hourly_micro_usd - amount &&
        where(&ModelSpending::day_micro_usd) <= limits_.daily_micro_usd - amount;
    Update<ModelSpending> raise;
    raise.increment(where(&ModelSpending::hour_micro_usd), amount)
        .increment(where(&ModelSpending::day_micro_usd), amount);
    co_return co_await store_.update(change(has_room, raise), deadline) > 0;
}

Async<void> ModelBudget::begin_hour(Reservation reservation, Deadline deadline) {
    const ObjectId id = spending_id(reservation.day);
    const auto earlier =
        where(&ModelSpending::id) == id && where(&ModelSpending::hour) < reservation.hour;
    Update<ModelSpending> begin;
    begin.set(where(&ModelSpending::hour), reservation.hour)
        .set(where(&ModelSpending::hour_micro_usd), 0);
    if (co_await store_.update(change(earlier, begin), deadline) > 0) co_return;
    // A day that is there, another process's perhaps, stays as it is.
    const ModelSpending day{id, reservation.day, 0, reservation.hour, 0};
    co_await store_.insert({&spending_collection(), {to_document(day)}}, deadline);
}

Async<void> ModelBudget::settle(Reservation reservation, std::int64_t micro_usd,
                                Deadline deadline) {
    const std::int64_t difference = micro_usd - reservation.micro_usd;
    if (difference == 0) co_return;
    const auto same_day = where(&ModelSpending::id) == spending_id(reservation.day);
    Update<ModelSpending> day;
    day.increment(where(&ModelSpending::day_micro_usd), difference);
    Update<ModelSpending> both = day;
    both.increment(where(&ModelSpending::hour_micro_usd), difference);
    const auto same_hour = same_day && where(&ModelSpending::hour) == reservation.hour;
    if (co_await store_.update(change(same_hour, both), deadline) > 0) co_return;
    co_await store_.update(change(same_day && where(&ModelSpending::hour) != reservation.hour, day),
                           deadline);
}

}  // namespace rapport
