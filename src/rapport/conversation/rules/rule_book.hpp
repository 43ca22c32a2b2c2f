#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rapport/conversation/classification.hpp"
#include "rapport/conversation/rules/pattern.hpp"
#include "rapport/conversation/rules/pattern_trie.hpp"
#include "rapport/conversation/rules/quantity.hpp"
#include "rapport/conversation/rules/vocabulary.hpp"
#include "rapport/domain/message.hpp"

namespace rapport::rules {

/// What a message says beside its intent that a strategy depends on.
enum class Mark : std::uint8_t { kOptOut, kNotNow, kPaid };

constexpr auto enum_names(Mark) {
    using enum Mark;
    return std::to_array<EnumName<Mark>>(
        {{kOptOut, "opt_out"}, {kNotNow, "not_now"}, {kPaid, "paid"}});
}

/// A fact that a rule reads from the words it matched.
struct SignalRule {
    SignalDimension dimension = SignalDimension::kNeed;
    /// With `{number}`, `{money}` or `{match}`, which stand for what the words said.
    std::string value{};
    double confidence = 0.8;
};

/// When it applies, and what then follows.
struct Rule {
    std::string name{};
    /// Whose words its patterns are; it does not apply to a message that is plainly of another.
    std::optional<Language> language{};
    std::size_t min_words = 0;
    std::size_t max_words = std::numeric_limits<std::size_t>::max();
    bool needs_before = false;

    std::optional<Intent> intent{};
    double weight = 1;
    std::string topic{};
    std::optional<Urgency> urgency{};
    std::optional<Sentiment> sentiment{};
    bool escalate = false;
    std::optional<Mark> mark{};
    std::optional<SignalRule> signal{};
};

/// A rule applies where one of `any` is said, none of `unless`, and, if there are any, one of
/// `before` in our own last message.
struct RulePatterns {
    std::vector<std::string> any{};
    std::vector<std::string> unless{};
    std::vector<std::string> before{};
};

struct FoundSignal {
    const Rule* rule = nullptr;
    std::string value{};
    std::size_t begin = 0;  ///< of the evidence in the message, in bytes
    std::size_t end = 0;
};

/// What the rules make of a message.
struct Reading {
    std::vector<const Rule*> applied{};  ///< each once, in the order of the tables
    std::vector<FoundSignal> signals{};  ///< in the order of the message, none within another
    std::size_t words = 0;
    bool question = false;
    std::size_t spanish = 0;  ///< how many words are of that language and not of the other
    std::size_t english = 0;

    bool has(Mark mark) const;
};

/// The rules of all languages, ready to be applied.
class RuleBook {
  public:
    static constexpr std::size_t kMaxSignals = 8;

    QuantityWords& quantity_words() { return quantity_words_; }

    /// Words that tell the language: kSpanish or kEnglish.
    void set_language_words(Language language, const std::vector<std::string>& words);
    /// The sets that patterns of the rules added from now on may name.
    void set_word_sets(WordSets sets);
    /// Throws InvalidArgument that says which pattern is wrong.
    void add(Rule rule, const RulePatterns& patterns);

    /// `before` is our own last message, empty where there is none.
    Reading read(std::string_view message, std::string_view before) const;
    /// Counts the words of each language only.
    Reading read_language(std::string_view message) const;

  private:
    void add_patterns(PatternTrie& trie, const std::vector<std::string>& patterns,
                      std::uint32_t id);
    void count_words(const FoldedText& text, const TokenLabels& labels, Reading& reading) const;
    std::vector<bool> said_before(std::string_view before) const;

    QuantityWords quantity_words_{};
    Vocabulary vocabulary_{};
    WordSets sets_{};
    std::map<std::string, Label, std::less<>> set_labels_{};
    Label spanish_ = 0;
    Label english_ = 0;
    std::vector<Rule> rules_{};
    PatternTrie said_{};
    PatternTrie before_{};
};

}  // namespace rapport::rules
