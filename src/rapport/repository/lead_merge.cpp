#include "rapport/repository/lead_merge.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "rapport/repository/turn.hpp"

namespace rapport {
namespace {

int urgency(HandoffStatus status) {
    switch (status) {
        case HandoffStatus::kNone:
            return 0;
        case HandoffStatus::kResolved:
            return 1;
        case HandoffStatus::kRequested:
            return 2;
        case HandoffStatus::kAssigned:
            break;
    }
    return 3;
}

void take_handoff(Lead& into, Lead& other) {
    if (urgency(other.handoff_status) <= urgency(into.handoff_status)) return;
    into.handoff_status = other.handoff_status;
    into.handoff_requested_at = other.handoff_requested_at;
    into.handoff_reason = std::move(other.handoff_reason);
    into.handoff_assigned_to = std::move(other.handoff_assigned_to);
}

/// The newer ones last, since the last of a dimension counts.
std::vector<Signal> joined(std::vector<Signal> older, std::vector<Signal> newer) {
    std::erase_if(older, [&](const Signal& signal) {
        return std::ranges::find(newer, signal) != newer.end();
    });
    std::ranges::move(newer, std::back_inserter(older));
    return older;
}

bool is_same(const Message& a, const Message& b) {
    if (!a.id.empty() && !b.id.empty()) return a.id == b.id;
    return a.timestamp == b.timestamp && a.role == b.role && a.content == b.content;
}

/// An entry that is not stored stands before what was said in its moment.
void add_entries(std::vector<Message>& window, std::vector<Message> entries) {
    for (Message& entry : entries) {
        const auto is_it = [&](const Message& message) { return is_same(message, entry); };
        if (std::ranges::any_of(window, is_it)) continue;
        const auto place =
            std::ranges::lower_bound(window, entry.timestamp, {}, &Message::timestamp);
        window.insert(place, std::move(entry));
    }
}

}  // namespace

Lead merged(Lead into, Lead other, std::vector<Message> stored,
            const std::function<ObjectId(const ObjectId&)>& id_now,
            const std::vector<Signal>& paged) {
    for (Message& entry : other.recent_history) {
        if (!entry.id.empty()) entry.id = id_now(entry.id);
        entry.lead_id = into.lead_id;
    }
    for (Signal& signal : other.signals) {
        const auto source = ObjectId::parse(signal.source_message_id);
        if (source) signal.source_message_id = id_now(*source).to_string();
    }
    std::erase_if(other.signals, [&](const Signal& signal) {
        return std::ranges::find(paged, signal) != paged.end();
    });
    const bool other_is_newer = other.last_interaction_at > into.last_interaction_at;
    if (!into.full_name) into.full_name = other.full_name;
    if (other_is_newer) into.current_stage = other.current_stage;
    take_handoff(into, other);
    if (other.next_followup_at) {
        into.next_followup_at = std::min(into.next_followup_at.value_or(*other.next_followup_at),
                                         *other.next_followup_at);
    }
    into.signals = other_is_newer ? joined(std::move(into.signals), std::move(other.signals))
                                  : joined(std::move(other.signals), std::move(into.signals));
    std::vector<Message> history = std::move(stored);
    add_entries(history, into.recent_history);
    add_entries(history, std::move(other.recent_history));
    if (history.size() > Lead::kHistoryWindow) {
        history.erase(history.begin(), history.end() - Lead::kHistoryWindow);
    }
    keep_as_stored(history);
    if (history != into.recent_history) {
        // As where a window is rebuilt: no turn has put these entries where they stand.
        TurnRecord record;
        record.v = into.version + 1;
        record.k = std::ssize(history);
        into.add_turn(std::move(record));
        into.recent_history = std::move(history);
        into.settled_count = into.message_count;
    }
    into.last_interaction_at = std::max(into.last_interaction_at, other.last_interaction_at);
    into.created_at = std::min(into.created_at, other.created_at);
    return into;
}

}  // namespace rapport
