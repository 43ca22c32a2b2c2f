#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "rapport/core/described.hpp"
#include "rapport/domain/signal.hpp"

namespace rapport {

/// What a lead wants with a message.
enum class Intent : std::uint8_t {
    kGreeting,
    kFollowupResponse,
    kPricingQuestion,
    kDemoRequest,
    kFeatureQuestion,
    kTechnicalQuestion,
    kObjection,
    kReadyToBuy,
    kSupportRequest,
    kGeneralInquiry,
    kUnclear,
};

constexpr auto enum_names(Intent) {
    using enum Intent;
    return std::to_array<EnumName<Intent>>({
        {kGreeting, "greeting"},
        {kFollowupResponse, "followup_response"},
        {kPricingQuestion, "pricing_question"},
        {kDemoRequest, "demo_request"},
        {kFeatureQuestion, "feature_question"},
        {kTechnicalQuestion, "technical_question"},
        {kObjection, "objection"},
        {kReadyToBuy, "ready_to_buy"},
        {kSupportRequest, "support_request"},
        {kGeneralInquiry, "general_inquiry"},
        {kUnclear, "unclear"},
    });
}

/// How soon the lead wants an answer, or a solution.
enum class Urgency : std::uint8_t { kHigh, kMedium, kLow, kUnclear };

constexpr auto enum_names(Urgency) {
    using enum Urgency;
    return std::to_array<EnumName<Urgency>>({
        {kHigh, "high"},
        {kMedium, "medium"},
        {kLow, "low"},
        {kUnclear, "unclear"},
    });
}

/// The language of a message, or of an answer.
enum class Language : std::uint8_t { kSpanish, kEnglish, kMixed };

constexpr auto enum_names(Language) {
    using enum Language;
    return std::to_array<EnumName<Language>>({
        {kSpanish, "spanish"},
        {kEnglish, "english"},
        {kMixed, "mixed"},
    });
}

/// How the lead feels about us in a message.
enum class Sentiment : std::uint8_t {
    kPositive,
    kNeutral,
    kNegative,
    kSkeptical,
    kEnthusiastic,
    kUnclear,
};

constexpr auto enum_names(Sentiment) {
    using enum Sentiment;
    return std::to_array<EnumName<Sentiment>>({
        {kPositive, "positive"},
        {kNeutral, "neutral"},
        {kNegative, "negative"},
        {kSkeptical, "skeptical"},
        {kEnthusiastic, "enthusiastic"},
        {kUnclear, "unclear"},
    });
}

/// How much of himself the lead puts into the conversation.
enum class Engagement : std::uint8_t { kHigh, kMedium, kLow };

constexpr auto enum_names(Engagement) {
    using enum Engagement;
    return std::to_array<EnumName<Engagement>>({
        {kHigh, "high"},
        {kMedium, "medium"},
        {kLow, "low"},
    });
}

/// What the first agent makes of a message.
struct Classification {
    Intent intent = Intent::kUnclear;
    double intent_confidence = 0;  ///< 0 to 1, as all confidences are
    /// A word or two: "prices", "integrations".
    std::string topic{};
    double topic_confidence = 0;
    Urgency urgency = Urgency::kUnclear;
    double urgency_confidence = 0;
    Language language = Language::kEnglish;
    Sentiment sentiment = Sentiment::kUnclear;
    Engagement engagement_level = Engagement::kMedium;
    bool requires_human_escalation = false;
    /// At most kMaxReasoningCharacters.
    std::string reasoning{};
    /// What the message says about budget, authority, need and timeline, with its own words as
    /// evidence.
    std::vector<Signal> new_signals{};

    static constexpr std::size_t kMaxReasoningCharacters = 600;

    bool operator==(const Classification&) const = default;
};
BOOST_DESCRIBE_STRUCT(Classification, (),
                      (intent, intent_confidence, topic, topic_confidence, urgency,
                       urgency_confidence, language, sentiment, engagement_level,
                       requires_human_escalation, reasoning, new_signals))

/// Throws InvalidArgument that names the member, for a confidence outside 0 to 1, reasoning that is
/// too long, and a signal that is not valid.
void validate(const Classification& classification);

}  // namespace rapport
