#include "rapport/conversation/language_texts.hpp"

#include "rapport/conversation/characters.hpp"
#include "rapport/conversation/config_text.hpp"
#include "rapport/conversation/rules/config_table.hpp"

namespace rapport {

LanguageTexts load_language_texts(const std::filesystem::path& folder, std::string_view file) {
    const std::string name = (folder / file).string();
    const rules::ConfigValue value = rules::parse_config(config_text(folder, file), name);
    rules::ConfigTable table(value, name);
    LanguageTexts texts;
    for (const auto& [language, key] : kEnumTable<Language>) {
        std::string text = table.text(key);
        if (is_blank(text)) table.fail(key, "says nothing");
        texts[language] = std::move(text);
    }
    table.done();
    return texts;
}

}  // namespace rapport
