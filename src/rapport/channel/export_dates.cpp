#include "rapport/channel/export_dates.hpp"

#include <algorithm>
#include <cstdlib>

namespace rapport {
namespace {

using std::chrono::local_days;

/// Places of day, month and year among the three numbers.
struct Places {
    std::size_t day, month, year;
};

Places places_of(const ExportHeader& header, DateOrder order) {
    const bool day_first = order == DateOrder::kDmy || order == DateOrder::kYdm;
    // Four digits are the year wherever they stand.
    for (std::size_t year = 0; year < 3; ++year) {
        if (header.date_digits[year] != 4) continue;
        const std::size_t first = year == 0 ? 1 : 0;
        const std::size_t second = year == 2 ? 1 : 2;
        return day_first ? Places{first, second, year} : Places{second, first, year};
    }
    switch (order) {
        case DateOrder::kMdy:
            return {1, 0, 2};
        case DateOrder::kYmd:
            return {2, 1, 0};
        case DateOrder::kYdm:
            return {1, 2, 0};
        default:
            return {0, 1, 2};
    }
}

int full_year(int year, int digits) {
    // Thailand counts from 543 BC. A two-digit year from 52 on is one of theirs: in our count it
    // would lie decades ahead.
    constexpr int kBuddhistLead = 543;
    if (digits <= 2) return year >= 52 ? 2500 + year - kBuddhistLead : 2000 + year;
    return year >= 2400 && year <= 2700 ? year - kBuddhistLead : year;
}

/// The day of a date in Iran's solar calendar, whose leap years follow a cycle of 33 years (right
/// from 1244 to 1472).
std::optional<local_days> from_persian(int year, int month, int day) {
    constexpr int kEpoch = -492'269;  // the day before 1/1/1, in days since 1970
    const int leap_days = (8 * year + 21) / 33;
    const bool leap = (25 * year + 11) % 33 < 8;
    const int last = month <= 6 ? 31 : month <= 11 || leap ? 30 : 29;
    if (month < 1 || month > 12 || day < 1 || day > last) return std::nullopt;
    const int before = month <= 7 ? 31 * (month - 1) : 30 * (month - 1) + 6;
    return local_days(std::chrono::days(kEpoch + 365 * (year - 1) + leap_days + before + day));
}

std::optional<local_days> day_of(int year, int month, int day) {
    namespace chrono = std::chrono;
    if (year >= 1380 && year < 1430) return from_persian(year, month, day);  // 2001 to 2051
    if (year < 1970 || year > 2199 || month > 12 || day > 31) return std::nullopt;
    const chrono::year_month_day date{chrono::year(year),
                                      chrono::month(static_cast<unsigned>(month)),
                                      chrono::day(static_cast<unsigned>(day))};
    return date.ok() ? std::optional(local_days(date)) : std::nullopt;
}

/// How well an order fits: more days that exist, then fewer steps back in time, then a shorter time
/// from message to message.
struct Fit {
    std::size_t valid = 0;
    std::size_t steps_back = 0;
    std::int64_t distance = 0;

    bool better_than(const Fit& other) const {
        if (valid != other.valid) return valid > other.valid;
        if (steps_back != other.steps_back) return steps_back < other.steps_back;
        return distance < other.distance;
    }
    /// The distances of a few messages may differ by chance.
    bool much_better_than(const Fit& other) const {
        if (valid != other.valid) return valid > other.valid;
        if (steps_back != other.steps_back) return steps_back < other.steps_back;
        return valid >= 3 && distance < other.distance / 4;
    }
};

Fit fit_of(const std::vector<ExportHeader>& headers, DateOrder order) {
    Fit fit;
    std::optional<LocalTime> before;
    for (const ExportHeader& header : headers) {
        const auto moment = moment_of(header, order);
        if (!moment) continue;
        ++fit.valid;
        if (before) {
            const std::int64_t step = (*moment - *before).count();
            if (step < 0) ++fit.steps_back;
            fit.distance += std::abs(step);
        }
        before = moment;
    }
    return fit;
}

}  // namespace

std::optional<LocalTime> moment_of(const ExportHeader& header, DateOrder order) {
    const Places at = places_of(header, order);
    const int year = full_year(header.date[at.year], header.date_digits[at.year]);
    const auto day = day_of(year, header.date[at.month], header.date[at.day]);
    if (!day) return std::nullopt;
    return *day + std::chrono::hours(header.hour) + std::chrono::minutes(header.minute) +
           std::chrono::seconds(header.second);
}

DateOrder find_date_order(const std::vector<ExportHeader>& headers) {
    using enum DateOrder;
    if (headers.empty()) return kDmy;
    const bool year_first = headers.front().style.year_first;
    DateOrder best = year_first ? kYmd : kDmy;
    Fit best_fit = fit_of(headers, best);
    const auto prefer = [&](DateOrder order, auto wins) {
        const Fit fit = fit_of(headers, order);
        if (!wins(fit, best_fit)) return;
        best = order;
        best_fit = fit;
    };
    prefer(year_first ? kYdm : kMdy,
           [](const Fit& fit, const Fit& than) { return fit.better_than(than); });
    // Two-digit years that come first are rare: only for dates that make little sense otherwise.
    const auto& digits = headers.front().date_digits;
    if (!year_first && digits[0] == 2 && std::ranges::find(digits, 4) == digits.end()) {
        for (const DateOrder rare : {kYmd, kYdm}) {
            prefer(rare,
                   [](const Fit& fit, const Fit& than) { return fit.much_better_than(than); });
        }
    }
    return best;
}

}  // namespace rapport
