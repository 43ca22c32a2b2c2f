#include "rapport/store/index_plan.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <utility>

namespace rapport::testing {
namespace {

using std::chrono::days;
using Difference = IndexDifference::Kind;

const Index kByTime{.name = "by_time", .keys = {{"timestamp", true}}};
const Index kUnique{.name = "one", .keys = {{"lead_id"}}, .unique = true};
const Index kExpiring{.name = "ttl", .keys = {{"created_at"}}, .expire_after = days(365)};

Index changed(Index index, const std::function<void(Index&)>& change) {
    change(index);
    return index;
}

struct Case {
    std::string name;
    std::vector<Index> declared;
    std::vector<Index> existing;
    std::vector<std::pair<Difference, std::string>> differences;
    Index::Engine engine = Index::Engine::kMongo;
};

class IndexPlanTest : public ::testing::TestWithParam<Case> {};

TEST_P(IndexPlanTest, SaysWhatDiffers) {
    IndexPlan plan;
    const Collection collection{"things", {}, GetParam().declared, {"retired"}};
    plan_indexes(plan, collection, GetParam().existing, GetParam().engine);
    std::vector<std::pair<Difference, std::string>> differences;
    for (const IndexDifference& difference : plan.differences) {
        EXPECT_EQ(difference.collection, "things");
        differences.emplace_back(difference.kind, difference.name());
    }
    EXPECT_EQ(differences, GetParam().differences);
    EXPECT_TRUE(plan.foreign_expiries.empty());
}

INSTANTIATE_TEST_SUITE_P(
    Store, IndexPlanTest,
    ::testing::Values(
        Case{"nothing", {kByTime, kExpiring}, {kExpiring, kByTime}, {}},
        Case{"missing", {kByTime, kUnique}, {kUnique}, {{Difference::kMissing, "by_time"}}},
        Case{"other_order",
             {kByTime},
             {changed(kByTime, [](Index& index) { index.keys[0].descending = false; })},
             {{Difference::kDifferent, "by_time"}}},
        Case{"not_unique",
             {kUnique},
             {changed(kUnique, [](Index& index) { index.unique = false; })},
             {{Difference::kDifferent, "one"}}},
        Case{"not_partial",
             {changed(kByTime, [](Index& index) { index.where_present = "timestamp"; })},
             {kByTime},
             {{Difference::kDifferent, "by_time"}}},
        Case{"other_name",
             {kUnique},
             {changed(kUnique, [](Index& index) { index.name = "phone"; })},
             {}},
        Case{"other_expiry",
             {kExpiring},
             {changed(kExpiring, [](Index& index) { index.expire_after = days(1); })},
             {{Difference::kExpiry, "ttl"}}},
        Case{"no_expiry",
             {kExpiring},
             {changed(kExpiring, [](Index& index) { index.expire_after.reset(); })},
             {{Difference::kExpiry, "ttl"}}},
        Case{"expires_against_its_declaration",
             {kByTime},
             {changed(kByTime, [](Index& index) { index.expire_after = days(1); })},
             {{Difference::kDifferent, "by_time"}}},
        Case{"retired",
             {},
             {changed(kByTime, [](Index& index) { index.name = "retired"; })},
             {{Difference::kLeftOver, "retired"}}},
        Case{"of_another_program", {}, {kByTime}, {}},
        Case{"replaced_is_dropped_behind_what_replaces_it",
             {changed(kByTime, [](Index& index) { index.replaces = {{"timestamp"}}; })},
             {changed(kByTime,
                      [](Index& index) {
                          index.name = "old";
                          index.keys = {{"timestamp"}};
                      })},
             {{Difference::kMissing, "by_time"}, {Difference::kLeftOver, "old"}}},
        Case{"bridge_of_a_change_that_was_interrupted",
             {kByTime},
             {changed(kByTime,
                      [](Index& index) {
                          index.name = "by_time_bridge";
                          index.keys.push_back({"_bridge"});
                      })},
             {{Difference::kMissing, "by_time"}, {Difference::kLeftOver, "by_time_bridge"}}},
        Case{"of_the_other_engine",
             {changed(kByTime, [](Index& index) { index.engine = Index::Engine::kMongo; })},
             {kByTime},
             {{Difference::kLeftOver, "by_time"}},
             Index::Engine::kSqlite}),
    [](const auto& info) { return info.param.name; });

TEST(IndexPlan, NotesWhatRemovesDocumentsForAnotherProgram) {
    IndexPlan plan;
    plan_indexes(plan, {"things", {}, {kByTime}}, {kByTime, kExpiring}, Index::Engine::kMongo);
    EXPECT_TRUE(plan.differences.empty()) << "it is not ours to drop";
    ASSERT_EQ(plan.foreign_expiries.size(), 1);
    EXPECT_EQ(plan.foreign_expiries[0].index.name, "ttl");
}

TEST(IndexPlan, DescribesAnIndexForPeople) {
    Index index{.name = "i",
                .keys = {{"a"}},
                .unique = true,
                .where_present = "a",
                .expire_after = days(2)};
    EXPECT_EQ(describe(index), "a; unique; where a is; expires after 2 d");
    index.keys.push_back({"b", true});
    EXPECT_EQ(describe(index), "a, b desc; unique; where a is") << "of two keys, it cannot expire";
    EXPECT_EQ(describe({.name = "i", .keys = {{"a"}}, .expire_after = std::chrono::seconds(90)}),
              "a; expires after 90 s");
}

}  // namespace
}  // namespace rapport::testing
