#include <fmt/format.h>

#include <set>

#include "rapport/conversation/rules/config_table.hpp"
#include "rapport/conversation/rules/tables.hpp"
#include "rapport/core/error.hpp"

namespace rapport::rules {
namespace {

template <class Insert>
void read_entries(ConfigTable& file, std::string_view name, Insert insert) {
    ConfigTable entries = file.table(name);
    for (const std::string& key : entries.keys()) {
        for (const std::string& word : entries.texts(key)) {
            const FoldedText text = fold(word);
            if (text.tokens.size() != 1) {
                entries.fail(key, fmt::format("\"{}\" must be one word", word));
            }
            insert(std::string(text.spelling(0)), key);
        }
    }
}

double number_key(const ConfigTable& table, const std::string& key) {
    std::size_t used = 0;
    double value = 0;
    try {
        value = std::stod(key, &used);
    } catch (const std::logic_error&) {
        used = 0;
    }
    if (used != key.size()) table.fail(key, "must be a number in digits");
    return value;
}

std::size_t whole_number(ConfigTable& table, std::string_view key, std::size_t otherwise) {
    const double value = table.number_or(key, -1);
    if (!table.has(key)) return otherwise;
    if (value < 1 || value > 1'000) table.fail(key, "must lie between 1 and 1000");
    return static_cast<std::size_t>(value);
}

RulePatterns patterns_of(ConfigTable& table) {
    return {.any = table.texts("any"),
            .unless = table.texts_or_none("unless"),
            .before = table.texts_or_none("before")};
}

void add_rule(ConfigTable& table, Rule rule, Language language, Tables& tables) {
    rule.language = language;
    rule.min_words = whole_number(table, "min_words", rule.min_words);
    rule.max_words = whole_number(table, "max_words", rule.max_words);
    const RulePatterns patterns = patterns_of(table);
    table.done();
    try {
        tables.book.add(std::move(rule), patterns);
    } catch (const InvalidArgument& error) {
        table.fail("any", error.what());
    }
}

Rule intent_rule(ConfigTable& table) {
    Rule rule{.name = table.text("name")};
    rule.intent = table.choice<Intent>("intent");
    rule.weight = table.number_or("weight", 1);
    rule.topic = table.text_or("topic", "");
    rule.urgency = table.choice<Urgency>("urgency");
    rule.sentiment = table.choice<Sentiment>("sentiment");
    rule.escalate = table.flag("escalate");
    rule.mark = table.choice<Mark>("mark");
    if (table.has("weight") && !rule.intent) table.fail("weight", "has no intent to count for");
    if (rule.weight < -10 || rule.weight > 10) table.fail("weight", "must lie between -10 and 10");
    return rule;
}

Rule signal_rule(ConfigTable& table) {
    Rule rule{.name = table.text("name")};
    const auto dimension = table.choice<SignalDimension>("dimension");
    if (!dimension)
        table.fail("dimension", "is missing; write budget, authority, need or timeline");
    rule.signal = SignalRule{.dimension = *dimension,
                             .value = table.text("value"),
                             .confidence = table.number_or("confidence", 0.8)};
    const double confidence = rule.signal->confidence;
    if (!(confidence >= 0 && confidence <= 1)) {
        table.fail("confidence", "must lie between 0 and 1");
    }
    return rule;
}

}  // namespace

void read_quantities(const std::string& file, const std::string& text, Tables& tables) {
    const ConfigValue value = parse_config(text, file);
    ConfigTable table(value, file);
    QuantityWords& words = tables.book.quantity_words();
    const auto into = [](auto& map) {
        return [&map](std::string word, const std::string& key) { map[std::move(word)] = key; };
    };
    ConfigTable numbers = table.table("numbers");
    read_entries(table, "numbers", [&](std::string word, const std::string& key) {
        words.numbers[std::move(word)] = number_key(numbers, key);
    });
    ConfigTable multipliers = table.table("multipliers");
    read_entries(table, "multipliers", [&](std::string word, const std::string& key) {
        words.multipliers[std::move(word)] = number_key(multipliers, key);
    });
    read_entries(table, "currencies", into(words.currencies));
    read_entries(table, "period_adverbs", into(words.period_adverbs));
    read_entries(table, "period_nouns", into(words.period_nouns));
    for (const std::string& word : table.texts("per")) words.per[word] = true;
    table.done();
}

void read_rules(const std::string& file, const std::string& text, WordSets& sets, Language language,
                Tables& tables) {
    const ConfigValue value = parse_config(text, file);
    ConfigTable table(value, file);
    if (table.has("language_words")) {
        tables.book.set_language_words(language, table.texts("language_words"));
    }
    if (table.has("sets")) {
        ConfigTable named = table.table("sets");
        for (const std::string& name : named.keys()) sets[name] = named.texts(name);
    }
    tables.book.set_word_sets(sets);
    std::set<std::string> names;
    const auto named_once = [&](ConfigTable& rule) {
        if (!names.insert(rule.text("name")).second) rule.fail("name", "is taken by another rule");
    };
    for (ConfigTable& rule : table.tables("rule")) {
        named_once(rule);
        add_rule(rule, intent_rule(rule), language, tables);
    }
    for (ConfigTable& signal : table.tables("signal")) {
        named_once(signal);
        add_rule(signal, signal_rule(signal), language, tables);
    }
    table.done();
}

}  // namespace rapport::rules
