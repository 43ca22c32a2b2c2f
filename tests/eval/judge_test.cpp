#include "rapport/eval/judge.hpp"

#include <gtest/gtest.h>

#include "tests/eval/samples.hpp"

namespace rapport::eval {
namespace {

using testing::price_answer;
using testing::price_question;
using testing::signal;

std::vector<std::string> failed(const Expectation& expect, const TurnOutcome& outcome) {
    std::vector<std::string> checks;
    for (const FailedCheck& check : judge(expect, outcome)) checks.push_back(check.check);
    return checks;
}

TEST(Judge, LetsPassWhatIsAsExpected) {
    EXPECT_TRUE(judge(price_question(), price_answer()).empty());
}

TEST(Judge, NamesEachThingThatIsNot) {
    TurnOutcome outcome = price_answer();
    outcome.classification->intent = Intent::kObjection;
    outcome.classification->language = Language::kSpanish;
    outcome.classification->urgency = Urgency::kHigh;
    outcome.strategy->action = Action::kNurture;
    outcome.stage = SalesStage::kOnHold;
    outcome.handoff = true;
    EXPECT_EQ(
        failed(price_question(), outcome),
        (std::vector<std::string>{"intent", "language", "urgency", "action", "stage", "handoff"}));
    EXPECT_EQ(judge(price_question(), outcome).front(),
              (FailedCheck{"intent", "pricing_question", "objection", "asks what it costs"}));
}

TEST(Judge, TakesAnAlternativeForTheLabel) {
    Expectation expect = price_question();
    expect.intent = {Intent::kObjection, Intent::kPricingQuestion};
    EXPECT_TRUE(judge(expect, price_answer()).empty());
    EXPECT_EQ(judgements(expect, price_answer()).at("intent").predicted, "objection");

    expect.intent = {Intent::kObjection, Intent::kUnclear};
    const Judgement judged = judgements(expect, price_answer()).at("intent");
    EXPECT_EQ(judged.expected, "objection");
    EXPECT_EQ(judged.predicted, "pricing_question");
}

TEST(Judge, FindsASignalByItsTellingWords) {
    using enum SignalDimension;
    const ExpectedSignal budget{kBudget, {"40000 MXN/month", "40000"}};
    EXPECT_TRUE(is(signal(kBudget, "40,000 MXN/month"), budget));
    EXPECT_TRUE(is(signal(kBudget, "about 40 000 or 40000"), budget));
    EXPECT_FALSE(is(signal(kBudget, "4000 MXN/month"), budget));
    EXPECT_FALSE(is(signal(kNeed, "40,000 MXN/month"), budget));
    EXPECT_TRUE(is(signal(kTimeline, "antes de DICIÉMBRE"), {kTimeline, {"diciembre"}}));
    EXPECT_FALSE(is(signal(kTimeline, "antes"), {kTimeline, {"antes diciembre"}}));
}

TEST(Judge, CountsASignalOnce) {
    using enum SignalDimension;
    Expectation expect = price_question();
    expect.signals = {{kNeed, {"25"}}, {kNeed, {"25"}}, {kBudget, {"900"}}};
    TurnOutcome outcome = price_answer();
    outcome.classification->new_signals = {signal(kNeed, "seats: 25"), signal(kTimeline, "today")};
    const auto found = found_signals(expect, outcome);
    EXPECT_EQ(found.at(kNeed).right, 1);
    EXPECT_EQ(found.at(kNeed).missed, 1);
    EXPECT_EQ(found.at(kBudget).missed, 1);
    EXPECT_EQ(found.at(kTimeline).wrong, 1);
    EXPECT_EQ(failed(expect, outcome), std::vector<std::string>{"signals"});
}

TEST(Judge, ReadsTheReplyWithoutCapitalsAndAccents) {
    Expectation expect = price_question();
    expect.reply_has = {"precio|COSTS 900", "mónth"};
    expect.reply_lacks = {"discount"};
    EXPECT_TRUE(judge(expect, price_answer()).empty());

    expect.reply_has = {"precio|costo"};
    expect.reply_lacks = {"plan costs"};
    EXPECT_EQ(failed(expect, price_answer()), (std::vector<std::string>{"reply", "reply"}));
}

TEST(Judge, WantsSilenceWhileAPersonHasTheConversation) {
    const Expectation silence{.stage = {"discovery"}, .answered = false};
    TurnOutcome outcome{.stage = SalesStage::kDiscovery};
    EXPECT_TRUE(judge(silence, outcome).empty());
    EXPECT_FALSE(judgements(silence, outcome).contains("intent"));
    outcome.reply = "Hello again";
    EXPECT_EQ(failed(silence, outcome), std::vector<std::string>{"answered"});
}

TEST(Judge, CountsAnAnswerThatIsMissingAgainstEveryField) {
    const TurnOutcome silent{.stage = SalesStage::kDiscovery};
    EXPECT_EQ(failed(price_question(), silent), std::vector<std::string>{"answered"});
    EXPECT_EQ(judgements(price_question(), silent).at("intent").predicted, "(not asked)");

    const TurnOutcome broken{.error = "the model is away"};
    EXPECT_EQ(judge(price_question(), broken).front(),
              (FailedCheck{"error", "an answer", "the model is away", ""}));
    EXPECT_EQ(judgements(price_question(), broken).at("stage").predicted, "(error)");
}

}  // namespace
}  // namespace rapport::eval
