#pragma once

#include <boost/unordered/unordered_flat_map.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "rapport/core/time.hpp"

namespace rapport {

/// One message of a JSONL file.
struct JsonlMessage {
    std::int64_t line = 0;  ///< from 1
    std::string lead_id;    ///< as given, or `ext:` and the conversation's id
    std::string role;       ///< lead, assistant, system or human
    std::string text;
    Timestamp timestamp{};
    std::int64_t tokens = 0;
    /// The same when the file is read again, or a longer one that starts the same.
    std::string identity;
};

struct JsonlTurn;

/// A record that cannot be used; the reason never quotes its text.
struct JsonlProblem {
    std::int64_t line;
    std::string reason;
};

struct JsonlConversations {
    std::vector<JsonlMessage> messages;
    std::vector<JsonlProblem> problems;
};

/// Reads records one after another, and counts per lead what absent timestamps and identities need.
class JsonlReader {
  public:
    /// The messages of one line. Throws InvalidArgument where it cannot be used, and counts none of
    /// it then.
    std::vector<JsonlMessage> read(std::int64_t line, std::string_view text);

  private:
    JsonlMessage message(std::int64_t line, const std::string& lead_id, JsonlTurn turn);

    std::unordered_map<std::string, std::int64_t> places_{};
    /// By the first half of a hash: two that share it only skip a number.
    boost::unordered_flat_map<std::uint64_t, int> seen_{};
};

/// Reads JSONL: a message a line (`lead_id, role, content, timestamp?, tokens?`), or a conversation
/// a line (`conversation_id` or `lead_id`, `turns: [{role, text, timestamp?}]`). Other members are
/// passed over, blank lines too. A timestamp is ISO 8601 or a number of seconds or milliseconds
/// since 1970; absent ones count seconds from 2000-01-01, per lead, so that reading again gives the
/// same. A record with a problem gives none of its messages.
JsonlConversations parse_jsonl(std::string_view text);

}  // namespace rapport
