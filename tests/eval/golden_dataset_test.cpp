#include "rapport/eval/golden_dataset.hpp"

#include <gmock/gmock-matchers.h>
#include <gtest/gtest.h>

#include <string>

#include "rapport/core/codec.hpp"
#include "rapport/core/error.hpp"
#include "tests/eval/samples.hpp"

namespace rapport::eval {
namespace {

using ::testing::HasSubstr;

std::string line() { return to_json(testing::golden("a_price", 2)); }

/// The line with the first `what` replaced.
std::string line_with(const std::string& what, const std::string& by) {
    std::string text = line();
    const std::size_t at = text.find(what);
    if (at == std::string::npos) throw std::logic_error(what + " is not in the line");
    return text.replace(at, what.size(), by);
}

std::string refusal(const std::string& text) {
    try {
        parse_golden(text, "edge.jsonl");
    } catch (const InvalidDocument& problem) {
        return problem.what();
    }
    return "accepted";
}

TEST(GoldenDataset, ReadsAConversationALine) {
    const auto conversations = parse_golden("\n" + line() + "\n\n", "edge.jsonl");
    ASSERT_EQ(conversations.size(), 1U);
    EXPECT_EQ(conversations[0], testing::golden("a_price", 2));
}

TEST(GoldenDataset, NamesFileLineAndMember) {
    EXPECT_EQ(refusal(line() + "\n" + line_with(R"("pricing_question")", R"("prize")")),
              "edge.jsonl:2: turns[0].expect.intent[0]: unknown value \"prize\"");
    EXPECT_THAT(refusal("\n{]"), HasSubstr("edge.jsonl:2: "));
    EXPECT_EQ(refusal(line_with(R"("handoff":false,)", "")),
              "edge.jsonl:1: turns[0].expect.handoff: missing");
}

TEST(GoldenDataset, RefusesAMemberThatNobodyWouldRead) {
    EXPECT_THAT(refusal(line_with(R"("intent")", R"("intnet")")),
                HasSubstr("edge.jsonl:1: turns[0].expect.intnet: not known; there are intent, "));
    EXPECT_THAT(
        refusal(line_with(R"("signals":[])", R"("signals":[{"dimension":"need","value":["x"]}])")),
        HasSubstr("turns[0].expect.signals[0].value: not known; there are dimension, values"));
}

TEST(GoldenDataset, RefusesLabelsThatSayNothing) {
    EXPECT_THAT(refusal(line_with(R"("action":["help"])", R"("action":[])")),
                HasSubstr("turns[0].expect.action: missing"));
    EXPECT_THAT(refusal(line_with(R"("stage":["discovery"])", R"("stage":[])")),
                HasSubstr("turns[0].expect.stage: missing"));
    EXPECT_THAT(refusal(line_with(R"("discovery")", R"("interested")")),
                HasSubstr("turns[0].expect.stage[0]: not a stage"));
    EXPECT_THAT(refusal(line_with(R"("signals":[])",
                                  R"("signals":[{"dimension":"need","values":["25","!"]}])")),
                HasSubstr("turns[0].expect.signals[0].values: each must hold"));
}

TEST(GoldenDataset, RefusesLabelsOfATurnThatIsNotAnswered) {
    EXPECT_THAT(refusal(line_with(R"("answered":true)", R"("answered":false)")),
                HasSubstr("turns[0].expect.answered: false leaves nothing to say"));
}

TEST(GoldenDataset, RefusesTurnsThatAreNotInOrderOrSayNothing) {
    auto conversation = testing::golden("a_price", 2);
    conversation.turns[1].at = conversation.turns[0].at;
    EXPECT_THAT(refusal(to_json(conversation)), HasSubstr("turns[1].at: must be later"));
    conversation = testing::golden("a_price", 1);
    conversation.turns[0].says.clear();
    EXPECT_THAT(refusal(to_json(conversation)), HasSubstr("turns[0].says: empty"));
    conversation.turns[0].attachment = Attachment{"image", "a.jpg"};
    EXPECT_EQ(refusal(to_json(conversation)), "accepted");
}

TEST(GoldenDataset, RefusesNamesThatCannotBeToldApart) {
    EXPECT_THAT(refusal(line() + "\n" + line()), HasSubstr("a_price is there twice"));
    EXPECT_THAT(refusal(line_with("a_price", "A price")), HasSubstr("name: expected lower case"));
}

TEST(GoldenDataset, OfNothingIsAnErrorAndNotAPerfectScore) {
    EXPECT_THAT(refusal(""), HasSubstr("edge.jsonl: holds no conversation"));
    EXPECT_THROW(load_golden("no/such/folder"), InvalidArgument);
}

TEST(GoldenDataset, FingerprintsDifferWhereConversationsDo) {
    auto conversation = testing::golden("a_price", 2);
    const std::string before = fingerprint(conversation);
    EXPECT_EQ(fingerprint(testing::golden("a_price", 2)), before);
    conversation.turns[1].expect.urgency.push_back(Urgency::kMedium);
    EXPECT_NE(fingerprint(conversation), before);
}

}  // namespace
}  // namespace rapport::eval
