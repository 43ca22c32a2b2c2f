#pragma once

#include <cstdint>

#include "rapport/core/described.hpp"
#include "rapport/core/object_id.hpp"
#include "rapport/core/time.hpp"
#include "rapport/store/collection.hpp"

namespace rapport {

/// What the models have cost on one day (UTC), in millionths of a US dollar: one document a day for
/// all processes, so that one statement can check and raise both sums.
struct ModelSpending {
    ObjectId id{};  ///< spending_id(day)
    Timestamp day{};
    std::int64_t day_micro_usd = 0;
    /// The hour that `hour_micro_usd` counts; never goes back.
    Timestamp hour{};
    std::int64_t hour_micro_usd = 0;

    bool operator==(const ModelSpending&) const = default;
};
BOOST_DESCRIBE_STRUCT(ModelSpending, (), (id, day, day_micro_usd, hour, hour_micro_usd))

/// The same for everyone, so that two processes cannot make a day twice.
ObjectId spending_id(Timestamp day);

/// The `model_spending` collection.
const Collection& spending_collection();

}  // namespace rapport
