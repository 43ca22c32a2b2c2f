#include "rapport/conversation/model/config_files.hpp"

#include <fmt/format.h>

#include <fstream>
#include <iterator>
#include <sstream>
#include <toml.hpp>

#include "rapport/conversation/built_in_files.hpp"
#include "rapport/core/error.hpp"
#include "rapport/core/utf8.hpp"

namespace rapport {

namespace {

std::string read_text(const std::filesystem::path& folder, std::string_view file) {
    const std::filesystem::path path = folder / file;
    if (folder.empty() || !std::filesystem::exists(path)) {
        return std::string(built_in_file(file));
    }
    std::ifstream in(path, std::ios::binary);
    std::string text(std::istreambuf_iterator<char>(in), {});
    if (!in.is_open() || in.bad() || !is_valid_utf8(text)) {
        throw InvalidArgument(fmt::format("{}: cannot be read, or is not UTF-8", path.string()));
    }
    return text;
}

std::string read_prompt(const std::filesystem::path& folder, std::string_view file) {
    std::string text = read_text(folder, file);
    if (text.find_first_not_of(" \t\r\n") == std::string::npos) {
        throw InvalidArgument(fmt::format("{}: empty", (folder / file).string()));
    }
    return text;
}

/// Calls read(table), and says of what it throws which file it is in.
template <class F>
void read_toml(const std::filesystem::path& folder, std::string_view file, F&& read) {
    const std::string text = read_text(folder, file);
    const std::string name = folder.empty() ? std::string(file) : (folder / file).string();
    try {
        std::istringstream in(text);
        read(toml::parse(in, name));
    } catch (const std::exception& error) {
        throw InvalidArgument(fmt::format("{}: {}", name, error.what()));
    }
}

double price(const toml::value& model, const char* kind) {
    const toml::value& value = toml::find(model, kind);
    const double usd =
        value.is_integer() ? static_cast<double>(value.as_integer()) : value.as_floating();
    if (!(usd >= 0 && usd <= 1e6)) {
        throw InvalidArgument(fmt::format("{}: expected US dollars, at least 0", kind));
    }
    return usd;
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
    read_toml(folder, "prices.toml", [&](const toml::value& table) {
        for (const auto& [name, model] : toml::find<toml::table>(table, "models")) {
            texts.prices[name] = {price(model, "prompt"), price(model, "completion")};
        }
    });
    read_toml(folder, "holding.toml", [&](const toml::value& table) {
        for (const auto& [language, name] : kEnumTable<Language>) {
            std::string text = toml::find<std::string>(table, std::string(name));
            if (text.empty()) throw InvalidArgument(fmt::format("{}: empty", name));
            texts.holding_messages[language] = std::move(text);
        }
    });
    return texts;
}

}  // namespace rapport
