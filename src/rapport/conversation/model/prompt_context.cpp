#include "rapport/conversation/model/prompt_context.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "rapport/conversation/characters.hpp"

namespace rapport {
namespace {

bool is_incoming(const Message& message, const Message& incoming) {
    if (!incoming.id.empty() && message.id == incoming.id) return true;
    // Entries of a stored history have no external_id.
    return message.role == incoming.role && message.timestamp == incoming.timestamp &&
           message.content == incoming.content;
}

/// With further lines indented, whichever character begins them.
std::string indented(std::string_view text) {
    std::string lines;
    for (std::size_t at = 0; at < text.size();) {
        const CodePoint c = code_point_at(text, at);
        const bool is_half = text.substr(at, 2) == "\r\n";
        if (!ends_line(c.value)) {
            lines += text.substr(at, c.size);
        } else if (!is_half) {
            lines += "\n    ";
        }
        at += c.size;
    }
    return lines;
}

Message notice(std::string content, Timestamp at) {
    Message message;
    message.role = MessageRole::kSystem;
    message.content = std::move(content);
    message.timestamp = at;
    return message;
}

/// The history's messages but the incoming one, oldest first.
std::vector<const Message*> earlier_messages(const Conversation& conversation) {
    std::vector<const Message*> messages;
    for (const Message& message : conversation.lead.recent_history) {
        if (!is_incoming(message, conversation.incoming)) messages.push_back(&message);
    }
    // As in format_history: those of one moment stand in the order of arrival.
    std::ranges::sort(messages, {}, [](const Message* m) { return std::pair(m->timestamp, m); });
    return messages;
}

/// With a notice wherever the one who speaks for us changes.
std::string history_of(const Conversation& conversation) {
    Lead told;
    bool human = false;
    for (const Message* message : earlier_messages(conversation)) {
        if (message->role == MessageRole::kHuman && !std::exchange(human, true)) {
            told.recent_history.push_back(
                notice("[a person of our team took over here]", message->timestamp));
        }
        if (message->role == MessageRole::kAssistant && std::exchange(human, false)) {
            told.recent_history.push_back(
                notice("[the assistant resumed here]", message->timestamp));
        }
        told.recent_history.push_back(*message);
        told.recent_history.back().content = indented(message->content);
    }
    if (human) {
        told.recent_history.push_back(
            notice("[the assistant resumes here]", told.recent_history.back().timestamp));
    }
    return told.format_history(told.recent_history.size());
}

std::string known(std::string_view dimension, const std::optional<Signal>& signal) {
    if (!signal) return fmt::format("- {}: unknown\n", dimension);
    return fmt::format("- {}: {} (confidence {:.2f})\n", dimension,
                       indented(signal->extracted_value), signal->confidence.value);
}

}  // namespace

std::string on_one_line(std::string_view json) {
    std::string line;
    for (std::size_t at = 0; at < json.size();) {
        const CodePoint c = code_point_at(json, at);
        if (ends_line(c.value)) {
            line += fmt::format("\\u{:04x}", static_cast<std::uint32_t>(c.value));
        } else {
            line += json.substr(at, c.size);
        }
        at += c.size;
    }
    return line;
}

std::string conversation_context(const Conversation& conversation) {
    const Lead& lead = conversation.lead;
    const BantSummary bant = lead.bant_summary();
    std::string text = fmt::format("Now: {}\nStage: {}\n", to_iso8601(conversation.now),
                                   enum_to_string(lead.current_stage));
    if (lead.full_name) text += fmt::format("Name: {}\n", indented(*lead.full_name));
    text += "Known about the lead:\n";
    text += known("budget", bant.budget) + known("authority", bant.authority) +
            known("need", bant.need) + known("timeline", bant.timeline);
    const std::string history = history_of(conversation);
    text += "\nConversation so far, oldest first:\n";
    text += history.empty() ? "(none)\n" : history;
    text += fmt::format("\nThe message to handle:\n{}: {}\n",
                        enum_to_string(conversation.incoming.role),
                        indented(conversation.incoming.content));
    return text;
}

}  // namespace rapport
