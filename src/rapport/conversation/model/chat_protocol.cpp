#include "rapport/conversation/model/chat_protocol.hpp"

#include <utility>

#include "rapport/core/codec.hpp"
#include "rapport/core/error.hpp"
#include "rapport/domain/message.hpp"

namespace rapport {

struct ChatChoiceMessage {
    std::optional<std::string> content{};
};
BOOST_DESCRIBE_STRUCT(ChatChoiceMessage, (), (content))

struct ChatChoice {
    ChatChoiceMessage message{};
};
BOOST_DESCRIBE_STRUCT(ChatChoice, (), (message))

struct ChatCompletion {
    std::vector<ChatChoice> choices{};
    std::optional<ChatUsage> usage{};
};
BOOST_DESCRIBE_STRUCT(ChatCompletion, (), (choices, usage))

namespace {

/// A turn asks up to six times, each with two such numbers: their sum is a message's.
bool is_plausible(const ChatUsage& usage) {
    constexpr std::int64_t kMost = kMaxTokens / 16;
    return usage.prompt_tokens >= 0 && usage.prompt_tokens <= kMost &&
           usage.completion_tokens >= 0 && usage.completion_tokens <= kMost;
}

}  // namespace

std::string chat_request(std::string_view model, double temperature,
                         const std::vector<ChatMessage>& messages, const ChatFormat& format) {
    JsonWriter out;
    out.add("model", model);
    out.add("temperature", temperature);
    out.add("max_tokens", kMaxCompletionTokens);
    out.begin_array("messages");
    for (const ChatMessage& message : messages) {
        out.begin_document({});
        out.add("role", message.role);
        out.add("content", std::string_view(message.content));
        out.end();
    }
    out.end();
    out.begin_document("response_format");
    out.add("type", "json_schema");
    out.begin_document("json_schema");
    out.add("name", format.name);
    out.add("strict", true);
    format.write_schema(out, "schema");
    return out.finish();
}

ChatReply parse_chat_reply(std::string_view body) {
    auto completion = from_document<ChatCompletion>(from_json(body));
    if (completion.choices.empty()) throw InvalidDocument("choices: empty");
    // The answer is paid for, and no worse for it.
    if (completion.usage && !is_plausible(*completion.usage)) completion.usage.reset();
    return {std::move(completion.choices.front().message.content).value_or(""), completion.usage};
}

}  // namespace rapport
