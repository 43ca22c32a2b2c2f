#include "rapport/conversation/rules/rule_classifier.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "rapport/conversation/rules/conversation_reading.hpp"
#include "rapport/core/utf8.hpp"

namespace rapport::rules {
namespace {

constexpr std::size_t kIntents = kEnumTable<Intent>.size();

/// Below it the rules that apply say too little.
constexpr double kLeastScore = 1;

using Scores = std::array<double, kIntents>;

/// Each language adds up its own rules, and the greater sum counts: `no` and `?` are said in both.
Scores scores_of(const Reading& reading) {
    Scores spanish{};
    Scores english{};
    for (const Rule* rule : reading.applied) {
        Scores& scores = rule->language == Language::kSpanish ? spanish : english;
        if (rule->intent) scores[static_cast<std::size_t>(*rule->intent)] += rule->weight;
    }
    for (std::size_t i = 0; i < kIntents; ++i) english[i] = std::max(english[i], spanish[i]);
    return english;
}

void set_intent(const Reading& reading, const Scores& scores, Classification& result) {
    const auto best = std::max_element(scores.begin(), scores.end());
    if (*best < kLeastScore) {
        result.intent = Intent::kUnclear;
        result.intent_confidence = reading.words == 0 ? 0.9 : 0.4;
        return;
    }
    result.intent = static_cast<Intent>(best - scores.begin());
    double second = 0;
    for (auto score = scores.begin(); score != scores.end(); ++score) {
        if (score != best) second = std::max(second, *score);
    }
    // One more in the divisor: a single weak rule is not certain, even without a rival.
    result.intent_confidence = std::min(0.97, *best / (*best + second + 1));
}

/// Of the rules that speak for the intent the heaviest names the topic; else any that has one.
void set_topic(const Reading& reading, Classification& result) {
    const Rule* chosen = nullptr;
    const auto rank = [&](const Rule* rule) {
        return std::pair(rule->intent == result.intent, rule->weight);
    };
    for (const Rule* rule : reading.applied) {
        if (!rule->topic.empty() && (chosen == nullptr || rank(rule) > rank(chosen))) chosen = rule;
    }
    result.topic = chosen ? chosen->topic : "general";
    result.topic_confidence = chosen ? 0.8 : 0.3;
}

void set_urgency(const Reading& reading, Classification& result) {
    const Rule* chosen = nullptr;
    for (const Rule* rule : reading.applied) {
        if (rule->urgency && (chosen == nullptr || *rule->urgency < *chosen->urgency)) {
            chosen = rule;
        }
    }
    result.urgency_confidence = chosen ? 0.8 : 0.5;
    if (chosen) {
        result.urgency = *chosen->urgency;
    } else if (result.intent == Intent::kUnclear) {
        result.urgency = Urgency::kUnclear;
    } else if (result.intent == Intent::kGreeting || result.intent == Intent::kObjection) {
        result.urgency = Urgency::kLow;
    } else {
        result.urgency = Urgency::kMedium;
    }
}

/// The last rule counts: tables go from the general to the particular.
Sentiment sentiment_of(const Reading& reading, Intent intent) {
    Sentiment sentiment = intent == Intent::kUnclear ? Sentiment::kUnclear : Sentiment::kNeutral;
    for (const Rule* rule : reading.applied) {
        if (rule->sentiment) sentiment = *rule->sentiment;
    }
    return sentiment;
}

Engagement engagement_of(const Reading& reading, Intent intent) {
    constexpr std::size_t kManyWords = 15;
    constexpr std::size_t kFewWords = 2;
    const bool keen = intent == Intent::kReadyToBuy || intent == Intent::kDemoRequest;
    if (keen || !reading.signals.empty() || reading.words >= kManyWords) return Engagement::kHigh;
    if (reading.words <= kFewWords && !reading.question) return Engagement::kLow;
    return Engagement::kMedium;
}

/// Names rules, never words of the message.
std::string reasoning_of(const Reading& reading, const Scores& scores, Intent intent) {
    if (reading.applied.empty()) return "no rule applies";
    std::string text =
        fmt::format("{} {:g}:", enum_to_string(intent), scores[static_cast<std::size_t>(intent)]);
    std::size_t characters = count_characters(text);
    for (const Rule* rule : reading.applied) {
        const std::string name = ' ' + rule->name + ';';
        characters += count_characters(name);
        if (characters > Classification::kMaxReasoningCharacters) break;
        text += name;
    }
    text.pop_back();
    return text;
}

/// What is said twice is one fact.
std::vector<Signal> signals_of(const Reading& reading, const Message& message) {
    std::vector<Signal> signals;
    for (const FoundSignal& found : reading.signals) {
        const auto same = [&](const Signal& known) {
            return known.dimension == found.rule->signal->dimension &&
                   known.extracted_value == found.value;
        };
        if (std::ranges::any_of(signals, same)) continue;
        signals.push_back(
            {.dimension = found.rule->signal->dimension,
             .extracted_value = found.value,
             .confidence = {found.rule->signal->confidence, "rule: " + found.rule->name},
             .source_message_id = message.id.to_string(),
             .raw_evidence = message.content.substr(found.begin, found.end - found.begin)});
    }
    return signals;
}

Classification classification_of(const Tables& tables, const Conversation& conversation) {
    const Reading reading = read(tables, conversation);
    const Scores scores = scores_of(reading);
    Classification result;
    set_intent(reading, scores, result);
    set_topic(reading, result);
    set_urgency(reading, result);
    result.language = language_of(tables, conversation, reading);
    result.sentiment = sentiment_of(reading, result.intent);
    result.engagement_level = engagement_of(reading, result.intent);
    result.requires_human_escalation = std::any_of(reading.applied.begin(), reading.applied.end(),
                                                   [](const Rule* rule) { return rule->escalate; });
    result.reasoning = reasoning_of(reading, scores, result.intent);
    result.new_signals = signals_of(reading, conversation.incoming);
    return result;
}

}  // namespace

Async<Answer<Classification>> RuleClassifier::classify(const Conversation& conversation, Deadline) {
    co_return Answer<Classification>{.value = classification_of(*tables_, conversation)};
}

}  // namespace rapport::rules
