#include "rapport/eval/significance.hpp"

#include <gmock/gmock-matchers.h>
#include <gtest/gtest.h>

#include <random>

#include "rapport/eval/gate.hpp"
#include "rapport/eval/judge.hpp"
#include "tests/eval/samples.hpp"

namespace rapport::eval {
namespace {

// The expected values are those of SciPy's stats.t.sf and stats.fisher_exact.

TEST(ChanceOfFall, OfAMeanIsStudents) {
    EXPECT_NEAR(chance_of_fall(Measured{1, 0.1, 5}, {0.8, 0.1, 5}, 0), 0.006674531713009355, 1e-12);
    EXPECT_NEAR(chance_of_fall(Measured{1, 0.1, 5}, {0.8, 0.1, 5}, 0.02), 0.010804964553007263,
                1e-12);
}

TEST(ChanceOfFall, TakesASingleRunToSpreadAsTheOtherSideDoes) {
    EXPECT_NEAR(chance_of_fall(Measured{1, 0.1, 5}, {0.8, 0, 1}, 0), 0.07096372388702771, 1e-12);
    EXPECT_NEAR(chance_of_fall(Measured{1, 0, 1}, {0.8, 0.1, 5}, 0), 0.07096372388702771, 1e-12);
}

TEST(ChanceOfFall, IsNoneWhereNoRunDiffers) {
    EXPECT_EQ(chance_of_fall(Measured{1, 0, 1}, {0.9, 0, 1}, 0), 0);
    EXPECT_EQ(chance_of_fall(Measured{1, 0, 1}, {0.9, 0, 1}, 0.1), 1);
    EXPECT_EQ(chance_of_fall(Measured{0.9, 0.1, 5}, {1, 0.1, 5}, 0), 1);
}

TEST(ChanceOfFall, OfPassesIsFishers) {
    EXPECT_NEAR(chance_of_fall(Passed{5, 5}, {0, 5}), 0.003968253968253969, 1e-12);
    EXPECT_NEAR(chance_of_fall(Passed{3, 5}, {0, 5}), 0.08333333333333333, 1e-12);
    EXPECT_NEAR(chance_of_fall(Passed{9, 10}, {2, 10}), 0.0027387473207906646, 1e-12);
    EXPECT_NEAR(chance_of_fall(Passed{0, 5}, {5, 5}), 1, 1e-12);
}

/// Agents that answer turn by turn with a probability of their own, as the golden set's size is.
class NoisyAgents {
  public:
    static constexpr int kConversations = 80;
    static constexpr int kTurns = 4;
    static constexpr int kRuns = 5;

    explicit NoisyAgents(std::uint32_t seed) : random_(seed) {
        for (int i = 0; i < kConversations; ++i) {
            conversations_.push_back(testing::golden("c" + std::to_string(i), kTurns));
            // A third of the turns waver, anywhere between never and always.
            for (int turn = 0; turn < kTurns; ++turn) {
                std::uniform_real_distribution<> any;
                right_.push_back(any(random_) < 0.33 ? any(random_) : 1);
            }
        }
    }

    /// Every third turn of those that never fail is lost with `probability`.
    void worsen(double probability) {
        int steady = 0;
        for (double& right : right_) {
            if (right == 1 && steady++ % 3 == 0) right = 1 - probability;
        }
    }

    EvalReport report() {
        std::vector<std::vector<Outcomes>> runs(kRuns);
        for (auto& run : runs) {
            std::size_t at = 0;
            for (const GoldenConversation& conversation : conversations_) {
                Outcomes outcomes(kTurns, testing::price_answer());
                for (std::size_t turn = 0; turn < outcomes.size(); ++turn) {
                    if (std::bernoulli_distribution(right_[at++])(random_)) continue;
                    outcomes[turn].classification->intent = Intent::kObjection;
                    outcomes[turn].failed = judge(conversation.turns[turn].expect, outcomes[turn]);
                }
                run.push_back(std::move(outcomes));
            }
        }
        return make_report("model", conversations_, runs);
    }

  private:
    std::mt19937 random_;
    std::vector<GoldenConversation> conversations_;
    std::vector<double> right_;
};

int closed_gates(double worsened_by) {
    constexpr int kComparisons = 10;
    int closed = 0;
    for (int i = 0; i < kComparisons; ++i) {
        NoisyAgents agents(static_cast<std::uint32_t>(i));
        const Baseline before = make_baseline(agents.report(), nullptr);
        if (worsened_by > 0) agents.worsen(worsened_by);
        if (!compare(agents.report(), before, "base.jsonl").regressions.empty()) ++closed;
    }
    return closed;
}

TEST(Gate, StaysOpenForTheNoiseOfAWholeSet) { EXPECT_LE(closed_gates(0), 1); }

TEST(Gate, ClosesForARealFallAmongNoise) { EXPECT_GE(closed_gates(0.7), 9); }

}  // namespace
}  // namespace rapport::eval
