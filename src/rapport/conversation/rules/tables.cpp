#include "rapport/conversation/rules/tables.hpp"

#include <algorithm>

namespace rapport::rules {

bool Occasion::covers(Action done, Intent about) const {
    return action == done &&
           (intents.empty() || std::find(intents.begin(), intents.end(), about) != intents.end());
}

Tables read_tables(const std::function<std::string(std::string_view file)>& text_of) {
    Tables tables;
    WordSets english;
    WordSets spanish;
    for (const std::string_view name : kTableFiles) {
        const std::string file(name);
        const std::string text = text_of(name);
        if (name == "quantities.toml") {
            read_quantities(file, text, tables);
        } else if (name == "product.toml") {
            read_product(file, text, tables);
        } else if (name == "strategy.toml") {
            read_strategy(file, text, tables);
        } else if (name == "replies.en.toml") {
            read_replies(file, text, tables.english);
        } else if (name == "replies.es.toml") {
            read_replies(file, text, tables.spanish);
        } else if (name.ends_with(".en.toml")) {
            read_rules(file, text, english, Language::kEnglish, tables);
        } else {
            read_rules(file, text, spanish, Language::kSpanish, tables);
        }
    }
    return tables;
}

}  // namespace rapport::rules
