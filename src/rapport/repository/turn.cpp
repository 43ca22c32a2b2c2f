#include "rapport/repository/turn.hpp"

#include <functional>
#include <string_view>
#include <utility>

#include "rapport/core/error.hpp"

namespace rapport {
namespace {

/// The version that the last turn in the ring made: it never comes back.
std::int64_t last_turn_of(const Lead& lead) {
    return lead.recent_turns.empty() ? 0 : lead.recent_turns.back().v;
}

}  // namespace

TurnRecord make_turn_record(std::int64_t version, const std::vector<Message>& messages) {
    TurnRecord record;
    record.v = version;
    record.external_id = messages.front().external_id;
    record.k = std::ssize(messages);
    for (std::size_t i = 0; i < messages.size(); ++i) {
        if (!messages[i].attachment) continue;
        if (!record.attachments) record.attachments.emplace();
        record.attachments->push_back({static_cast<std::int64_t>(i), *messages[i].attachment});
    }
    return record;
}

void keep_as_stored(std::vector<Message>& history) {
    for (Message& entry : history) {
        entry.seq.reset();
        entry.lead_ref.reset();
        entry.turn_id.reset();
        entry.external_id.reset();
        entry.attachment.reset();
    }
}

bool KnownLeads::settled(const Lead& lead) const {
    if (lead.recent_history.empty()) return false;
    const std::scoped_lock lock(mutex_);
    const auto found = leads_.find(lead.id);
    return found != leads_.end() && found->second.last_message == lead.recent_history.back().id &&
           found->second.last_turn == last_turn_of(lead);
}

void KnownLeads::remember_settled(const Lead& lead) {
    if (lead.recent_history.empty()) return;
    const std::scoped_lock lock(mutex_);
    Known& known = entry(lead);
    known.last_message = lead.recent_history.back().id;
    known.last_turn = last_turn_of(lead);
}

std::optional<Lead> KnownLeads::as_stored(const Lead& lead) const {
    const std::scoped_lock lock(mutex_);
    const auto found = leads_.find(lead.id);
    if (found == leads_.end() || found->second.version != lead.version) return std::nullopt;
    const Known& known = found->second;
    if (known.messages != lead.message_count || known.signals != lead.signals.size()) {
        throw InvalidArgument(
            "a turn: its lead has messages or signals of its own: give them to the turn, or save "
            "the lead first");
    }
    return known.members;
}

void KnownLeads::remember_stored(const Lead& lead) {
    Lead members = TurnMembers::copy(lead);
    const std::scoped_lock lock(mutex_);
    Known& known = entry(lead);
    known.version = lead.version;
    known.members = std::move(members);
    known.messages = lead.message_count;
    known.signals = lead.signals.size();
}

/// The caller holds the mutex.
KnownLeads::Known& KnownLeads::entry(const Lead& lead) {
    constexpr std::size_t kMost = 30'000;
    // Forgetting costs a question each, once in so many leads.
    if (leads_.size() >= kMost && !leads_.contains(lead.id)) leads_.clear();
    return leads_[lead.id];
}

std::size_t KnownLeads::Hash::operator()(const ObjectId& id) const {
    return std::hash<std::string_view>()(
        {reinterpret_cast<const char*>(id.bytes.data()), id.bytes.size()});
}

}  // namespace rapport
