#include "rapport/core/time.hpp"

#include <fmt/format.h>

#include "rapport/core/error.hpp"

namespace rapport {
namespace {

/// Takes ISO 8601 apart from left to right; `ok` turns false at the first thing that does not fit.
class IsoReader {
  public:
    explicit IsoReader(std::string_view text) : rest_(text) {}

    int digits(std::size_t count) {
        if (rest_.size() < count) return fail();
        int value = 0;
        for (std::size_t i = 0; i < count; ++i) {
            if (rest_[i] < '0' || rest_[i] > '9') return fail();
            value = value * 10 + (rest_[i] - '0');
        }
        rest_.remove_prefix(count);
        return value;
    }
    bool accept(std::string_view any_of) {
        if (rest_.empty() || any_of.find(rest_.front()) == std::string_view::npos) return false;
        rest_.remove_prefix(1);
        return true;
    }
    void expect(char c) {
        if (!accept({&c, 1})) fail();
    }
    int fail() {
        ok = false;
        return 0;
    }
    bool at_end() const { return rest_.empty(); }
    bool at_digit() const { return !rest_.empty() && rest_[0] >= '0' && rest_[0] <= '9'; }

    bool ok = true;

  private:
    std::string_view rest_;
};

std::chrono::year_month_day read_date(IsoReader& in) {
    const std::chrono::year year(in.digits(4));
    in.expect('-');
    const std::chrono::month month(static_cast<unsigned>(in.digits(2)));
    in.expect('-');
    const std::chrono::day day(static_cast<unsigned>(in.digits(2)));
    return {year, month, day};
}

/// `hh:mm[:ss[.fff…]]`
std::chrono::milliseconds read_clock(IsoReader& in) {
    const int hours = in.digits(2);
    in.expect(':');
    const int minutes = in.digits(2);
    const int seconds = in.accept(":") ? in.digits(2) : 0;
    int milliseconds = 0;
    if (in.accept(".,")) {
        if (!in.at_digit()) in.fail();
        for (int weight = 100; in.at_digit(); weight /= 10) milliseconds += weight * in.digits(1);
    }
    if (hours > 23 || minutes > 59 || seconds > 59) in.fail();
    return std::chrono::hours(hours) + std::chrono::minutes(minutes) +
           std::chrono::seconds(seconds) + std::chrono::milliseconds(milliseconds);
}

/// `Z`, `±hh:mm`, `±hhmm`, `±hh` or nothing
std::chrono::minutes read_offset(IsoReader& in) {
    if (in.accept("Zz") || in.at_end()) return {};
    const bool west = in.accept("-");
    if (!west) in.expect('+');
    const int hours = in.digits(2);
    const int minutes = in.accept(":") || in.at_digit() ? in.digits(2) : 0;
    if (hours > 23 || minutes > 59) in.fail();
    const std::chrono::minutes offset(hours * 60 + minutes);
    return west ? -offset : offset;
}

}  // namespace

Timestamp now() {
    return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
}

bool is_storable(Timestamp time) {
    using namespace std::chrono;
    constexpr Timestamp kFirst = sys_days(year(1) / 1 / 1);
    constexpr Timestamp kEnd = sys_days(year(10000) / 1 / 1);
    return kFirst <= time && time < kEnd;
}

std::string to_iso8601(Timestamp time) {
    using namespace std::chrono;
    // Before it is taken apart: days cannot count all moments that a BSON date can.
    if (!is_storable(time)) throw InvalidArgument("a date must lie in the years 0001 to 9999");
    const auto midnight = floor<days>(time);
    const year_month_day date(midnight);
    const hh_mm_ss clock(time - midnight);
    std::string text = "yyyy-mm-ddThh:mm:ss.mmmZ";
    auto put = [at = text.data()](std::int64_t number, int digits) mutable {
        for (int i = digits; i-- > 0; number /= 10) at[i] = static_cast<char>('0' + number % 10);
        at += digits + 1;  // and what stands between
    };
    put(static_cast<int>(date.year()), 4);
    put(static_cast<unsigned>(date.month()), 2);
    put(static_cast<unsigned>(date.day()), 2);
    put(clock.hours().count(), 2);
    put(clock.minutes().count(), 2);
    put(clock.seconds().count(), 2);
    put(clock.subseconds().count(), 3);
    return text;
}

std::optional<Timestamp> parse_iso8601(std::string_view text) {
    using namespace std::chrono;
    IsoReader in(text);
    const year_month_day date = read_date(in);
    milliseconds clock{0};
    minutes offset{0};
    if (in.ok && !in.at_end()) {
        if (!in.accept("T ")) return std::nullopt;
        clock = read_clock(in);
        offset = read_offset(in);
    }
    if (!in.ok || !in.at_end() || !date.ok() || static_cast<int>(date.year()) < 1) {
        return std::nullopt;
    }
    return Timestamp(sys_days(date)) + clock - offset;
}

}  // namespace rapport
