#include "rapport/eval/gate.hpp"

#include <gmock/gmock-more-matchers.h>
#include <gtest/gtest.h>

#include "rapport/core/error.hpp"
#include "rapport/eval/judge.hpp"
#include "tests/eval/samples.hpp"

namespace rapport::eval {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// Two conversations, whose first turns are answered well or not in each run.
struct Case {
    std::vector<bool> first;
    std::vector<bool> second;
};

EvalReport report_of(const Case& wanted) {
    const std::vector<GoldenConversation> conversations{testing::golden("first", 2),
                                                        testing::golden("second", 2)};
    std::vector<std::vector<Outcomes>> runs;
    for (std::size_t run = 0; run < wanted.first.size(); ++run) {
        std::vector<Outcomes> of_run(2, Outcomes(2, testing::price_answer()));
        for (const std::size_t which : {0U, 1U}) {
            TurnOutcome& outcome = of_run[which][0];
            const bool good = which == 0 ? wanted.first[run] : wanted.second[run];
            if (!good) outcome.classification->intent = Intent::kObjection;
            outcome.failed = judge(conversations[which].turns[0].expect, outcome);
        }
        runs.push_back(std::move(of_run));
    }
    return make_report("rules", conversations, runs);
}

Comparison comparison(const Case& before, const Case& after) {
    return compare(report_of(after), make_baseline(report_of(before), nullptr), "base.jsonl");
}

TEST(Gate, LetsTheSamePass) {
    const Comparison same = comparison({{true}, {false}}, {{true}, {false}});
    EXPECT_THAT(same.regressions, IsEmpty());
    EXPECT_THAT(same.improvements, IsEmpty());
    EXPECT_THAT(same.changed_turns, IsEmpty());
    EXPECT_THAT(same.flaky, IsEmpty());
}

TEST(Gate, NamesTheClassTheConversationAndTheTurn) {
    EXPECT_THAT(comparison({{true}, {true}}, {{true}, {false}}).regressions,
                ElementsAre("intent pricing_question: F1 0.857, was 1.000 (tolerance 0.02)",
                            "    second turn 1: expected pricing_question, got objection",
                            "second: passes 0 of 1, was 1 of 1", "    turn 1: intent"));
}

TEST(Gate, SaysWhatIsBetter) {
    const Comparison better = comparison({{true}, {false}}, {{true}, {true}});
    EXPECT_THAT(better.regressions, IsEmpty());
    EXPECT_THAT(better.improvements, ElementsAre("intent pricing_question: F1 1.000, was 0.857",
                                                 "second: passes 1 of 1, was 0 of 1"));
}

TEST(Gate, LetsAClassFallWithinItsTolerance) {
    Baseline baseline = make_baseline(report_of({{true}, {true}}), nullptr);
    for (BaselineClass& known : baseline.classes) known.tolerance = 0.2;
    const Comparison within = compare(report_of({{true}, {false}}), baseline, "base.jsonl");
    EXPECT_THAT(within.regressions, Not(Contains(HasSubstr("F1"))));
    EXPECT_THAT(within.regressions, Contains(HasSubstr("second: passes 0 of 1")));
}

TEST(Gate, TellsNoiseFromARegression) {
    const Case noisy{{true, true, true, true, true}, {true, false, true, true, false}};
    const Case as_noisy{{true, true, true, true, true}, {false, true, false, true, true}};
    const Case steady{{true, true, true, true, true}, {true, true, true, true, true}};
    const Case broken{{true, true, true, true, true}, {false, false, false, false, false}};
    const Comparison noise = comparison(noisy, as_noisy);
    EXPECT_THAT(noise.regressions, IsEmpty());
    EXPECT_THAT(noise.flaky, ElementsAre("second turn 1: passes 3 of 5"));
    EXPECT_THAT(comparison(steady, broken).regressions,
                Contains("second: passes 0 of 5, was 5 of 5"));
}

TEST(Gate, NamesWhatMayHaveChangedByChance) {
    const Case noisy{{true, true, true, true, true}, {true, false, true, true, false}};
    const Case worse{{true, true, true, true, true}, {false, false, false, false, true}};
    const Comparison down = comparison(noisy, worse);
    EXPECT_THAT(down.regressions, IsEmpty());
    EXPECT_THAT(down.changed_turns, ElementsAre("second turn 1: now fails intent"));
    EXPECT_THAT(comparison(worse, noisy).changed_turns,
                ElementsAre("second turn 1: no longer fails intent"));
}

TEST(Gate, TakesASingleRunToSpreadAsTheBaselineDoes) {
    const Case noisy{{true, true, true, true, true}, {true, false, true, true, false}};
    EXPECT_THAT(comparison(noisy, {{true}, {false}}).regressions, IsEmpty());
    EXPECT_THAT(comparison(noisy, {{false}, {true}}).regressions,
                Contains("first: passes 0 of 1, was 5 of 5"));
}

TEST(Gate, ExplainsByTheRunThatFailed) {
    const Case steady{{true, true, true}, {true, true, true}};
    const Case worse{{true, false, false}, {true, false, false}};
    Baseline baseline = make_baseline(report_of(steady), nullptr);
    for (BaselineClass& known : baseline.classes) known.tolerance = -1;  // each has to be explained
    EXPECT_THAT(compare(report_of(worse), baseline, "base.jsonl").regressions,
                Contains("    first turn 1: expected pricing_question, got objection"));
}

TEST(Gate, RefusesABaselineOfOtherConversations) {
    const Baseline baseline = make_baseline(report_of({{true}, {true}}), nullptr);
    auto changed = testing::golden("second", 3);
    const std::vector<GoldenConversation> others{testing::golden("third", 1), changed};
    const std::vector<std::vector<Outcomes>> runs{
        {Outcomes(1, testing::price_answer()), Outcomes(3, testing::price_answer())}};
    try {
        compare(make_report("rules", others, runs), baseline, "base.jsonl");
        FAIL();
    } catch (const InvalidArgument& problem) {
        EXPECT_STREQ(
            problem.what(),
            "base.jsonl: made of other conversations: third (new), second (changed), first "
            "(gone); make it with `rapport eval PATH --baseline FILE --update-baseline`");
    }
}

TEST(Gate, RefusesABaselineThatLacksTurns) {
    Baseline baseline = make_baseline(report_of({{true}, {true}}), nullptr);
    baseline.conversations.at(1).turns.pop_back();
    EXPECT_THROW(compare(report_of({{true}, {true}}), baseline, "base.jsonl"), InvalidArgument);
}

TEST(Baseline, IsReadAsItWasWritten) {
    const Baseline baseline = make_baseline(report_of({{true, true}, {true, false}}), nullptr);
    const Baseline read = parse_baseline(to_jsonl(baseline), "base.jsonl");
    EXPECT_EQ(to_jsonl(read), to_jsonl(baseline));
    EXPECT_EQ(read.runs, 2);
    EXPECT_EQ(read.conversations.at(1).passes, 1);
}

TEST(Baseline, KeepsTheTolerancesOfTheOneBefore) {
    Baseline before = make_baseline(report_of({{true}, {true}}), nullptr);
    before.classes.at(0).tolerance = 0.5;
    const Baseline after = make_baseline(report_of({{true}, {true}}), &before);
    EXPECT_EQ(after.classes.at(0).tolerance, 0.5);
    EXPECT_EQ(after.classes.at(1).tolerance, BaselineClass::kDefaultTolerance);
}

TEST(Baseline, OfAnotherVersionSaysHowToMakeOne) {
    const auto refusal = [](const std::string& text) {
        try {
            parse_baseline(text, "base.jsonl");
        } catch (const InvalidDocument& problem) {
            return std::string(problem.what());
        }
        return std::string("accepted");
    };
    EXPECT_THAT(refusal(R"({"baseline_version":0,"agents":"rules","runs":1})"),
                HasSubstr("base.jsonl:1: baseline_version: another version's; make it with"));
    EXPECT_THAT(refusal(""), HasSubstr("empty"));
    EXPECT_THAT(refusal(R"({"baseline_version":1,"agents":"rules","runs":101})"),
                HasSubstr("base.jsonl:1: runs: must be 1 to 100"));
    const std::string head = R"({"baseline_version":1,"agents":"rules","runs":2})";
    EXPECT_THAT(refusal(head + "\n" +
                        R"({"conversation":"a","fingerprint":"b","passes":1000000,"turns":[]})"),
                HasSubstr("base.jsonl:2: passes: must be 0 to 2"));
    EXPECT_THAT(refusal("{}"), HasSubstr("base.jsonl:1: "));
}

}  // namespace
}  // namespace rapport::eval
