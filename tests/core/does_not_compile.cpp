// Compiled once for every CASE: 0 must compile, each other one must fail, and for its own reason.
#include "rapport/core/filter.hpp"
#include "rapport/core/sort.hpp"
#include "rapport/core/update.hpp"
#include "tests/core/samples.hpp"

using namespace rapport;
using samples::Colour;
using samples::Inner;
using samples::Outer;

struct Undescribed {
    int member = 0;
};

struct Forgetful {
    int described = 0;
    int forgotten = 0;
};
BOOST_DESCRIBE_STRUCT(Forgetful, (), (described))

enum class Twins { kOne, kTwo };
constexpr auto enum_names(Twins) {
    return std::to_array<EnumName<Twins>>({{Twins::kOne, "same"}, {Twins::kTwo, "same"}});
}

int main() {
    Filter<Outer> filter = where(&Outer::count) == 1;
    Sort<Outer> sort;
    Update<Outer> update;
    std::string_view text = enum_to_string(Colour::kRed);
#if CASE == 0
    filter = where(&Outer::note) == "text" && where(&Outer::due) >= Timestamp{};
    sort.ascending(where(&Outer::inner, &Inner::number));
    update.set(where(&Outer::ratio), 0.5);
#elif CASE == 1
    where(&Undescribed::member);
#elif CASE == 2
    where(&Forgetful::described);
#elif CASE == 3
    filter = where(&Outer::count) == "five";
#elif CASE == 4
    filter = where(&Outer::count) >= 2.5;
#elif CASE == 5
    filter = where(&Outer::flag) == "yes";
#elif CASE == 6
    filter = where(&Outer::colour) == 1;
#elif CASE == 7
    filter = where(&Outer::words) == std::vector<std::string>{};
#elif CASE == 8
    filter = filter && (where(&Inner::text) == "of another entity");
#elif CASE == 9
    sort.ascending(where(&Inner::text));
#elif CASE == 10
    update.unset(where(&Outer::name));
#elif CASE == 11
    update.increment(where(&Outer::name), 1);
#elif CASE == 12
    text = enum_to_string(Twins::kOne);
#endif
    return static_cast<int>(text.size() + filter.node().index() + sort.keys().size() +
                            update.changes().size());
}
