#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>

#include "rapport/conversation/classification.hpp"

namespace rapport {

/// What a lead is told, in each language that a message may be in.
using LanguageTexts = std::map<Language, std::string>;

/// The file of what a lead is told who is handed over to a person.
inline constexpr std::string_view kHandoffFile = "handoff.toml";

/// Reads a file of `config/` that holds a text for each language, by config_text(). Throws
/// InvalidArgument that names the file, the line, the key and what is wrong.
LanguageTexts load_language_texts(const std::filesystem::path& folder, std::string_view file);

}  // namespace rapport
