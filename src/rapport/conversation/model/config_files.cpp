#include "rapport/conversation/model/config_files.hpp"

#include <fmt/format.h>

#include "rapport/conversation/config_text.hpp"
#include "rapport/conversation/rules/config_table.hpp"
#include "rapport/core/error.hpp"

namespace rapport {
namespace {

std::string read_prompt(const std::filesystem::path& folder, std::string_view file) {
    std::string text = config_text(folder, file);
    if (text.find_first_not_of(" \t\r\n") == std::string::npos) {
        throw InvalidArgument(fmt::format("{}: empty", (folder / file).string()));
    }
    return text;
}

double usd(rules::ConfigTable& model, std::string_view key) {
    const double dollars = model.number_or(key, -1);
    if (!(dollars >= 0 && dollars <= 1e6)) model.fail(key, "must be US dollars, at least 0");
    return dollars;
}

std::map<std::string, Price, std::less<>> read_prices(const std::filesystem::path& folder) {
    constexpr std::string_view kFile = "prices.toml";
    const std::string name = (folder / kFile).string();
    const rules::ConfigValue value = rules::parse_config(config_text(folder, kFile), name);
    rules::ConfigTable table(value, name);
    rules::ConfigTable models = table.table("models");
    std::map<std::string, Price, std::less<>> prices;
    for (const std::string& model : models.keys()) {
        rules::ConfigTable price = models.table(model);
        prices[model] = {usd(price, "prompt"), usd(price, "completion")};
        price.done();
    }
    table.done();
    return prices;
}

}  // namespace

ModelTexts load_model_texts(const std::filesystem::path& folder) {
    if (!folder.empty() && !std::filesystem::is_directory(folder)) {
        throw InvalidArgument(fmt::format("{}: no such folder", folder.string()));
    }
    ModelTexts texts;
    texts.classifier_prompt = read_prompt(folder, "prompts/classifier.md");
    texts.strategist_prompt = read_prompt(folder, "prompts/strategist.md");
    texts.responder_prompt = read_prompt(folder, "prompts/responder.md");
    texts.prices = read_prices(folder);
    texts.holding_messages = load_language_texts(folder, "holding.toml");
    return texts;
}

}  // namespace rapport
