#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <tuple>

#include "rapport/core/await.hpp"
#include "rapport/core/codec.hpp"
#include "tests/store/any_store.hpp"
#include "tests/store/random_cases.hpp"
#include "tests/store/reference_evaluator.hpp"

namespace rapport::testing {
namespace {

#ifdef RAPPORT_SANITIZED
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif

/// Ten rounds of 1,400 + 100 + 500 cases are 20,000 on each engine. A sanitizer looks at what the
/// code does on the way, not at its results, and sees that in two.
constexpr std::uint64_t kRounds = kSanitized ? 2 : 10;
constexpr int kFinds = 1400;
constexpr int kWalks = 100;
constexpr int kUpdates = 500;

/// Without unique keys, and with indexes of every shape for the planners to choose from.
Collection loose_collection() {
    Collection collection = parcel_collection();
    collection.indexes = {
        {.name = "idx_kind_due", .keys = {{"kind"}, {"due", true}, {"_id", true}}},
        {.name = "idx_amount", .keys = {{"amount", true}}},
        {.name = "idx_due", .keys = {{"due"}}, .where_present = "due"},
        {.name = "idx_sender", .keys = {{"sender"}, {"note"}}, .where_present = "sender"},
        {.name = "idx_weight", .keys = {{"label.weight"}, {"label.fragile", true}}}};
    return collection;
}

/// One engine against the reference evaluator, in one round of random cases: other ones in every
/// run, and the same again with the --gtest_random_seed that a failure shows.
class StoreDifferentialTest
    : public ::testing::TestWithParam<std::tuple<std::string, std::uint64_t>> {
  protected:
    StoreDifferentialTest() {
        store_->open();
        await(store_->run(EnsureIndexes{}, {}));
    }
    ~StoreDifferentialTest() override { store_->close(); }

    void fill(std::size_t count) {
        for (const Parcel& parcel : cases_.parcels(count)) {
            positions_[parcel.id] = documents_.size();
            documents_.push_back(to_document(parcel));
            values_.push_back(values_of(documents_.back()));
        }
        ASSERT_TRUE(await(store_->insert({&collection_, documents_})).empty());
    }

    std::vector<std::size_t> expected(const FilterNode& filter, const std::vector<SortKey>& order) {
        std::vector<std::pair<Place, std::size_t>> found;
        for (std::size_t i = 0; i < values_.size(); ++i) {
            if (matches(values_[i], filter)) found.emplace_back(place_of(values_[i], order), i);
        }
        std::ranges::sort(
            found, [&](const auto& a, const auto& b) { return less(a.first, b.first, order); });
        std::vector<std::size_t> positions(found.size());
        std::ranges::transform(found, positions.begin(),
                               [](const auto& one) { return one.second; });
        return positions;
    }

    /// Positions in documents_, by id.
    std::vector<std::size_t> found(FindDocuments find) {
        std::vector<std::size_t> positions;
        for (const Document& document : await(store_->find(std::move(find)))) {
            positions.push_back(position_of(document));
        }
        return positions;
    }

    std::size_t position_of(const Document& document) {
        return positions_.at(std::get<ObjectId>(scalar_at(document, "_id")));
    }

    /// Walks all pages of an order.
    std::vector<std::size_t> walk(const FilterNode& filter, const std::vector<SortKey>& order,
                                  std::int64_t limit) {
        std::vector<std::size_t> all;
        FilterNode rest = filter;
        while (all.size() <= values_.size()) {
            const auto page = found({&collection_, rest, order, limit});
            all.insert(all.end(), page.begin(), page.end());
            if (std::ssize(page) < limit) break;
            rest = both(filter, after(order, place_of(values_[page.back()], order)));
        }
        return all;
    }

    std::vector<Parcel> stored() {
        std::vector<Parcel> parcels;
        const std::vector<SortKey> by_id{{"_id"}};
        for (const Document& document :
             await(store_->find({&collection_, FilterNode(AllOf{}), by_id}))) {
            parcels.push_back(from_document<Parcel>(document));
        }
        return parcels;
    }

    void check_update(const FilterNode& filter, const std::vector<Change>& changes, bool many);

    const Collection collection_ = loose_collection();
    const int seed_ = ::testing::UnitTest::GetInstance()->random_seed();
    RandomCases cases_{static_cast<std::uint64_t>(seed_) * kRounds + std::get<1>(GetParam())};
    OwnDatabase database_{std::get<0>(GetParam())};
    std::unique_ptr<Store> store_ = make_store(database_, {collection_});
    std::vector<Document> documents_;
    std::vector<Values> values_;
    std::map<ObjectId, std::size_t> positions_;
};

TEST_P(StoreDifferentialTest, FindsWhatMatchesInOrder) {
    fill(200);
    for (int i = 0; i < kFinds; ++i) {
        const FilterNode filter = cases_.filter();
        const auto order = cases_.order();
        SCOPED_TRACE(fmt::format("--gtest_random_seed={}, case {}: {} by {}", seed_, i,
                                 describe(filter), describe(order)));
        auto want = expected(filter, order);
        FindDocuments find{&collection_, filter, order};
        if (cases_.chance(50)) {
            find.limit = static_cast<std::int64_t>(1 + cases_.below(30));
            find.skip = static_cast<std::int64_t>(cases_.below(10));
            const auto skipped = std::min<std::size_t>(find.skip, want.size());
            want.erase(want.begin(), want.begin() + static_cast<std::ptrdiff_t>(skipped));
            want.resize(std::min<std::size_t>(want.size(), find.limit));
        }
        ASSERT_EQ(found(std::move(find)), want);
    }
}

/// Beside one that never holds mongod 6.0 then finds nothing, with these indexes.
TEST_P(StoreDifferentialTest, AnAlternativeMayStandThereTwice) {
    fill(200);
    const FilterNode sent = OneOf{"sender", {*ObjectId::parse("a00000000000000000000002")}};
    const FilterNode due = OneOf{
        "due",
        {*parse_iso8601("9999-12-31T23:59:59.999Z"), *parse_iso8601("1969-12-31T23:59:59.999Z")}};
    const FilterNode light = Compare{"label.weight", CompareOp::kLessEqual, std::int64_t{2}};
    const FilterNode later =
        Compare{"due", CompareOp::kGreaterEqual, *parse_iso8601("0001-01-01T00:00:00Z")};
    const FilterNode early = Compare{"code", CompareOp::kLess, std::string("\xF0\x9F\x99\x82")};
    const FilterNode never = AllOf{{Negation{{early}}, AllOf{{later, AnyOf{}}}}};
    const FilterNode filter = AnyOf{{never, AllOf{{AnyOf{{sent, sent, due}}, Negation{{light}}}}}};
    const auto want = expected(filter, {{"_id"}});
    EXPECT_FALSE(want.empty());
    EXPECT_EQ(found({&collection_, filter, {{"_id"}}}), want);
}

/// It holds for every row, though it is spelled as the start of a page is.
TEST_P(StoreDifferentialTest, NothingIsGreaterThanAnAbsentValue) {
    fill(40);
    Negation negation;
    negation.part.emplace_back(Compare{"due", CompareOp::kGreater, {}});
    const FilterNode filter = AllOf{{FilterNode(std::move(negation))}};
    const std::vector<SortKey> order{{"due", true}, {"_id", true}};
    const auto want = expected(filter, order);
    EXPECT_EQ(want.size(), documents_.size());
    EXPECT_EQ(found({&collection_, filter, order}), want);
}

TEST_P(StoreDifferentialTest, WalksEveryPageOnce) {
    fill(60);
    for (int i = 0; i < kWalks; ++i) {
        const FilterNode filter = cases_.chance(50) ? FilterNode(AllOf{}) : cases_.filter();
        const auto order = cases_.order();
        SCOPED_TRACE(fmt::format("--gtest_random_seed={}, case {}: {} by {}", seed_, i,
                                 describe(filter), describe(order)));
        const auto limit = static_cast<std::int64_t>(1 + cases_.below(20));
        ASSERT_EQ(walk(filter, order, limit), expected(filter, order));
        ASSERT_EQ(walk(filter, reversed(order), limit), expected(filter, reversed(order)));
    }
}

/// What an engine may read as runs of an index, one a value, and merge.
TEST_P(StoreDifferentialTest, WalksSeveralValuesOfAnIndexInItsOrder) {
    fill(120);
    const std::vector<SortKey> order{{"due", true}, {"_id", true}};
    const OneOf kinds{"kind", {std::string("bag"), Scalar(), std::string("box"), Scalar()}};
    const FilterNode some = both(cases_.filter(), FilterNode(kinds));
    for (const FilterNode& filter : {FilterNode(kinds), some}) {
        SCOPED_TRACE(fmt::format("--gtest_random_seed={}: {}", seed_, describe(filter)));
        for (const auto& direction : {order, reversed(order)}) {
            ASSERT_EQ(walk(filter, direction, 7), expected(filter, direction));
        }
    }
}

void StoreDifferentialTest::check_update(const FilterNode& filter,
                                         const std::vector<Change>& changes, bool many) {
    const auto matched = expected(filter, {{"_id"}});
    const auto count = await(store_->update({&collection_, filter, changes, many}));
    ASSERT_EQ(count, many ? std::ssize(matched) : std::min<std::int64_t>(std::ssize(matched), 1));
    const auto now_stored = stored();
    ASSERT_EQ(now_stored.size(), documents_.size());
    std::size_t as_changed = 0;
    for (std::size_t i = 0; i < documents_.size(); ++i) {
        const bool is_matched = std::ranges::find(matched, i) != matched.end();
        const Document changed = is_matched ? apply(documents_[i], changes) : documents_[i];
        // One of the matches was changed, any one of them.
        const bool may_be_old = !is_matched || !many;
        const bool is_changed = now_stored[i] == from_document<Parcel>(changed);
        const bool is_old = now_stored[i] == from_document<Parcel>(documents_[i]);
        ASSERT_TRUE(is_changed || (may_be_old && is_old))
            << "is   " << to_json(now_stored[i]) << "\nwas  " << to_json(documents_[i]) << "\nwant "
            << to_json(changed);
        if (is_matched && is_changed) ++as_changed;
        if (is_changed && !(is_old && may_be_old)) {
            documents_[i] = changed;
            values_[i] = values_of(changed);
        }
    }
    ASSERT_GE(as_changed, static_cast<std::size_t>(count));
}

TEST_P(StoreDifferentialTest, UpdatesAsTheReferenceDoes) {
    fill(40);
    for (int i = 0; i < kUpdates; ++i) {
        FilterNode filter = cases_.filter();
        if (cases_.chance(40)) {
            const Scalar id = value_at(values_[cases_.below(values_.size())], "_id");
            filter = both(std::move(filter), FilterNode(Compare{"_id", CompareOp::kEqual, id}));
        }
        const auto changes = cases_.changes();
        const bool many = cases_.chance(50);
        SCOPED_TRACE(fmt::format("--gtest_random_seed={}, case {}: {} where {}, many: {}", seed_, i,
                                 describe(changes), describe(filter), many));
        check_update(filter, changes, many);
        if (HasFatalFailure()) return;
    }
}

INSTANTIATE_TEST_SUITE_P(Engines, StoreDifferentialTest,
                         ::testing::Combine(::testing::ValuesIn(engines()),
                                            ::testing::Range<std::uint64_t>(0, kRounds)),
                         [](const auto& info) {
                             return fmt::format("{}_{}", std::get<0>(info.param),
                                                std::get<1>(info.param));
                         });

}  // namespace
}  // namespace rapport::testing
