#include <gtest/gtest.h>

#include <sstream>
#include <string>

#include "rapport/store/sqlite/sql.hpp"
#include "tests/store/sqlite_test_file.hpp"
#include "tests/store/temporary_folder.hpp"

namespace rapport::testing {
namespace {

/// How SQLite runs the statements we make: on an index, and never with a sort of its own.
class SqlitePlanTest : public ::testing::Test {
  protected:
    static Collection indexed_collection() {
        Collection collection = parcel_collection();
        collection.indexes = {
            {.name = "idx_code", .keys = {{"code"}}, .unique = true},
            {.name = "idx_kind_due", .keys = {{"kind"}, {"due", true}, {"_id", true}}},
            {.name = "idx_due_page", .keys = {{"due", true}, {"_id", true}}},
            {.name = "idx_amount", .keys = {{"amount"}}, .where_present = "amount"},
            {.name = "idx_amount_page", .keys = {{"amount"}, {"_id"}}, .where_present = "amount"},
            {.name = "idx_weight", .keys = {{"label.weight"}}}};
        return collection;
    }
    SqlitePlanTest() {
        store_->open();
        await(store_->run(EnsureIndexes{}, {}));
    }

    std::string plan_of(const std::string& sql) {
        // The other program knows none of our functions, which no plan needs.
        std::istringstream rows(OtherProgram(file_).query("EXPLAIN QUERY PLAN " + sql));
        std::string plan;
        for (std::string row; std::getline(rows, row);) {
            plan += (plan.empty() ? "" : "\n") + row.substr(row.rfind('|') + 1);
        }
        return plan;
    }
    std::string plan_of(const Filter<Parcel>& filter, const Sort<Parcel>& sort = {}) {
        return plan_of(sqlite::select_rows({&collection_, filter.node(), sort.keys(), 20}).text);
    }
    std::string plan_after(const Filter<Parcel>& filter, const Sort<Parcel>& sort,
                           const std::vector<Scalar>& position) {
        return plan_of(
            sqlite::select_rows(
                {&collection_, both(filter.node(), after(sort.keys(), position)), sort.keys(), 20})
                .text);
    }

    TemporaryFolder folder_;
    const std::filesystem::path file_ = folder_.path() / "test.db";
    const Collection collection_ = indexed_collection();
    std::unique_ptr<Store> store_ =
        make_sqlite_store({.file = file_, .collections = {collection_}});

    const Sort<Parcel> by_due_ =
        Sort<Parcel>().descending(where(&Parcel::due)).descending(where(&Parcel::id));
    const Sort<Parcel> by_amount_ =
        Sort<Parcel>().ascending(where(&Parcel::amount)).ascending(where(&Parcel::id));
    const Scalar date_{*parse_iso8601("2026-11-23")};
    const Scalar id_{ObjectId::generate()};
};

TEST_F(SqlitePlanTest, EqualityUsesTheUniqueIndex) {
    EXPECT_EQ(plan_of(where(&Parcel::code) == std::string("a")),
              "SEARCH parcels USING INDEX idx_code (code=?)");
}

TEST_F(SqlitePlanTest, AnIndexGivesTheOrder) {
    EXPECT_EQ(plan_of(where(&Parcel::kind) == Kind::kBag, by_due_),
              "SEARCH parcels USING INDEX idx_kind_due (kind=?)");
    EXPECT_EQ(plan_of({}, by_due_), "SCAN parcels USING INDEX idx_due_page");
}

TEST_F(SqlitePlanTest, SeveralValuesAreRunsOfTheirIndexMergedInOrder) {
    const auto two_kinds = where(&Parcel::kind).in({Kind::kBag, Kind::kBox, Kind::kBag});
    EXPECT_EQ(plan_of(two_kinds, by_due_),
              "MERGE (UNION ALL)\nLEFT\n"
              "SEARCH parcels USING INDEX idx_kind_due (kind=?)\nRIGHT\n"
              "SEARCH parcels USING INDEX idx_kind_due (kind=?)");
    const auto until = where(&Parcel::due) < std::get<Timestamp>(date_);
    EXPECT_EQ(plan_after(two_kinds && until, by_due_, {date_, id_}),
              "MERGE (UNION ALL)\nLEFT\n"
              "SEARCH parcels USING INDEX idx_kind_due (kind=? AND due<?)\nRIGHT\n"
              "SEARCH parcels USING INDEX idx_kind_due (kind=? AND due<?)");
}

TEST_F(SqlitePlanTest, AlternativesDoNotTakeTheOrdersIndexAway) {
    EXPECT_EQ(
        plan_of(where(&Parcel::kind) == Kind::kBag || where(&Parcel::kind) == Kind::kBox, by_due_),
        "SCAN parcels USING INDEX idx_due_page");
}

TEST_F(SqlitePlanTest, WithoutAnOrderSeveralValuesUseTheirIndex) {
    EXPECT_EQ(plan_of(where(&Parcel::code).in({"a", "b"})),
              "SEARCH parcels USING INDEX idx_code (code=?)");
}

TEST_F(SqlitePlanTest, AComparisonUsesThePartialIndex) {
    EXPECT_EQ(plan_of(where(&Parcel::amount) <= std::int64_t{7}, by_amount_),
              "SEARCH parcels USING INDEX idx_amount_page (amount<?)");
}

TEST_F(SqlitePlanTest, ADescendingPageBeginsWhereTheLastOneEnded) {
    EXPECT_EQ(plan_after(where(&Parcel::kind) == Kind::kBag, by_due_, {date_, id_}),
              "MERGE (UNION ALL)\nLEFT\n"
              "SEARCH parcels USING INDEX idx_kind_due (kind=? AND due<?)\nRIGHT\n"
              "SEARCH parcels USING INDEX idx_kind_due (kind=? AND due=?)");
    EXPECT_EQ(plan_after({}, by_due_, {date_, id_}),
              "MERGE (UNION ALL)\nLEFT\n"
              "SEARCH parcels USING INDEX idx_due_page (due<?)\nRIGHT\n"
              "SEARCH parcels USING INDEX idx_due_page (due=?)");
    EXPECT_EQ(plan_after({}, by_due_, {Scalar(), id_}),
              "SEARCH parcels USING INDEX idx_due_page (due=?)");
}

TEST_F(SqlitePlanTest, AnAscendingPageBeginsWhereTheLastOneEnded) {
    EXPECT_EQ(
        plan_after(where(&Parcel::amount) <= std::int64_t{7}, by_amount_, {std::int64_t{3}, id_}),
        "SEARCH parcels USING INDEX idx_amount_page (amount>? AND amount<?)");
}

TEST_F(SqlitePlanTest, ANestedMemberUsesItsIndex) {
    EXPECT_EQ(plan_of(where(&Parcel::label, &Label::weight) == std::int64_t{7}),
              "SEARCH parcels USING INDEX idx_weight (<expr>=?)");
}

TEST_F(SqlitePlanTest, AGuardedUpdateFindsItsRowByKey) {
    const auto filter =
        where(&Parcel::id) == std::get<ObjectId>(id_) && where(&Parcel::amount) == std::int64_t{3};
    const auto changes = Update<Parcel>().set(where(&Parcel::urgent), true).changes();
    EXPECT_EQ(plan_of(sqlite::update_rows({&collection_, filter.node(), changes}).text),
              "SEARCH parcels USING INDEX sqlite_autoindex_parcels_1 (_id=?)");
}

TEST_F(SqlitePlanTest, CountingByGroupReadsAnIndexAlone) {
    EXPECT_EQ(plan_of(sqlite::select_groups({&collection_, FilterNode(AllOf{}), "kind"}).text),
              "SCAN parcels USING COVERING INDEX idx_kind_due");
}

}  // namespace
}  // namespace rapport::testing
