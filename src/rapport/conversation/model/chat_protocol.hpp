#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rapport/conversation/model/json_schema.hpp"

namespace rapport {

/// One message of a chat completion: `system`, `user` or `assistant`, and its text.
struct ChatMessage {
    std::string_view role;
    std::string content;
};

/// The JSON object that a model is to answer with.
struct ChatFormat {
    std::string_view name;
    void (*write_schema)(JsonWriter& to, std::string_view name);
};

template <Described T>
constexpr ChatFormat format_of(std::string_view name) {
    return {name, &write_schema<T>};
}

/// The longest answer that is asked for, and so paid.
inline constexpr std::int64_t kMaxCompletionTokens = 2048;

/// The body of `POST /chat/completions`
/// (https://platform.openai.com/docs/api-reference/chat/create).
std::string chat_request(std::string_view model, double temperature,
                         const std::vector<ChatMessage>& messages, const ChatFormat& format);

struct ChatUsage {
    std::int64_t prompt_tokens = 0;
    std::int64_t completion_tokens = 0;
};
BOOST_DESCRIBE_STRUCT(ChatUsage, (), (prompt_tokens, completion_tokens))

/// What came back: the first choice's text, which a refusal lacks, and what it took, which not
/// every server says. Of less than nothing, or more than 62,500 million tokens, none says it truly.
struct ChatReply {
    std::string content{};
    std::optional<ChatUsage> usage{};
};

/// Reads the body of an answer with status 200. Throws InvalidArgument or InvalidDocument where it
/// is not such an answer.
ChatReply parse_chat_reply(std::string_view body);

}  // namespace rapport
