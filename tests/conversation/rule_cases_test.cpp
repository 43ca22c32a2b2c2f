#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <fstream>
#include <string>
#include <vector>

#include "tests/conversation/rule_conversation.hpp"

namespace rapport {
namespace {

namespace json = boost::json;

/// A line of rule_cases.*.jsonl. Only `text` and `intent` must be there; what else a line states
/// is checked as well.
class RuleCases : public ::testing::TestWithParam<const char*> {
  protected:
    static std::vector<json::object> read(const std::string& language) {
        std::ifstream in(std::string(RAPPORT_RULE_CASES) + "/rule_cases." + language + ".jsonl");
        std::vector<json::object> cases;
        for (std::string line; std::getline(in, line);) {
            cases.push_back(json::parse(line).as_object());
        }
        return cases;
    }

    static std::string text_of(const json::object& from, std::string_view key) {
        const json::value* value = from.if_contains(key);
        return value ? std::string(value->as_string()) : std::string();
    }

    static void expect_text(const json::object& expected, std::string_view key,
                            std::string_view actual) {
        if (expected.contains(key)) EXPECT_EQ(actual, text_of(expected, key)) << key;
    }

    static void expect_signal(const json::object& expected, const std::vector<Signal>& signals) {
        for (const Signal& signal : signals) {
            if (enum_to_string(signal.dimension) == text_of(expected, "dimension") &&
                signal.extracted_value == text_of(expected, "value")) {
                expect_text(expected, "evidence", signal.raw_evidence);
                return;
            }
        }
        std::string found;
        for (const Signal& signal : signals) {
            found += std::string(enum_to_string(signal.dimension)) + " = " +
                     signal.extracted_value + "; ";
        }
        ADD_FAILURE() << "no signal " << json::serialize(expected) << ", but: " << found;
    }
};

TEST_P(RuleCases, AreUnderstood) {
    const std::vector<json::object> cases = read(GetParam());
    ASSERT_GE(cases.size(), 60U);
    for (const json::object& expected : cases) {
        SCOPED_TRACE(json::serialize(expected));
        const RuleTurn turn =
            rule_turn(rule_conversation(text_of(expected, "text"), text_of(expected, "before")));
        const Classification& classification = turn.classification;
        const std::string language = text_of(expected, "language");
        const bool spanish = std::string_view(GetParam()) == "es";

        EXPECT_EQ(enum_to_string(classification.intent), text_of(expected, "intent"))
            << classification.reasoning;
        EXPECT_EQ(enum_to_string(classification.language), !language.empty() ? language
                                                           : spanish         ? "spanish"
                                                                             : "english");
        expect_text(expected, "topic", classification.topic);
        expect_text(expected, "urgency", enum_to_string(classification.urgency));
        expect_text(expected, "sentiment", enum_to_string(classification.sentiment));
        expect_text(expected, "action", enum_to_string(turn.strategy.action));
        EXPECT_EQ(classification.requires_human_escalation, expected.contains("escalate"))
            << classification.reasoning;
        if (const json::value* signals = expected.if_contains("signals")) {
            EXPECT_EQ(classification.new_signals.size(), signals->as_array().size());
            for (const json::value& signal : signals->as_array()) {
                expect_signal(signal.as_object(), classification.new_signals);
            }
        }
    }
}

INSTANTIATE_TEST_SUITE_P(Languages, RuleCases, ::testing::Values("en", "es"),
                         [](const auto& info) { return std::string(info.param); });

}  // namespace
}  // namespace rapport
