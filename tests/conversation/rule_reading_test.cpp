#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <iterator>
#include <random>
#include <string>

#include "rapport/core/utf8.hpp"
#include "tests/conversation/rule_conversation.hpp"

namespace rapport {
namespace {

/// Texts made of the tables' own words in random order, so that many rules apply.
std::string random_text(std::mt19937& random, std::size_t words) {
    static const std::string source = [] {
        std::string text;
        for (const char* file : {"/signals.es.toml", "/intents.es.toml", "/intents.en.toml"}) {
            std::ifstream in(std::string(RAPPORT_RULE_TABLES) + file);
            text.append(std::istreambuf_iterator<char>(in), {});
        }
        return text;
    }();
    static constexpr const char* kPieces[] = {"20,000 al mes",
                                              "¿",
                                              "👍",
                                              "$",
                                              "before ",
                                              " somos 12 personas ",
                                              "by Friday",
                                              "\n",
                                              "ñ",
                                              "I'm the CTO",
                                              ".",
                                              "é",
                                              "20 mil pesos",
                                              "we need a ",
                                              "tengo que preguntarle a mi jefe"};
    std::string text;
    for (std::size_t i = 0; i < words; ++i) {
        if (random() % 2 == 0) {
            text += kPieces[random() % std::size(kPieces)];
        } else {
            const std::size_t begin = source.find(' ', random() % (source.size() - 100));
            text += source.substr(begin, source.find(' ', begin + 1) - begin);
        }
        text += ' ';
    }
    return repair_utf8(text).text;
}

TEST(RuleReading, TakesEvidenceWordForWord) {
    std::mt19937 random(20);
    std::size_t signals = 0;
    for (int i = 0; i < 300; ++i) {
        const Conversation conversation =
            rule_conversation(random_text(random, random() % 40), "¿Qué presupuesto tienen?");
        const Classification classification = rule_turn(conversation).classification;
        EXPECT_NO_THROW(validate(classification));
        for (const Signal& signal : classification.new_signals) {
            ++signals;
            EXPECT_FALSE(signal.raw_evidence.empty());
            EXPECT_NE(conversation.incoming.content.find(signal.raw_evidence), std::string::npos);
            EXPECT_EQ(signal.source_message_id, conversation.incoming.id.to_string());
            EXPECT_EQ(signal.extracted_value.find('{'), std::string::npos);
        }
    }
    EXPECT_GT(signals, 100U);
}

TEST(RuleReading, TakesTheLanguageOfTheConversationWhereAMessageShowsNone) {
    EXPECT_EQ(
        rule_turn(rule_conversation("👍", "When would you like to start?")).classification.language,
        Language::kEnglish);
    EXPECT_EQ(
        rule_turn(rule_conversation("👍", "¿Cuándo te gustaría empezar?")).classification.language,
        Language::kSpanish);
}

TEST(RuleReading, LeavesOutTheRulesOfALanguageThatAMessageIsPlainlyNotIn) {
    const auto reasoning = [](const char* text) {
        return rule_turn(rule_conversation(text)).classification.reasoning;
    };
    EXPECT_EQ(reasoning("no, I have not").find("dice que no"), std::string::npos);
    EXPECT_EQ(reasoning("no, la verdad que no").find("says no"), std::string::npos);
    EXPECT_NE(reasoning("no").find("dice que no"), std::string::npos);
    EXPECT_NE(reasoning("no").find("says no"), std::string::npos);
}

TEST(RuleReading, FitsTheReasoningHoweverMuchIsSaid) {
    std::mt19937 random(7);
    const Classification classification =
        rule_turn(rule_conversation(random_text(random, 3'000))).classification;
    EXPECT_LE(count_characters(classification.reasoning), Classification::kMaxReasoningCharacters);
    EXPECT_GT(classification.reasoning.size(), 300U);
}

TEST(RuleReading, ReadsTheLongestMessageInBoundedTime) {
    for (const std::string& piece :
         {std::string("how much "), std::string("20 mil "), std::string("no "), std::string("a"),
          std::string("?"), std::string("👍"), std::string("somos 12 personas ")}) {
        std::string text;
        while (text.size() + piece.size() <= kMaxContentBytes) text += piece;
        const auto start = std::chrono::steady_clock::now();
        const RuleTurn turn = rule_turn(rule_conversation(text, text));
        EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(20)) << piece;
        EXPECT_NO_THROW(validate(turn.classification));
        EXPECT_NO_THROW(validate(turn.execution));
    }
}

TEST(RuleReading, UnderstandsDictatedTextWithoutPunctuation) {
    const RuleTurn turn = rule_turn(rule_conversation(
        "hola buenas tardes mire le hablo porque quiero saber cuanto cuesta el sistema para mi "
        "negocio somos como quince personas y lo necesitamos antes de noviembre gracias"));
    EXPECT_EQ(turn.classification.intent, Intent::kPricingQuestion);
    ASSERT_EQ(turn.classification.new_signals.size(), 2U);
    EXPECT_EQ(turn.classification.new_signals[0].extracted_value, "seats: 15");
    EXPECT_EQ(turn.classification.new_signals[1].raw_evidence, "antes de noviembre");
}

}  // namespace
}  // namespace rapport
