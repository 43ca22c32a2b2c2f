#include "rapport/conversation/rules/rule_agents.hpp"

#include <string>
#include <utility>

#include "rapport/conversation/config_text.hpp"
#include "rapport/conversation/rules/rule_classifier.hpp"
#include "rapport/conversation/rules/rule_responder.hpp"
#include "rapport/conversation/rules/rule_strategist.hpp"
#include "rapport/conversation/rules/tables.hpp"
#include "rapport/core/error.hpp"

namespace rapport {
namespace {

RuleTables tables_from(const std::function<std::string(std::string_view)>& text_of) {
    return RuleTables(std::make_shared<const rules::Tables>(rules::read_tables(text_of)));
}

}  // namespace

RuleTables::RuleTables(std::shared_ptr<const rules::Tables> tables) : tables_(std::move(tables)) {}

RuleTables built_in_rule_tables() {
    static const RuleTables tables =
        tables_from([](std::string_view file) { return config_text({}, file); });
    return tables;
}

RuleTables load_rule_tables(const std::filesystem::path& folder) {
    if (!std::filesystem::is_directory(folder)) {
        throw InvalidArgument(folder.string() + ": no such folder");
    }
    return tables_from([&](std::string_view file) { return config_text(folder, file); });
}

Agents rule_agents(const RuleTables& tables) {
    return {.classifier = std::make_shared<rules::RuleClassifier>(tables.get()),
            .strategist = std::make_shared<rules::RuleStrategist>(tables.get()),
            .responder = std::make_shared<rules::RuleResponder>(tables.get())};
}

}  // namespace rapport
