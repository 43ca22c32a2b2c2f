#include <fmt/format.h>

#include <algorithm>

#include "rapport/conversation/rules/config_table.hpp"
#include "rapport/conversation/rules/tables.hpp"
#include "rapport/core/error.hpp"
#include "rapport/core/utf8.hpp"

namespace rapport::rules {
namespace {

/// More than what a lead's name, seats and budget take in a reply.
constexpr std::size_t kRoomForLeadFacts = 100;

Occasion occasion_of(ConfigTable& table) {
    const auto action = table.choice<Action>("action");
    if (!action) table.fail("action", "is missing; write help, qualify, nurture, close, …");
    return {.action = *action, .intents = table.choices<Intent>("intents")};
}

Facts facts_of(ConfigTable table) {
    Facts facts;
    for (const std::string& key : table.keys()) {
        if (std::find(kLeadFacts.begin(), kLeadFacts.end(), key) != kLeadFacts.end()) {
            table.fail(key, "is a placeholder already; choose another name");
        }
        facts[key] = table.text(key);
    }
    return facts;
}

/// The longest that a text can become: everything known, and the longest question.
Facts longest_facts(const Replies& replies) {
    Facts facts = replies.facts;
    facts["question"] = "";
    for (const auto& [dimension, questions] : replies.questions) {
        for (const std::string& question : questions) {
            if (question.size() > facts["question"].size()) facts["question"] = question;
        }
    }
    facts["lead"] = std::string(kRoomForLeadFacts, 'x');
    facts["seats"] = facts["budget"] = "";
    return facts;
}

ReplyTemplate template_of(const ConfigTable& table, const std::string& text, const Facts& always,
                          const Facts& longest) {
    const std::set<std::string, std::less<>> sometimes(kLeadFacts.begin(), kLeadFacts.end());
    try {
        ReplyTemplate reply(text, always, sometimes);
        if (reply.fill(always).empty()) throw InvalidArgument("can become empty");
        if (count_characters(reply.fill(longest)) > kMaxReplyCharacters) {
            throw InvalidArgument(fmt::format("can become longer than {} characters; shorten it",
                                              kMaxReplyCharacters));
        }
        return reply;
    } catch (const InvalidArgument& error) {
        table.fail("texts", fmt::format("\"{}\": {}", text, error.what()));
    }
}

/// Each action needs one entry for all intents, so that nothing is ever without an answer.
template <class Entry>
void check_all_actions(const ConfigTable& table, std::string_view key,
                       const std::vector<Entry>& all) {
    for (const auto& named : kEnumTable<Action>) {
        const Occasion anything{.action = named.first};
        const bool covered = std::any_of(
            all.begin(), all.end(), [&](const Entry& entry) { return entry.occasion == anything; });
        if (!covered) {
            table.fail(key, fmt::format("action {} has none for all intents; add a [[{}]] "
                                        "without intents",
                                        named.second, key));
        }
    }
}

}  // namespace

void read_product(const std::string& file, const std::string& text, Tables& tables) {
    const ConfigValue value = parse_config(text, file);
    ConfigTable table(value, file);
    const auto language = table.choice<Language>("default_language");
    if (!language || *language == Language::kMixed) {
        table.fail("default_language", "must be \"spanish\" or \"english\"");
    }
    tables.default_language = *language;
    tables.spanish.facts = facts_of(table.table("spanish"));
    tables.english.facts = facts_of(table.table("english"));
    table.done();
}

void read_replies(const std::string& file, const std::string& text, Replies& replies) {
    const ConfigValue value = parse_config(text, file);
    ConfigTable table(value, file);
    ConfigTable questions = table.table("questions");
    for (const auto& [dimension, name] : kEnumTable<SignalDimension>) {
        replies.questions[dimension] = questions.texts(name);
    }
    questions.done();
    const Facts longest = longest_facts(replies);
    for (ConfigTable& entry : table.tables("reply")) {
        Reply reply{.occasion = occasion_of(entry)};
        for (const std::string& written : entry.texts("texts")) {
            reply.texts.push_back(template_of(entry, written, replies.facts, longest));
        }
        entry.done();
        replies.replies.push_back(std::move(reply));
    }
    table.done();
    check_all_actions(table, "reply", replies.replies);
}

void read_strategy(const std::string& file, const std::string& text, Tables& tables) {
    const ConfigValue value = parse_config(text, file);
    ConfigTable table(value, file);
    for (ConfigTable& entry : table.tables("advice")) {
        tables.advice.push_back({.occasion = occasion_of(entry),
                                 .tone = entry.text("tone"),
                                 .goal = entry.text("goal"),
                                 .empathy_points = entry.texts_or_none("empathy_points"),
                                 .key_points = entry.texts_or_none("key_points")});
        entry.done();
    }
    table.done();
    check_all_actions(table, "advice", tables.advice);
}

}  // namespace rapport::rules
