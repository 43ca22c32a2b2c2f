#pragma once

#include <array>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "rapport/conversation/rules/reply_template.hpp"
#include "rapport/conversation/rules/rule_book.hpp"
#include "rapport/conversation/strategy.hpp"

namespace rapport::rules {

/// Whether something is for an action and intent; no intents: for all.
struct Occasion {
    Action action = Action::kHelp;
    std::vector<Intent> intents{};

    bool covers(Action done, Intent about) const;
    bool operator==(const Occasion&) const = default;
};

struct Reply {
    Occasion occasion{};
    std::vector<ReplyTemplate> texts{};
};

/// How we answer in one language.
struct Replies {
    std::vector<Reply> replies{};  ///< the first that covers an occasion is taken
    std::map<SignalDimension, std::vector<std::string>> questions{};
    Facts facts{};  ///< of the product
};

/// How an answer should sound, for the third agent whoever it is.
struct Advice {
    Occasion occasion{};
    std::string tone{};
    std::string goal{};
    std::vector<std::string> empathy_points{};
    std::vector<std::string> key_points{};
};

/// Everything that the rule agents know.
struct Tables {
    RuleBook book{};
    Language default_language = Language::kSpanish;  ///< where a conversation shows none
    Replies spanish{};
    Replies english{};
    std::vector<Advice> advice{};

    const Replies& replies(Language language) const {
        return language == Language::kEnglish ? english : spanish;
    }
};

/// What a reply may say of a lead, as far as it is known; {question} asks for what is not.
inline constexpr auto kLeadFacts =
    std::to_array<std::string_view>({"lead", "seats", "budget", "question"});

/// An answer of the rule agents is never longer, in characters.
inline constexpr std::size_t kMaxReplyCharacters = 1'000;

/// The files of the tables, in the order in which they are read.
inline constexpr auto kTableFiles = std::to_array<std::string_view>(
    {"quantities.toml", "intents.en.toml", "signals.en.toml", "intents.es.toml", "signals.es.toml",
     "product.toml", "replies.en.toml", "replies.es.toml", "strategy.toml"});

/// Builds the tables from the text of each of kTableFiles. Throws InvalidArgument that names file,
/// line and key, what is wrong and what to write.
Tables read_tables(const std::function<std::string(std::string_view file)>& text_of);

/// Reads one file into the tables; used by read_tables.
void read_quantities(const std::string& file, const std::string& text, Tables& tables);
/// `sets` are those of the language: of [sets] here and in files read earlier.
void read_rules(const std::string& file, const std::string& text, WordSets& sets, Language language,
                Tables& tables);
void read_product(const std::string& file, const std::string& text, Tables& tables);
void read_replies(const std::string& file, const std::string& text, Replies& replies);
void read_strategy(const std::string& file, const std::string& text, Tables& tables);

}  // namespace rapport::rules
