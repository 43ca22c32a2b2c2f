#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "rapport/domain/message.hpp"
#include "rapport/domain/sales_stage.hpp"
#include "rapport/domain/signal.hpp"

namespace rapport {

/// Whether a human has the conversation. none → requested → assigned → resolved; a human may also
/// step in unasked, and a resolved one may be requested again.
enum class HandoffStatus : std::uint8_t { kNone, kRequested, kAssigned, kResolved };

constexpr auto enum_names(HandoffStatus) {
    using enum HandoffStatus;
    return std::to_array<EnumName<HandoffStatus>>({
        {kNone, "none"},
        {kRequested, "requested"},
        {kAssigned, "assigned"},
        {kResolved, "resolved"},
    });
}

/// What came with the i-th message (from 0) of a turn.
struct TurnAttachment {
    std::int64_t i = 0;
    Attachment attachment{};

    bool operator==(const TurnAttachment&) const = default;
};
BOOST_DESCRIBE_STRUCT(TurnAttachment, (), (i, attachment))

/// One committed turn, kept in a lead's ring of the last turns: which version it made, its ids, how
/// many messages it brought, and what of them `recent_history` does not hold. One without ids may
/// also be a `recent_history` that was rebuilt, whose k entries stand where no turn has put them.
struct TurnRecord {
    std::int64_t v = 0;
    std::optional<std::string> turn_id{};
    std::optional<std::string> external_id{};
    std::int64_t k = 0;
    std::optional<std::vector<TurnAttachment>> attachments{};

    bool operator==(const TurnRecord&) const = default;
};
BOOST_DESCRIBE_STRUCT(TurnRecord, (), (v, turn_id, external_id, k, attachments))

/// Where the signals stand that a lead has no room for: in pages, each of which names the one
/// before it.
struct EarlierSignals {
    ObjectId last_page{};
    std::int64_t count = 0;

    bool operator==(const EarlierSignals&) const = default;
};
BOOST_DESCRIBE_STRUCT(EarlierSignals, (), (last_page, count))

/// The last signal of each dimension; absent where nothing is known.
struct BantSummary {
    std::optional<Signal> budget{};
    std::optional<Signal> authority{};
    std::optional<Signal> need{};
    std::optional<Signal> timeline{};
};

/// A person we sell to, with what an agent must remember of them. The aggregate that a conversation
/// turn changes as a whole.
struct Lead {
    ObjectId id = ObjectId::generate();
    /// An E.164 number, or `scheme:id` (`wa:`, `ext:`) for a person known otherwise.
    std::string lead_id{};
    std::optional<std::string> full_name{};
    SalesStage current_stage = SalesStage::kInitialContact;
    /// The last kHistoryWindow messages, in the order in which they were added (after an import of
    /// older ones: in the order of their time).
    std::vector<Message> recent_history{};
    /// Facts, oldest first: the last ones, and of each dimension the last one, however old.
    std::vector<Signal> signals{};
    /// Older ones; absent where `signals` are all. LeadRepository::all_signals() has them.
    std::optional<EarlierSignals> earlier_signals{};
    std::int64_t message_count = 0;
    std::optional<Timestamp> next_followup_at{};
    /// The greatest timestamp of any message; before the first, when the lead was made.
    Timestamp last_interaction_at = now();
    HandoffStatus handoff_status = HandoffStatus::kNone;
    std::optional<Timestamp> handoff_requested_at{};
    std::optional<std::string> handoff_reason{};
    std::optional<std::string> handoff_assigned_to{};
    /// Set when the lead is first stored; until then the epoch.
    Timestamp created_at{};
    Timestamp updated_at{};
    /// Counts the stored changes; 0 on a lead that is new or that an earlier system wrote.
    std::int64_t version = 0;
    /// How many of the counted messages are known to be stored.
    std::int64_t settled_count = 0;
    std::vector<TurnRecord> recent_turns{};

    static constexpr std::size_t kHistoryWindow = 20;
    /// A lead that changes while it has more is stored with the last kSignalsKept.
    static constexpr std::size_t kMaxSignals = 500;
    static constexpr std::size_t kSignalsKept = 400;
    static constexpr std::size_t kTurnRing = 32;
    static constexpr std::size_t kMaxContextCharacters = 6'000;
    static constexpr std::size_t kAlwaysWholeMessages = 5;

    bool operator==(const Lead&) const = default;

    /// True once a database holds this lead.
    bool stored() const { return created_at != Timestamp{}; }

    /// Counts the message and appends it to recent_history (dropping the oldest beyond the window).
    /// Fills in what it lacks: `_id`, lead_id, created_at and updated_at (`at`); gives it `seq` and
    /// `lead_ref`. Returns the message as it is to be stored. Throws InvalidArgument when it is not
    /// valid, or is somebody else's; the lead is then unchanged.
    Message add_message(Message message, Timestamp at = now());

    /// How many messages were counted when this copy was loaded: all but those that add_message
    /// has numbered since. For copies of an earlier system's lead, which has no version.
    std::int64_t message_count_when_loaded() const;

    /// Appends the signal. Throws InvalidArgument when it is not valid.
    void add_signal(Signal signal);

    /// Where there are over kMaxSignals or 4 MiB of them, takes the oldest out, so that at most
    /// kSignalsKept and 3 MiB are left, and returns them; but none that is its dimension's last.
    std::vector<Signal> take_oldest_signals();

    /// Appends to the ring of the last turns.
    void add_turn(TurnRecord turn);

    BantSummary bant_summary() const;

    /// The last `limit` messages of these roles (none: all), oldest first by timestamp, a line
    /// `role: content` each, as an agent's prompt wants them. Whole messages are dropped from the
    /// front until at most kMaxContextCharacters are left, but never one of the last five.
    std::string format_history(std::size_t limit = kHistoryWindow,
                               const std::vector<MessageRole>& roles = {}) const;

    /// Asks for a human; the reason may be empty. Throws InvalidArgument when one is asked for or
    /// there already.
    void request_handoff(std::string reason, Timestamp at = now());
    /// Gives the conversation to a person (or another one). Throws InvalidArgument for no name.
    void assign_handoff(std::string person);
    /// Gives it back to the agent. Throws InvalidArgument when no human was asked for.
    void resolve_handoff();
};
BOOST_DESCRIBE_STRUCT(Lead, (),
                      (id, lead_id, full_name, current_stage, recent_history, signals,
                       earlier_signals, message_count, next_followup_at, last_interaction_at,
                       handoff_status, handoff_requested_at, handoff_reason, handoff_assigned_to,
                       created_at, updated_at, version, settled_count, recent_turns))

/// Members that earlier systems do not know.
template <>
struct MemberRules<Lead> : MemberRules<void> {
    static constexpr auto kDefaulted = std::to_array<std::string_view>(
        {"recent_history", "signals", "message_count", "handoff_status", "version", "settled_count",
         "recent_turns"});
};

}  // namespace rapport
