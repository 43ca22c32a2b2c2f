#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "rapport/core/described.hpp"
#include "rapport/core/object_id.hpp"
#include "rapport/core/time.hpp"

namespace rapport {

/// Who wrote a message.
enum class MessageRole : std::uint8_t {
    kLead,       ///< the person we sell to
    kAssistant,  ///< the AI agent
    kSystem,     ///< a notice of the channel
    kHuman,      ///< one of our people
};

constexpr auto enum_names(MessageRole) {
    using enum MessageRole;
    return std::to_array<EnumName<MessageRole>>({
        {kLead, "lead"},
        {kAssistant, "assistant"},
        {kSystem, "system"},
        {kHuman, "human"},
    });
}

/// What came with a message: its kind (`image`, `audio`, …) and file name. The file is not kept.
struct Attachment {
    std::string kind{};
    std::string name{};

    bool operator==(const Attachment&) const = default;
};
BOOST_DESCRIBE_STRUCT(Attachment, (), (kind, name))

/// One message of a conversation, as it stands in `messages` and, shortened, in a lead's
/// `recent_history`.
struct Message {
    ObjectId id{};
    std::string lead_id{};
    MessageRole role = MessageRole::kLead;
    /// Valid UTF-8, at most kMaxContentBytes.
    std::string content{};
    std::int64_t tokens = 0;
    /// When it was written, as its channel says.
    Timestamp timestamp{};
    /// When we stored it: what retention counts from.
    Timestamp created_at{};
    Timestamp updated_at{};
    /// Its place in the lead's conversation: from 1, without a gap. Absent on messages that no lead
    /// has counted.
    std::optional<std::int64_t> seq{};
    /// The `_id` of the lead that counted it: an erased lead who writes again has another.
    std::optional<ObjectId> lead_ref{};
    std::optional<std::string> turn_id{};
    /// The channel's own id; with it a message is stored once per lead.
    std::optional<std::string> external_id{};
    std::optional<Attachment> attachment{};

    bool operator==(const Message&) const = default;
};
BOOST_DESCRIBE_STRUCT(Message, (),
                      (id, lead_id, role, content, tokens, timestamp, created_at, updated_at, seq,
                       lead_ref, turn_id, external_id, attachment))

/// Entries of `recent_history` hold the members earlier systems know, and `_id`.
template <>
struct MemberRules<Message> : MemberRules<void> {
    static constexpr auto kDefaulted = std::to_array<std::string_view>({"tokens"});
    static constexpr auto kDefaultedWhenNested =
        std::to_array<std::string_view>({"_id", "lead_id", "created_at", "updated_at"});
    static constexpr auto kOmittedWhenNested = std::to_array<std::string_view>(
        {"seq", "lead_ref", "turn_id", "external_id", "attachment"});
};

/// WhatsApp itself ends text at 4,096 characters; e-mails pasted into a chat are longer.
inline constexpr std::size_t kMaxContentBytes = 65'536;

/// What no answer costs; the sum of nine million messages stays below 2^63.
inline constexpr std::int64_t kMaxTokens = 1'000'000'000'000;

/// A channel's id of a message; those of WhatsApp have some 60.
inline constexpr std::size_t kMaxExternalIdBytes = 1'024;

/// Throws InvalidArgument, without quoting the text, for content that is too long or not UTF-8, for
/// tokens that are negative or more than kMaxTokens, and for an external_id that is empty or too
/// long.
void validate(const Message& message);

}  // namespace rapport
