#include "rapport/eval/scores.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace rapport::eval {
namespace {

// That the scores are scikit-learn's is tested by sklearn_test.py.

TEST(Scores, KeepAClassThatIsOnlyExpectedOrOnlySaid) {
    const std::vector<Judgement> judgements{{"a", "a"}, {"a", "b"}, {"c", "a"}};
    const Scores scores = score(judgements);
    ASSERT_EQ(scores.classes.size(), 3U);
    EXPECT_EQ(scores.classes[0], (ClassScore{"a", {0.5, 0.5, 0.5}, 2}));
    EXPECT_EQ(scores.classes[1], (ClassScore{"b", {0, 0, 0}, 0}));
    EXPECT_EQ(scores.classes[2], (ClassScore{"c", {0, 0, 0}, 1}));
    EXPECT_EQ(scores.matrix,
              (std::vector<std::vector<std::int64_t>>{{1, 1, 0}, {0, 0, 0}, {1, 0, 0}}));
    EXPECT_DOUBLE_EQ(scores.accuracy, 1.0 / 3);
}

TEST(Scores, OfNothingAreNothing) {
    const Scores scores = score(std::vector<Judgement>{});
    EXPECT_TRUE(scores.classes.empty());
    EXPECT_EQ(scores.accuracy, 0);
    EXPECT_EQ(scores.macro, Score{});
}

TEST(Scores, OfFindingsCountWhatIsMissedAndWhatIsWrong) {
    EXPECT_EQ(score(Found{.right = 2, .missed = 2, .wrong = 0}), (Score{1, 0.5, 2.0 / 3}));
    EXPECT_EQ(score(Found{}), Score{});
}

TEST(Calibration, IsTheDistanceOfConfidenceAndAccuracy) {
    const std::vector<Stated> statements{{0.9, true}, {0.9, false}, {0.3, false}, {0.3, false}};
    const Calibration measured = calibration(statements);
    EXPECT_NEAR(measured.error, 0.5 * 0.4 + 0.5 * 0.3, 1e-12);
    EXPECT_EQ(measured.bins.size(), 10U);
    EXPECT_EQ(measured.bins[8].count, 2);
    EXPECT_DOUBLE_EQ(measured.bins[8].accuracy, 0.5);
    EXPECT_EQ(measured.bins[2].count, 2);
}

TEST(Calibration, HasABinForBothEnds) {
    const Calibration measured = calibration(std::vector<Stated>{{0, true}, {1, true}});
    EXPECT_EQ(measured.bins.front().count, 1);
    EXPECT_EQ(measured.bins.back().count, 1);
    EXPECT_NEAR(measured.error, 0.5, 1e-12);
}

TEST(Spread, IsOfTheSample) {
    EXPECT_EQ(spread(std::vector<double>{0.7}), (Spread{0.7, 0}));
    const Spread of_two = spread(std::vector<double>{1, 3});
    EXPECT_DOUBLE_EQ(of_two.mean, 2);
    EXPECT_NEAR(of_two.deviation, std::sqrt(2.0), 1e-12);
}

}  // namespace
}  // namespace rapport::eval
