#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "rapport/conversation/model/chat_model.hpp"
#include "rapport/core/codec.hpp"
#include "rapport/core/error.hpp"

namespace rapport {

/// What a model made of a question: a valid T, or why there is none. What it took, either way.
template <class T>
struct Asked {
    std::optional<T> value{};
    Usage usage{};
    std::string problem{};
};

/// A T from a model's text. Throws InvalidArgument or InvalidDocument that says what is wrong.
template <Described T>
T parse_answer(const std::string& text) {
    T value = from_document<T>(from_json(text));
    if constexpr (requires { validate(value); }) validate(value);
    return value;
}

/// Asks for a T. An answer that is not one is sent back once, with what is wrong with it. Throws
/// only what cancelling throws.
template <Described T>
Async<Asked<T>> ask(ChatModel& model, ChatFormat format, std::string instructions,
                    std::string context, Deadline deadline) {
    Asked<T> asked;
    std::vector<ChatMessage> messages{{"system", std::move(instructions)},
                                      {"user", std::move(context)}};
    constexpr int kTries = 2;
    for (int i = 0; i < kTries; ++i) {
        std::string content;
        try {
            auto answered = co_await model.ask(messages, format, deadline);
            asked.usage += answered.usage;
            content = std::move(answered.content);
        } catch (const NoAnswer& none) {
            asked.problem = none.what();
            co_return asked;
        }
        try {
            asked.value = parse_answer<T>(content);
            co_return asked;
        } catch (const Error& error) {
            messages.push_back({"assistant", std::move(content)});
            messages.push_back(
                {"user", std::string("That answer is not valid: ") + error.what() +
                             ". Answer once more, with nothing but the corrected JSON object."});
        }
    }
    asked.problem = "the model's answer was not valid, twice";
    co_return asked;
}

}  // namespace rapport
