#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "rapport/conversation/rules/folded_text.hpp"
#include "rapport/conversation/rules/pattern.hpp"
#include "rapport/conversation/rules/reply_template.hpp"
#include "rapport/conversation/rules/rule_book.hpp"
#include "rapport/core/error.hpp"

namespace rapport::rules {
namespace {

std::string words_of(std::string_view text) {
    const FoldedText folded = fold(text);
    std::string words;
    for (std::size_t i = 0; i < folded.tokens.size(); ++i) {
        if (i > 0) words += '|';
        words += folded.spelling(i);
    }
    return words;
}

TEST(FoldedText, ForgetsHowAMessageIsWritten) {
    EXPECT_EQ(words_of("¿Cuánto CUESTA, señor?"), ".|cuanto|cuesta|senor|?");
    EXPECT_EQ(words_of("I don’t know... really?!"), "i|dont|know|.|really|?");
    EXPECT_EQ(words_of("holaaaa siiii all"), "hola|si|all");
    EXPECT_EQ(words_of("$20,000.50 al mes, 5pm"), "$|20,000.50|al|mes|5|pm");
    EXPECT_EQ(words_of("ok👍🏽 top-up"), "ok|👍|top|up");
    EXPECT_EQ(words_of("cafe\u0301 Привет"), "cafe|Привет");
    EXPECT_EQ(words_of("a\xFF\xC3"), "a");
    EXPECT_EQ(words_of(""), "");
}

TEST(FoldedText, KeepsWhereEachWordStands) {
    const std::string text = "Sí, ¿mañana?";
    const FoldedText folded = fold(text);
    ASSERT_EQ(folded.tokens.size(), 4U);
    const Token& word = folded.tokens[2];
    EXPECT_EQ(text.substr(word.begin, word.end - word.begin), "mañana");
}

/// Whether a rule of this one pattern applies to the text.
bool matches(const std::string& pattern, std::string_view text) {
    RuleBook book;
    book.quantity_words() = {.multipliers = {{"mil", 1000}}, .currencies = {{"pesos", "MXN"}}};
    book.set_word_sets({{"month", {"may", "early june", "jul~"}}});
    book.add({.name = "tested"}, {.any = {pattern}});
    return !book.read(text, "").applied.empty();
}

struct PatternCase {
    const char* pattern;
    const char* said;
    const char* not_said;
};

TEST(Pattern, SaysWhatItSays) {
    const PatternCase cases[] = {
        {"how much", "Well, how MUCH is it", "how very much"},
        {"don't", "I dont", "do"},
        {"(how|what) much", "what much", "who much"},
        {"a [b|c d] e", "a c d e", "a c e"},
        {"a [b] e", "a e", "a d e"},
        {"((a|b) c|d) e", "b c e", "b e"},
        {"pric~", "pricing", "pri"},
        {"in @month", "in July", "in march"},
        {"in @month", "in early june", "in early march"},
        {"a * z", "a b c d z", "a b c d e z"},
        {"a * z", "a z", "a. z"},
        {"a {word} z", "a b z", "a z"},
        {"{number} x", "20 mil x", "veinte x"},
        {"pay {money}", "pay 20 pesos", "pay 20"},
        {"< ok", "¡ok then", "so ok"},
        {"ok >", "so ok!", "ok so"},
        {"^ no", "Well. No", "well no"},
        {"why ?", "but why?", "but why"},
        {"we need ...", "we need a b c", "we want"},
    };
    for (const PatternCase& c : cases) {
        EXPECT_TRUE(matches(c.pattern, c.said)) << c.pattern << " in " << c.said;
        EXPECT_FALSE(matches(c.pattern, c.not_said)) << c.pattern << " in " << c.not_said;
    }
}

TEST(Pattern, ThatCannotBeReadIsAnErrorThatSaysWhy) {
    const std::pair<const char*, const char*> cases[] = {
        {"(a|b", "a ) is missing"},
        {"a ] b", "a ] too many"},
        {"@months", "no set @months"},
        {"{monney}", "there are {word}, {number} and {money}"},
        {"* a", "starts with a gap"},
        {"a *", "ends with *"},
        {"< >", "holds no word"},
        {"a ... b", "... before its end"},
        {"a * b * c * d * e", "more than three *"},
        {"(a|b|c|d|e|f|g|h) (a|b|c|d|e|f|g|h) (a|b|c|d|e|f|g|h) (a|b|c|d|e|f|g|h) (a|b)",
         "more than 4096 ways"},
    };
    for (const auto& [pattern, why] : cases) {
        try {
            parse_pattern(pattern, {});
            ADD_FAILURE() << pattern;
        } catch (const InvalidArgument& error) {
            EXPECT_NE(std::string_view(error.what()).find(why), std::string_view::npos)
                << error.what();
        }
    }
}

TEST(ReplyTemplate, LeavesOutWhatIsNotKnown) {
    const Facts always{{"product", "Rapport"}};
    const ReplyTemplate reply("Hi[ {lead}], {product}[ for {seats}].", always, {"lead", "seats"});
    EXPECT_EQ(reply.fill(always), "Hi, Rapport.");
    EXPECT_EQ(reply.fill({{"product", "Rapport"}, {"lead", "Ana"}}), "Hi Ana, Rapport.");
}

TEST(ReplyTemplate, ThatCouldStayUnfilledIsAnError) {
    const Facts always{{"product", "Rapport"}};
    for (const char* text : {"{lead}", "{", "[", "]", "}", "[a [b]]", "{other}", "[{other}]"}) {
        EXPECT_THROW(ReplyTemplate(text, always, {"lead"}), InvalidArgument) << text;
    }
}

}  // namespace
}  // namespace rapport::rules
