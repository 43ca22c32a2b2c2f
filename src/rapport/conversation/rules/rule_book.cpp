#include "rapport/conversation/rules/rule_book.hpp"

#include <algorithm>
#include <utility>

#include "rapport/core/error.hpp"

namespace rapport::rules {
namespace {

/// What we offered or asked stands at the end of a message; more of it is not read.
constexpr std::size_t kBeforeBytes = 400;

/// A pattern's id holds its rule and whether the rule applies because of it or in spite of it.
constexpr std::uint32_t any_id(std::size_t rule) { return static_cast<std::uint32_t>(rule * 2); }
constexpr std::uint32_t unless_id(std::size_t rule) { return any_id(rule) + 1; }

void replace(std::string& text, std::string_view placeholder, std::string_view value) {
    if (const std::size_t at = text.find(placeholder); at != std::string::npos) {
        text.replace(at, placeholder.size(), value);
    }
}

/// A value of `{number}` can only be filled where every way to say the pattern holds one.
void check_has_quantity(const std::string& pattern, const WordSets& sets) {
    for (const std::vector<PatternStep>& way : parse_pattern(pattern, sets)) {
        const bool has = std::any_of(way.begin(), way.end(), [](const PatternStep& step) {
            return step.kind == PatternStep::Kind::kNumber ||
                   step.kind == PatternStep::Kind::kMoney;
        });
        if (!has) {
            throw InvalidArgument("pattern \"" + pattern +
                                  "\" can be said without a number, which the value wants; add "
                                  "{number} or {money} to it");
        }
    }
}

std::string value_of(const SignalRule& rule, const MatchText& in, const Match& match) {
    std::string value = rule.value;
    std::string words;
    const Quantity* number = nullptr;
    const Quantity* money = nullptr;
    for (std::size_t token = match.first; token < match.end; ++token) {
        if (in.text.is_break(token)) continue;
        if (!words.empty()) words += ' ';
        words += in.text.spelling(token);
        if (const Quantity* quantity = in.quantities.at(token)) {
            if (number == nullptr) number = quantity;
            if (money == nullptr && quantity->money_tokens > 0) money = quantity;
        }
    }
    if (money == nullptr) money = number;
    replace(value, "{match}", words);
    if (number != nullptr) replace(value, "{number}", number->number_text());
    if (money != nullptr) replace(value, "{money}", money->money_text());
    return value;
}

bool is_foreign(const Rule& rule, const Reading& reading) {
    constexpr std::size_t kPlainly = 2;
    if (rule.language == Language::kSpanish) {
        return reading.spanish == 0 && reading.english >= kPlainly;
    }
    return rule.language == Language::kEnglish && reading.english == 0 &&
           reading.spanish >= kPlainly;
}

}  // namespace

bool Reading::has(Mark mark) const {
    return std::any_of(applied.begin(), applied.end(),
                       [&](const Rule* rule) { return rule->mark == mark; });
}

void RuleBook::set_language_words(Language language, const std::vector<std::string>& words) {
    (language == Language::kSpanish ? spanish_ : english_) = vocabulary_.add_set(words);
}

void RuleBook::set_word_sets(WordSets sets) {
    for (const auto& [name, members] : sets) {
        const auto known = sets_.find(name);
        if (known == sets_.end() || known->second != members) {
            set_labels_[name] = vocabulary_.add_set(members);
        }
    }
    sets_ = std::move(sets);
}

void RuleBook::add(Rule rule, const RulePatterns& patterns) {
    if (rule.signal && rule.signal->value.find("{match}") == std::string::npos &&
        rule.signal->value.find('{') != std::string::npos) {
        for (const std::string& pattern : patterns.any) check_has_quantity(pattern, sets_);
    }
    add_patterns(said_, patterns.any, any_id(rules_.size()));
    add_patterns(said_, patterns.unless, unless_id(rules_.size()));
    add_patterns(before_, patterns.before, static_cast<std::uint32_t>(rules_.size()));
    rule.needs_before = !patterns.before.empty();
    rules_.push_back(std::move(rule));
}

void RuleBook::add_patterns(PatternTrie& trie, const std::vector<std::string>& patterns,
                            std::uint32_t id) {
    for (const std::string& pattern : patterns) {
        for (const std::vector<PatternStep>& way : parse_pattern(pattern, sets_)) {
            std::vector<Label> labels;
            for (const PatternStep& step : way) {
                const bool set = step.kind == PatternStep::Kind::kSet;
                labels.push_back(set ? set_labels_.at(step.text) : vocabulary_.label(step));
            }
            trie.add(labels, id);
        }
    }
}

void RuleBook::count_words(const FoldedText& text, const TokenLabels& labels,
                           Reading& reading) const {
    reading.spanish = std::min<std::size_t>(text.spanish_characters, 3);
    for (std::size_t token = 0; token < text.tokens.size(); ++token) {
        if (text.is_break(token)) {
            reading.question = reading.question || text.spelling(token) == "?";
            continue;
        }
        ++reading.words;
        for (const Label label : labels.of(token)) {
            if (label == spanish_) ++reading.spanish;
            if (label == english_) ++reading.english;
        }
    }
}

std::vector<bool> RuleBook::said_before(std::string_view before) const {
    std::vector<bool> said(rules_.size());
    if (before.size() > kBeforeBytes) before.remove_prefix(before.size() - kBeforeBytes);
    const FoldedText text = fold(before);
    const TokenLabels labels = vocabulary_.labels(text);
    const Quantities quantities(before, text, quantity_words_);
    for (const Match& match : before_.find({text, labels, quantities})) said[match.id] = true;
    return said;
}

Reading RuleBook::read_language(std::string_view message) const {
    Reading reading;
    const FoldedText text = fold(message);
    count_words(text, vocabulary_.labels(text), reading);
    return reading;
}

Reading RuleBook::read(std::string_view message, std::string_view before) const {
    Reading reading;
    const FoldedText text = fold(message);
    const TokenLabels labels = vocabulary_.labels(text);
    const Quantities quantities(message, text, quantity_words_);
    const MatchText in{text, labels, quantities};
    count_words(text, labels, reading);

    const std::vector<Match> matches = said_.find(in);
    std::vector<bool> any(rules_.size());
    std::vector<bool> unless(rules_.size());
    for (const Match& match : matches) (match.id % 2 == 0 ? any : unless)[match.id / 2] = true;
    std::optional<std::vector<bool>> earlier;  // which most messages need not know
    for (std::size_t i = 0; i < rules_.size(); ++i) {
        const Rule& rule = rules_[i];
        any[i] = any[i] && !unless[i] && !is_foreign(rule, reading) &&
                 reading.words >= rule.min_words && reading.words <= rule.max_words;
        if (any[i] && rule.needs_before) {
            if (!earlier) earlier = said_before(before);
            any[i] = (*earlier)[i];
        }
        if (any[i]) reading.applied.push_back(&rule);
    }

    // By their first token; of those that overlap in a dimension, the longest.
    for (const Match& match : matches) {
        const Rule& rule = rules_[match.id / 2];
        if (match.id % 2 != 0 || !rule.signal || !any[match.id / 2]) continue;
        FoundSignal found{.rule = &rule,
                          .value = value_of(*rule.signal, in, match),
                          .begin = text.tokens[match.first].begin,
                          .end = text.tokens[match.end - 1].end};
        const auto overlapped =
            std::find_if(reading.signals.begin(), reading.signals.end(), [&](const FoundSignal& o) {
                return o.rule->signal->dimension == rule.signal->dimension && found.begin < o.end;
            });
        if (overlapped == reading.signals.end()) {
            if (reading.signals.size() < kMaxSignals) reading.signals.push_back(std::move(found));
        } else if (found.end - found.begin > overlapped->end - overlapped->begin) {
            *overlapped = std::move(found);
        }
    }
    return reading;
}

}  // namespace rapport::rules
