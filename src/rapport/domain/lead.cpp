#include "rapport/domain/lead.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "rapport/core/error.hpp"
#include "rapport/core/utf8.hpp"

namespace rapport {
namespace {

template <class T>
void keep_last(std::vector<T>& items, std::size_t count) {
    if (items.size() > count) {
        items.erase(items.begin(), items.end() - static_cast<std::ptrdiff_t>(count));
    }
}

/// The last `count` of the items and this one, in the memory that they have.
template <class T>
void push_last(std::vector<T>& items, T item, std::size_t count) {
    keep_last(items, count - 1);
    items.push_back(std::move(item));
}

/// A document may have 16 MiB, of which the messages of the window need 1.3.
constexpr std::size_t kMostSignalBytes = std::size_t{4} << 20U;
constexpr std::size_t kSignalBytesKept = std::size_t{3} << 20U;

/// What its texts take, and some for the rest.
std::size_t size_of(const Signal& signal) {
    constexpr std::size_t kRest = 256;
    return kRest + signal.extracted_value.size() + signal.confidence.reasoning.size() +
           signal.source_message_id.size() + signal.inferred_from.value_or("").size() +
           signal.raw_evidence.size();
}

}  // namespace

Message Lead::add_message(Message message, Timestamp at) {
    validate(message);
    if (message.lead_id.empty()) message.lead_id = lead_id;
    if (message.lead_id != lead_id) {
        throw InvalidArgument("lead_id: the message belongs to another lead");
    }
    if (message.id.empty()) message.id = ObjectId::generate();
    if (message.created_at == Timestamp{}) message.created_at = at;
    if (message.updated_at == Timestamp{}) message.updated_at = at;
    message.seq = ++message_count;
    message.lead_ref = id;
    last_interaction_at =
        message_count == 1 ? message.timestamp : std::max(last_interaction_at, message.timestamp);
    push_last(recent_history, message, kHistoryWindow);
    return message;
}

std::int64_t Lead::message_count_when_loaded() const {
    // Stored entries of the history have no seq.
    return message_count - std::ranges::count_if(recent_history, [](const Message& message) {
               return message.seq.has_value();
           });
}

void Lead::add_signal(Signal signal) {
    validate(signal);
    signals.push_back(std::move(signal));
}

std::vector<Signal> Lead::take_oldest_signals() {
    std::vector<Signal> taken;
    std::size_t bytes = 0;
    for (const Signal& signal : signals) bytes += size_of(signal);
    if (signals.size() <= kMaxSignals && bytes <= kMostSignalBytes) return taken;
    std::set<SignalDimension> seen;
    std::vector<bool> is_last(signals.size());
    for (std::size_t i = signals.size(); i > 0; --i) {
        is_last[i - 1] = seen.insert(signals[i - 1].dimension).second;
    }
    std::vector<Signal> kept;
    for (std::size_t i = 0; i < signals.size(); ++i) {
        const bool fits =
            signals.size() - taken.size() <= kSignalsKept && bytes <= kSignalBytesKept;
        const bool stays = is_last[i] || fits;
        if (!stays) bytes -= size_of(signals[i]);
        (stays ? kept : taken).push_back(std::move(signals[i]));
    }
    signals = std::move(kept);
    return taken;
}

void Lead::add_turn(TurnRecord turn) { push_last(recent_turns, std::move(turn), kTurnRing); }

BantSummary Lead::bant_summary() const {
    BantSummary summary;
    for (const Signal& signal : signals) {
        switch (signal.dimension) {
            case SignalDimension::kBudget:
                summary.budget = signal;
                break;
            case SignalDimension::kAuthority:
                summary.authority = signal;
                break;
            case SignalDimension::kNeed:
                summary.need = signal;
                break;
            case SignalDimension::kTimeline:
                summary.timeline = signal;
                break;
        }
    }
    return summary;
}

std::string Lead::format_history(std::size_t limit, const std::vector<MessageRole>& roles) const {
    std::vector<const Message*> chosen;
    for (const Message& message : recent_history) {
        if (roles.empty() || std::ranges::find(roles, message.role) != roles.end()) {
            chosen.push_back(&message);
        }
    }
    // recent_history stands in the order of commit, that is of seq: so does its memory.
    std::ranges::sort(chosen, {}, [](const Message* m) { return std::pair(m->timestamp, m); });
    keep_last(chosen, limit);

    std::vector<std::string> lines;
    std::size_t characters = 0;
    for (const Message* message : chosen) {
        lines.push_back(fmt::format("{}: {}\n", enum_to_string(message->role), message->content));
        characters += count_characters(lines.back());
    }
    auto first = lines.begin();
    while (characters > kMaxContextCharacters &&
           static_cast<std::size_t>(lines.end() - first) > kAlwaysWholeMessages) {
        characters -= count_characters(*first++);
    }
    return fmt::format("{}", fmt::join(first, lines.end(), ""));
}

void Lead::request_handoff(std::string reason, Timestamp at) {
    if (handoff_status == HandoffStatus::kRequested || handoff_status == HandoffStatus::kAssigned) {
        throw InvalidArgument(
            fmt::format("handoff: a human is {} already", enum_to_string(handoff_status)));
    }
    handoff_status = HandoffStatus::kRequested;
    handoff_requested_at = at;
    handoff_reason.reset();
    if (!reason.empty()) handoff_reason = std::move(reason);
    handoff_assigned_to.reset();
}

void Lead::assign_handoff(std::string person) {
    if (person.empty()) throw InvalidArgument("handoff: expected the name of a person");
    handoff_status = HandoffStatus::kAssigned;
    handoff_assigned_to = std::move(person);
}

void Lead::resolve_handoff() {
    if (handoff_status != HandoffStatus::kRequested && handoff_status != HandoffStatus::kAssigned) {
        throw InvalidArgument("handoff: no human was asked for, so there is nothing to resolve");
    }
    handoff_status = HandoffStatus::kResolved;
}

}  // namespace rapport
