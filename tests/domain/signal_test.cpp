#include "rapport/domain/signal.hpp"

#include <gtest/gtest.h>

#include <limits>

#include "rapport/core/codec.hpp"

namespace rapport {
namespace {

Signal budget() {
    return {.dimension = SignalDimension::kBudget,
            .extracted_value = "40,000 a year",
            .confidence = {.value = 0.8, .reasoning = "said so"},
            .source_message_id = "507f1f77bcf86cd799439011",
            .is_inferred = true,
            .inferred_from = "the size of the company",
            .raw_evidence = "about forty thousand"};
}

std::string refusal(const Signal& signal) {
    try {
        validate(signal);
        return "accepted";
    } catch (const InvalidArgument& problem) {
        return problem.what();
    }
}

TEST(Signal, WireStringsAreThoseOfExistingDatabases) {
    EXPECT_EQ(
        to_json(budget()),
        R"({"dimension":"budget","extracted_value":"40,000 a year",)"
        R"("confidence":{"value":0.8,"reasoning":"said so"},)"
        R"("source_message_id":"507f1f77bcf86cd799439011","is_inferred":true,)"
        R"("inferred_from":"the size of the company","raw_evidence":"about forty thousand"})");
    EXPECT_EQ(enum_to_string(SignalDimension::kAuthority), "authority");
    EXPECT_EQ(enum_to_string(SignalDimension::kNeed), "need");
    EXPECT_EQ(enum_to_string(SignalDimension::kTimeline), "timeline");
}

TEST(Signal, ReadsBackWhatItWrote) {
    EXPECT_EQ(from_document<Signal>(to_document(budget())), budget());
}

TEST(Signal, ConfidenceLiesBetweenZeroAndOne) {
    for (const double value : {0.0, 0.5, 1.0}) {
        Signal signal = budget();
        signal.confidence.value = value;
        EXPECT_EQ(refusal(signal), "accepted");
    }
    for (const double value : {-0.01, 1.01, std::numeric_limits<double>::quiet_NaN()}) {
        Signal signal = budget();
        signal.confidence.value = value;
        EXPECT_EQ(refusal(signal), "confidence.value: must lie between 0 and 1");
    }
}

TEST(Signal, ReasoningHasAtMostThreeHundredCharacters) {
    Signal signal = budget();
    signal.confidence.reasoning.clear();
    for (int i = 0; i < 300; ++i) signal.confidence.reasoning += "ñ";
    EXPECT_EQ(refusal(signal), "accepted");
    signal.confidence.reasoning += "ñ";
    EXPECT_EQ(refusal(signal), "confidence.reasoning: more than 300 characters");
}

TEST(Signal, EveryTextIsUtf8) {
    for (const auto member :
         {&Signal::extracted_value, &Signal::source_message_id, &Signal::raw_evidence}) {
        Signal signal = budget();
        signal.*member = "\xFF";
        EXPECT_EQ(refusal(signal), "signal: a text is not valid UTF-8");
    }
    Signal signal = budget();
    signal.inferred_from = "\xFF";
    EXPECT_EQ(refusal(signal), "signal: a text is not valid UTF-8");
}

}  // namespace
}  // namespace rapport
