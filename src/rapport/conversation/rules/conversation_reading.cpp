#include "rapport/conversation/rules/conversation_reading.hpp"

#include <algorithm>

namespace rapport::rules {

const Message* our_last_message(const Lead& lead) {
    const auto ours = std::find_if(
        lead.recent_history.rbegin(), lead.recent_history.rend(), [](const Message& message) {
            return message.role == MessageRole::kAssistant || message.role == MessageRole::kHuman;
        });
    return ours == lead.recent_history.rend() ? nullptr : &*ours;
}

Reading read(const Tables& tables, const Conversation& conversation) {
    const Message* before = our_last_message(conversation.lead);
    return tables.book.read(conversation.incoming.content,
                            before ? std::string_view(before->content) : std::string_view());
}

std::optional<Language> language_of(const Reading& reading) {
    const std::size_t less = std::min(reading.spanish, reading.english);
    const std::size_t more = std::max(reading.spanish, reading.english);
    if (more == 0) return std::nullopt;
    // A third of the telling words, and two at least: a borrowed word does not make a mixture.
    if (less >= 2 && less * 2 >= more) return Language::kMixed;
    return reading.english > reading.spanish ? Language::kEnglish : Language::kSpanish;
}

Language language_of(const Tables& tables, const Conversation& conversation,
                     const Reading& reading) {
    if (const auto language = language_of(reading)) return *language;
    const std::vector<Message>& history = conversation.lead.recent_history;
    for (auto message = history.rbegin(); message != history.rend(); ++message) {
        if (message->role == MessageRole::kSystem) continue;
        const auto language = language_of(tables.book.read_language(message->content));
        if (language) return *language;
    }
    return tables.default_language;
}

}  // namespace rapport::rules
