#include "rapport/channel/conversation_jsonl.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <cmath>
#include <iterator>
#include <optional>

#include "rapport/channel/hash.hpp"
#include "rapport/core/error.hpp"

namespace rapport {

/// A message as a record gives it, before it is known whose it is and when it was.
struct JsonlTurn {
    std::string role;
    std::string text;
    std::optional<Timestamp> time;
    std::int64_t tokens = 0;
};

namespace {

namespace json = boost::json;

constexpr std::size_t kMaxContentBytes = 65'536;
constexpr std::int64_t kMaxTokens = 1'000'000'000'000;
constexpr std::array<std::string_view, 4> kRoles{"lead", "assistant", "system", "human"};
constexpr Timestamp kStart = std::chrono::sys_days(std::chrono::year(2000) / 1 / 1);
/// What ISO 8601 can show again.
constexpr Timestamp kFirst = std::chrono::sys_days(std::chrono::year(1) / 1 / 1);
constexpr Timestamp kEnd = std::chrono::sys_days(std::chrono::year(10'000) / 1 / 1);

[[noreturn]] void refuse(const std::string& reason) { throw InvalidArgument(reason); }

const json::value* find(const json::object& object, std::string_view name) {
    const json::value* value = object.if_contains({name.data(), name.size()});
    return value != nullptr && value->is_null() ? nullptr : value;
}

std::string required_text(const json::object& object, std::string_view name) {
    const json::value* value = find(object, name);
    if (value == nullptr) refuse(fmt::format("{}: missing", name));
    const json::string* text = value->if_string();
    if (text == nullptr) refuse(fmt::format("{}: expected a string", name));
    return {text->data(), text->size()};
}

Timestamp from_epoch(double number) {
    constexpr double kFirstMilliseconds = 1e11;      // as seconds, the year 5138
    constexpr double kLast = 253'402'300'799'999.0;  // the end of the year 9999
    const double milliseconds = std::abs(number) < kFirstMilliseconds ? number * 1000 : number;
    if (!(milliseconds >= 0 && milliseconds <= kLast)) refuse("timestamp: out of range");
    return Timestamp(std::chrono::milliseconds(std::llround(milliseconds)));
}

std::optional<Timestamp> optional_time(const json::object& object) {
    const json::value* value = find(object, "timestamp");
    if (value == nullptr) return std::nullopt;
    if (value->is_number()) return from_epoch(value->to_number<double>());
    if (const json::string* text = value->if_string()) {
        const auto time = parse_iso8601({text->data(), text->size()});
        if (time && (*time < kFirst || *time >= kEnd)) refuse("timestamp: out of range");
        if (time) return time;
    }
    refuse("timestamp: expected ISO 8601 or a number of seconds or milliseconds since 1970");
}

std::int64_t optional_tokens(const json::object& object) {
    const json::value* value = find(object, "tokens");
    if (value == nullptr) return 0;
    json::error_code error;
    const auto tokens = value->is_number() ? value->to_number<std::int64_t>(error) : -1;
    if (error || tokens < 0 || tokens > kMaxTokens) {
        refuse(fmt::format("tokens: expected a whole number from 0 to {}", kMaxTokens));
    }
    return tokens;
}

JsonlTurn read_turn(const json::object& object, std::string_view text_name) {
    JsonlTurn turn;
    turn.role = required_text(object, "role");
    if (std::ranges::find(kRoles, turn.role) == kRoles.end()) {
        refuse("role: expected lead, assistant, system or human");
    }
    turn.text = required_text(object, text_name);
    if (turn.text.size() > kMaxContentBytes) {
        refuse(fmt::format("{}: {} bytes, at most {} are allowed", text_name, turn.text.size(),
                           kMaxContentBytes));
    }
    turn.time = optional_time(object);
    turn.tokens = optional_tokens(object);
    return turn;
}

JsonlTurn read_item(const json::value& item, std::size_t index) {
    try {
        const json::object* object = item.if_object();
        if (object == nullptr) refuse("expected an object");
        return read_turn(*object, "text");
    } catch (const InvalidArgument& problem) {
        refuse(fmt::format("turns[{}]: {}", index, problem.what()));
    }
}

std::vector<JsonlTurn> read_turns(const json::value& turns) {
    const json::array* items = turns.if_array();
    if (items == nullptr) refuse("turns: expected an array");
    std::vector<JsonlTurn> all;
    for (const json::value& item : *items) all.push_back(read_item(item, all.size()));
    return all;
}

}  // namespace

std::vector<JsonlMessage> JsonlReader::read(std::int64_t line, std::string_view text) {
    json::error_code error;
    const json::value record = json::parse({text.data(), text.size()}, error);
    if (error) refuse("not JSON: " + error.message());
    const json::object* object = record.if_object();
    if (object == nullptr) refuse("expected a JSON object");
    const json::value* turns = find(*object, "turns");
    std::vector<JsonlMessage> messages;
    if (turns == nullptr) {
        JsonlTurn turn = read_turn(*object, "content");
        messages.push_back(message(line, required_text(*object, "lead_id"), std::move(turn)));
        return messages;
    }
    const std::string lead_id = find(*object, "lead_id") != nullptr
                                    ? required_text(*object, "lead_id")
                                    : "ext:" + required_text(*object, "conversation_id");
    for (JsonlTurn& turn : read_turns(*turns)) {
        messages.push_back(message(line, lead_id, std::move(turn)));
    }
    return messages;
}

JsonlMessage JsonlReader::message(std::int64_t line, const std::string& lead_id, JsonlTurn turn) {
    constexpr std::size_t kHalf = 16;
    constexpr int kHexadecimal = 16;
    const std::int64_t place = places_[lead_id]++;
    const std::string when = turn.time ? to_iso8601(*turn.time) : std::string();
    const std::string hash = short_hash({lead_id, when, turn.role, turn.text});
    const int seen = ++seen_[std::stoull(hash.substr(0, kHalf), nullptr, kHexadecimal)];
    return {.line = line,
            .lead_id = lead_id,
            .role = std::move(turn.role),
            .text = std::move(turn.text),
            .timestamp = turn.time.value_or(kStart + std::chrono::seconds(place)),
            .tokens = turn.tokens,
            .identity = fmt::format("{}:{}", hash, seen)};
}

JsonlConversations parse_jsonl(std::string_view text) {
    JsonlReader reader;
    JsonlConversations all;
    for (std::int64_t line = 1; !text.empty(); ++line) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        const std::string_view record = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        if (record.find_first_not_of(" \t\r") == std::string_view::npos) continue;
        try {
            auto messages = reader.read(line, record);
            std::ranges::move(messages, std::back_inserter(all.messages));
        } catch (const InvalidArgument& problem) {
            all.problems.push_back({line, problem.what()});
        }
    }
    return all;
}

}  // namespace rapport
