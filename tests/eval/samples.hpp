#pragma once

#include <string>
#include <vector>

#include "rapport/eval/golden_dataset.hpp"
#include "rapport/eval/outcome.hpp"
#include "rapport/eval/report.hpp"

namespace rapport::testing {

/// Wants a price to be asked for, and help with it, in English.
inline eval::Expectation price_question() {
    return {.intent = {Intent::kPricingQuestion},
            .language = {Language::kEnglish},
            .urgency = {Urgency::kLow},
            .action = {Action::kHelp},
            .stage = {"discovery"}};
}

/// What passes price_question().
inline eval::TurnOutcome price_answer() {
    Classification read;
    read.intent = Intent::kPricingQuestion;
    read.intent_confidence = 0.9;
    read.urgency = Urgency::kLow;
    read.reasoning = "asks what it costs";
    Strategy strategy;
    strategy.strategic_reasoning = "a question";
    return {.reply = "The plan costs 900 MXN a month.",
            .classification = read,
            .strategy = strategy,
            .stage = SalesStage::kDiscovery};
}

inline Signal signal(SignalDimension dimension, std::string value) {
    Signal found;
    found.dimension = dimension;
    found.extracted_value = std::move(value);
    return found;
}

/// A conversation of `turns` price questions.
inline eval::GoldenConversation golden(std::string name, std::size_t turns) {
    eval::GoldenConversation conversation{.name = std::move(name)};
    for (std::size_t i = 0; i < turns; ++i) {
        conversation.turns.push_back({.at = Timestamp(std::chrono::hours(500'000 + i)),
                                      .says = "How much is it? " + std::to_string(i),
                                      .expect = price_question()});
    }
    return conversation;
}

}  // namespace rapport::testing
