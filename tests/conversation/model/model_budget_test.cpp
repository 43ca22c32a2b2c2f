#include <gtest/gtest.h>

#include <string>

#include "rapport/conversation/model/budget.hpp"
#include "rapport/repository/model_spending.hpp"
#include "tests/conversation/model/child_process.hpp"
#include "tests/conversation/model/samples.hpp"
#include "tests/store/temporary_folder.hpp"
#include "tests/support/engine.hpp"

namespace rapport {
namespace {

using std::chrono::hours;

class Budget : public ::testing::TestWithParam<std::string> {
  protected:
    ModelBudget with_limits(std::int64_t hourly, std::int64_t daily) {
        return ModelBudget(engine.store(), {hourly, daily}, [this] { return time; });
    }
    ModelBudget::Reservation reserve(ModelBudget& budget, std::int64_t amount) {
        return await(budget.reserve(amount, {})).value();
    }
    bool has(ModelBudget& budget, std::int64_t amount) {
        return await(budget.reserve(amount, {})).has_value();
    }
    ModelSpending spending() {
        return from_document<ModelSpending>(
            engine.stored(spending_collection(), spending_id(*parse_iso8601("2023-11-14"))));
    }

    testing::Engine engine{GetParam()};
    Timestamp time = *parse_iso8601("2023-11-14T21:59:00Z");
};

TEST_P(Budget, GivesNoMoreThanTheHourHas) {
    ModelBudget budget = with_limits(100, 1000);
    EXPECT_FALSE(has(budget, 101));
    EXPECT_TRUE(has(budget, 60));
    EXPECT_FALSE(has(budget, 41));
    EXPECT_TRUE(has(budget, 40));
    EXPECT_FALSE(has(budget, 1));
    EXPECT_TRUE(has(budget, 0));
}

TEST_P(Budget, BeginsAnewWithTheHourButNotTheDaysSum) {
    ModelBudget budget = with_limits(100, 150);
    EXPECT_TRUE(has(budget, 100));
    time += hours(1);
    EXPECT_FALSE(has(budget, 51));
    EXPECT_TRUE(has(budget, 50));
    EXPECT_FALSE(has(budget, 1));
    time += hours(2);  // past midnight UTC
    EXPECT_TRUE(has(budget, 100));
}

TEST_P(Budget, TakesTheRealCostInPlaceOfTheEstimate) {
    ModelBudget budget = with_limits(100, 1000);
    const auto reservation = reserve(budget, 100);
    EXPECT_FALSE(has(budget, 1));
    await(budget.settle(reservation, 30, {}));
    EXPECT_EQ(spending().hour_micro_usd, 30);
    EXPECT_EQ(spending().day_micro_usd, 30);
    EXPECT_TRUE(has(budget, 70));
}

TEST_P(Budget, CountsWhatIsNeverSettledAsSpentUntilItsHourIsOver) {
    ModelBudget budget = with_limits(100, 1000);
    reserve(budget, 100);
    EXPECT_FALSE(has(budget, 1));
    time += hours(1);
    EXPECT_TRUE(has(budget, 100));
}

TEST_P(Budget, SettledInALaterHourChangesTheDaysSumAlone) {
    ModelBudget budget = with_limits(100, 1000);
    const auto reservation = reserve(budget, 100);
    time += hours(1);
    reserve(budget, 10);
    await(budget.settle(reservation, 20, {}));
    EXPECT_EQ(spending().hour_micro_usd, 10);
    EXPECT_EQ(spending().day_micro_usd, 30);
}

TEST_P(Budget, CountsForAProcessWhoseClockIsBehindInTheHourThatOthersBegan) {
    ModelBudget budget = with_limits(100, 1000);
    reserve(budget, 10);
    time += hours(1);
    reserve(budget, 60);
    time -= hours(1);
    EXPECT_FALSE(has(budget, 50));
    EXPECT_TRUE(has(budget, 40));
    EXPECT_EQ(spending().hour_micro_usd, 100);
}

TEST_P(Budget, OfZeroGivesNothing) {
    ModelBudget budget = with_limits(0, 0);
    EXPECT_FALSE(has(budget, 1));
}

TEST(MicroUsd, RoundsUp) {
    EXPECT_EQ(to_micro_usd(0.0000001), 1);
    EXPECT_EQ(to_micro_usd(0), 0);
    EXPECT_EQ(to_micro_usd(5), 5'000'000);
}

INSTANTIATE_TEST_SUITE_P(Model, Budget, ::testing::ValuesIn(testing::engines()),
                         [](const auto& engine) { return engine.param; });

class SharedBudget : public ::testing::TestWithParam<std::string> {};

TEST_P(SharedBudget, IsOneForTwoProcesses) {
    constexpr int kLimit = 100;
    constexpr int kTimes = 80;
    const testing::OwnDatabase database(GetParam());
    {
        DatabaseManager manager(database.settings(), database.url());
        await(manager.connect());
        await(manager.create_indexes());
    }
    const testing::TemporaryFolder folder;
    const auto spender = [&](const char* output) {
        return testing::ChildProcess(
            {RAPPORT_MODEL_SPENDER, GetParam(), database.url().location,
             database.settings().mongodb_database, std::to_string(kLimit), std::to_string(kTimes)},
            {}, folder.path() / output);
    };
    testing::ChildProcess first = spender("first");
    testing::ChildProcess second = spender("second");
    const int granted = std::stoi(first.wait()) + std::stoi(second.wait());
    EXPECT_EQ(granted, kLimit);
}

INSTANTIATE_TEST_SUITE_P(Model, SharedBudget, ::testing::ValuesIn(testing::engines()),
                         [](const auto& engine) { return engine.param; });

}  // namespace
}  // namespace rapport
