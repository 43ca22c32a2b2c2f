#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>

#include "rapport/conversation/language_texts.hpp"

namespace rapport {

/// US dollars per million tokens.
struct Price {
    double prompt = 0;
    double completion = 0;

    double of(std::int64_t prompt_tokens, std::int64_t completion_tokens) const {
        return (static_cast<double>(prompt_tokens) * prompt +
                static_cast<double>(completion_tokens) * completion) /
               1e6;
    }
};

/// What the model agents are told, and say, beside the conversation: the files of config/.
struct ModelTexts {
    std::string classifier_prompt;
    std::string strategist_prompt;
    std::string responder_prompt;
    /// By the model's name.
    std::map<std::string, Price, std::less<>> prices;
    /// What a lead reads while the model cannot answer.
    LanguageTexts holding_messages;
};

/// Reads the files from `folder`; those that it does not have, and all of them where it is empty,
/// are as they were built in. Throws InvalidArgument that names the file and what is wrong with it.
ModelTexts load_model_texts(const std::filesystem::path& folder);

}  // namespace rapport
