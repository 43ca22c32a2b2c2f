#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "rapport/core/filter.hpp"
#include "rapport/core/sort.hpp"
#include "rapport/core/update.hpp"
#include "tests/core/samples.hpp"

namespace rapport {
namespace {

using samples::Colour;
using samples::Inner;
using samples::Outer;

template <class Part>
const Part& as(const FilterNode& node) {
    const auto* part = std::get_if<Part>(&node);
    if (part == nullptr) throw std::logic_error("another kind of filter");
    return *part;
}

TEST(Filter, TheDefaultOneMatchesEverything) {
    EXPECT_TRUE(as<AllOf>(Filter<Outer>().node()).parts.empty());
}

TEST(Filter, ComparesAMemberByItsWireNameAndValue) {
    const Filter<Outer> filter = where(&Outer::colour) == Colour::kGreen;
    const auto& compare = as<Compare>(filter.node());
    EXPECT_EQ(compare.path, "colour");
    EXPECT_EQ(compare.op, CompareOp::kEqual);
    EXPECT_EQ(compare.value, Scalar("green"));
    EXPECT_EQ(as<Compare>((where(&Outer::id) == samples::some_id()).node()).path, "_id");
}

TEST(Filter, HasEveryComparison) {
    const auto op = [](const Filter<Outer>& filter) { return as<Compare>(filter.node()).op; };
    const auto count = where(&Outer::count);
    EXPECT_EQ(op(count == 1), CompareOp::kEqual);
    EXPECT_EQ(op(count != 1), CompareOp::kNotEqual);
    EXPECT_EQ(op(count < 1), CompareOp::kLess);
    EXPECT_EQ(op(count <= 1), CompareOp::kLessEqual);
    EXPECT_EQ(op(count > 1), CompareOp::kGreater);
    EXPECT_EQ(op(count >= 1), CompareOp::kGreaterEqual);
}

TEST(Filter, NulloptAsksForAbsence) {
    const auto filter = where(&Outer::note) == std::nullopt;
    const auto& absent = as<Compare>(filter.node());
    EXPECT_EQ(absent.op, CompareOp::kEqual);
    EXPECT_EQ(absent.value, Scalar{});
    const auto opposite = where(&Outer::note) != std::nullopt;
    EXPECT_EQ(as<Compare>(opposite.node()).op, CompareOp::kNotEqual);
}

TEST(Filter, ReachesIntoNestedStructs) {
    EXPECT_EQ(where(&Outer::inner, &Inner::number).path(), "inner.number");
    EXPECT_EQ(where(&Outer::extra, &Inner::text).path(), "extra.text");
}

TEST(Filter, InTakesAList) {
    const auto filter = where(&Outer::colour).in({Colour::kRed, Colour::kGreen});
    const auto& one_of = as<OneOf>(filter.node());
    EXPECT_EQ(one_of.path, "colour");
    EXPECT_EQ(one_of.values, (std::vector<Scalar>{"red", "green"}));
}

TEST(Filter, AndJoinsIntoOneFlatList) {
    const auto name = where(&Outer::name) == "n";
    const auto count = where(&Outer::count) > 1;
    const auto flag = where(&Outer::flag) == true;
    EXPECT_EQ(as<AllOf>((name && count && flag).node()).parts.size(), 3U);
    EXPECT_EQ(as<AllOf>((name && (count && flag)).node()).parts.size(), 3U);
    EXPECT_EQ(as<AllOf>((Filter<Outer>() && name).node()).parts.size(), 1U);
}

TEST(Filter, OrAndNotKeepTheirParts) {
    const auto name = where(&Outer::name) == "n";
    const auto count = where(&Outer::count) > 1;
    EXPECT_EQ(as<AnyOf>((name || count).node()).parts.size(), 2U);
    EXPECT_EQ(as<Negation>((!name).node()).part.size(), 1U);
}

TEST(Filter, RefusesTextThatIsNotUtf8) {
    EXPECT_THROW(static_cast<void>(where(&Outer::name) == "caf\xE9"), InvalidArgument);
}

TEST(Update, ListsItsChangesInOrder) {
    Update<Outer> update;
    update.set(where(&Outer::colour), Colour::kGreen)
        .increment(where(&Outer::count), -2)
        .max(where(&Outer::due), Timestamp{})
        .push(where(&Outer::words), {"a", "b"}, 20)
        .unset(where(&Outer::note))
        .set(where(&Outer::ref), std::nullopt)
        .set(where(&Outer::inner, &Inner::number), 4);
    const auto& changes = update.changes();
    ASSERT_EQ(changes.size(), 7U);
    EXPECT_EQ(changes[0].op, ChangeOp::kSet);
    EXPECT_EQ(changes[0].path, "colour");
    EXPECT_EQ(changes[0].operand().as_string(), "green");
    EXPECT_EQ(changes[1].op, ChangeOp::kIncrement);
    EXPECT_EQ(changes[1].operand().as_integer(), -2);
    EXPECT_EQ(changes[2].op, ChangeOp::kMax);
    EXPECT_EQ(changes[2].operand().type(), BsonType::kDate);
    EXPECT_EQ(changes[3].op, ChangeOp::kPush);
    EXPECT_EQ(changes[3].keep, 20);
    EXPECT_EQ(nested_to_json(changes[3].operand()), R"(["a","b"])");
    EXPECT_EQ(changes[4].op, ChangeOp::kUnset);
    EXPECT_EQ(changes[5].op, ChangeOp::kUnset);
    EXPECT_EQ(changes[5].path, "ref");
    EXPECT_EQ(changes[6].path, "inner.number");
}

TEST(Sort, ListsItsKeysInOrder) {
    const auto sort = Sort<Outer>()
                          .descending(where(&Outer::count))
                          .ascending(where(&Outer::inner, &Inner::text));
    EXPECT_EQ(sort.keys(), (std::vector<SortKey>{{"count", true}, {"inner.text", false}}));
    EXPECT_EQ(reversed(sort.keys()),
              (std::vector<SortKey>{{"count", false}, {"inner.text", true}}));
}

/// A row of three keys; the first two may be absent, the last is unique.
struct Row {
    std::optional<std::int64_t> a;
    std::optional<std::int64_t> b;
    std::int64_t id;
};

Scalar value_at(const Row& row, std::string_view path) {
    const auto of = [](const auto& number) { return number ? Scalar(*number) : Scalar{}; };
    return path == "a" ? of(row.a) : path == "b" ? of(row.b) : Scalar(row.id);
}

/// Absent is less than everything, as Scalar's alternatives are ordered.
bool precedes(const Row& x, const Row& y, const std::vector<SortKey>& keys) {
    for (const SortKey& key : keys) {
        const Scalar left = value_at(x, key.path);
        const Scalar right = value_at(y, key.path);
        if (left != right) return key.descending ? right < left : left < right;
    }
    return false;
}

bool matches(const FilterNode& node, const Row& row) {
    const auto all = [&](const FilterNode& part) { return matches(part, row); };
    if (const auto* every = std::get_if<AllOf>(&node))
        return std::ranges::all_of(every->parts, all);
    if (const auto* any = std::get_if<AnyOf>(&node)) return std::ranges::any_of(any->parts, all);
    if (const auto* negation = std::get_if<Negation>(&node)) return !all(negation->part.front());
    const auto& compare = as<Compare>(node);
    const Scalar value = value_at(row, compare.path);
    if (compare.op == CompareOp::kEqual) return value == compare.value;
    if (compare.op == CompareOp::kNotEqual) return value != compare.value;
    if (value.index() == 0 || compare.value.index() == 0) return false;
    if (compare.op == CompareOp::kLess) return value < compare.value;
    if (compare.op == CompareOp::kLessEqual) return value <= compare.value;
    if (compare.op == CompareOp::kGreater) return value > compare.value;
    return value >= compare.value;
}

TEST(After, HoldsForExactlyWhatComesLaterInEveryOrder) {
    std::mt19937 random(7);
    const auto number = [&]() -> std::optional<std::int64_t> {
        const auto draw = static_cast<std::int64_t>(random() % 4);
        return draw == 0 ? std::nullopt : std::optional(draw);
    };
    std::vector<Row> rows;
    for (std::int64_t id = 1; id <= 40; ++id) rows.push_back({number(), number(), id});

    for (int directions = 0; directions < 8; ++directions) {
        const std::vector<SortKey> keys{{"a", (directions & 1) != 0},
                                        {"b", (directions & 2) != 0},
                                        {"id", (directions & 4) != 0}};
        for (const Row& from : rows) {
            const FilterNode filter =
                after(keys, {value_at(from, "a"), value_at(from, "b"), value_at(from, "id")});
            for (const Row& row : rows) {
                ASSERT_EQ(matches(filter, row), precedes(from, row, keys))
                    << "directions " << directions << ", from " << from.id << ", row " << row.id;
            }
        }
    }
}

}  // namespace
}  // namespace rapport
