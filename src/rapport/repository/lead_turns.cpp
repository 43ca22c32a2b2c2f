// The turn: one guarded change of the lead commits it, and its messages follow. Whatever a crash
// leaves is in the lead, and settled when the lead is next loaded.
#include <algorithm>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <functional>
#include <set>
#include <string_view>
#include <utility>

#include "rapport/core/error.hpp"
#include "rapport/repository/collections.hpp"
#include "rapport/repository/lead_repository.hpp"

namespace rapport {
namespace {

constexpr std::int64_t kWindow = Lead::kHistoryWindow;
constexpr std::chrono::milliseconds kPause{20};

Async<void> pause() {
    boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor, kPause);
    co_await timer.async_wait(boost::asio::use_awaitable);
}

/// True for what leaves open whether a write happened.
bool leaves_open(const Error& error) {
    return error.code() == ErrorCode::kUnavailable || error.code() == ErrorCode::kTimeout;
}

[[noreturn]] void changed_meanwhile() {
    throw VersionConflict("leads: changed or erased since it was loaded: load it again");
}

void check_turn(const Turn& turn) {
    if (turn.messages.empty() || turn.messages.size() > Turn::kMost) {
        throw InvalidArgument("a turn: expected 1 to 20 messages");
    }
    const auto has_id = [](const Message& message) { return message.external_id.has_value(); };
    if (std::any_of(turn.messages.begin() + 1, turn.messages.end(), has_id)) {
        throw InvalidArgument(
            "a turn: only its first message has an external_id, which is the turn's");
    }
}

/// Counts the messages and signals into the lead, and the turn into its ring.
std::vector<Message> apply(Lead& lead, std::vector<Message> messages,
                           const std::vector<Signal>& signals) {
    const std::string turn_id = ObjectId::generate().to_string();
    TurnRecord record{lead.version + 1, turn_id, messages.front().external_id,
                      std::ssize(messages)};
    for (Message& message : messages) {
        message.id = ObjectId::generate();
        message.turn_id = turn_id;
        message = lead.add_message(std::move(message));
    }
    for (const Signal& signal : signals) lead.add_signal(signal);
    lead.add_turn(std::move(record));
    ++lead.version;
    return messages;
}

/// What a turn changes about a stored lead. `history` and `signals` are the new ones only.
std::vector<Change> turn_changes(const Lead& lead, const std::vector<Message>& history,
                                 const std::vector<Signal>& signals) {
    Update<Lead> update;
    update.push(where(&Lead::recent_history), history, kWindow)
        .push(where(&Lead::recent_turns), {lead.recent_turns.back()}, Lead::kTurnRing)
        .increment(where(&Lead::message_count), std::ssize(history))
        .increment(where(&Lead::version), 1)
        .set(where(&Lead::full_name), lead.full_name)
        .set(where(&Lead::current_stage), lead.current_stage)
        .set(where(&Lead::next_followup_at), lead.next_followup_at)
        .set(where(&Lead::handoff_status), lead.handoff_status)
        .set(where(&Lead::handoff_requested_at), lead.handoff_requested_at)
        .set(where(&Lead::handoff_reason), lead.handoff_reason)
        .set(where(&Lead::handoff_assigned_to), lead.handoff_assigned_to)
        .set(where(&Lead::settled_count), lead.settled_count)
        .set(where(&Lead::updated_at), lead.updated_at);
    if (lead.message_count == std::ssize(history)) {
        // Until its first message it was the moment when the lead was made.
        update.set(where(&Lead::last_interaction_at), lead.last_interaction_at);
    } else {
        update.max(where(&Lead::last_interaction_at), lead.last_interaction_at);
    }
    if (!signals.empty()) update.push(where(&Lead::signals), signals, Lead::kMaxSignals);
    return update.changes();
}

/// The counted messages that the lead alone holds for certain, as they are to be stored: those of
/// its last turns, as far as its ring reaches.
std::vector<Message> unsettled_messages(const Lead& lead) {
    const auto& history = lead.recent_history;
    const std::int64_t most =
        std::min<std::int64_t>(lead.message_count - lead.settled_count, std::ssize(history));
    std::vector<Message> messages;
    std::int64_t seq = lead.message_count;
    for (auto turn = lead.recent_turns.rbegin(); turn != lead.recent_turns.rend(); ++turn) {
        for (std::int64_t i = turn->k - 1; i >= 0 && std::ssize(messages) < most; --i) {
            Message message = history[history.size() - 1 - messages.size()];
            message.lead_id = lead.lead_id;
            message.lead_ref = lead.id;
            message.seq = seq--;
            message.turn_id = turn->turn_id;
            if (i == 0) message.external_id = turn->external_id;
            messages.push_back(std::move(message));
        }
    }
    std::ranges::reverse(messages);
    std::erase_if(messages, [](const Message& message) { return message.id.empty(); });
    return messages;
}

/// Leaves what an entry of a stored history holds.
void keep_as_stored(Message& entry) {
    entry.seq.reset();
    entry.lead_ref.reset();
    entry.turn_id.reset();
    entry.external_id.reset();
    entry.attachment.reset();
}

InsertDocuments to_insert(const std::vector<Message>& messages) {
    InsertDocuments insert{&message_collection(), {}};
    for (const Message& message : messages) insert.documents.push_back(to_document(message));
    return insert;
}

}  // namespace

bool SettledLeads::knows(const ObjectId& lead, std::int64_t message_count) const {
    const std::scoped_lock lock(mutex_);
    const auto found = counts_.find(lead);
    return found != counts_.end() && found->second == message_count;
}

void SettledLeads::remember(const ObjectId& lead, std::int64_t message_count) {
    constexpr std::size_t kMost = 100'000;
    const std::scoped_lock lock(mutex_);
    // Forgetting costs a question each, once in so many leads.
    if (counts_.size() >= kMost) counts_.clear();
    counts_[lead] = message_count;
}

std::size_t SettledLeads::Hash::operator()(const ObjectId& id) const {
    return std::hash<std::string_view>()(
        {reinterpret_cast<const char*>(id.bytes.data()), id.bytes.size()});
}

bool LeadRepository::is_settled(const Lead& lead) const {
    return lead.settled_count >= lead.message_count || settled_->knows(lead.id, lead.message_count);
}

Async<std::int64_t> LeadRepository::settle(Lead lead, Deadline deadline) {
    if (is_settled(lead)) co_return 0;
    std::vector<Message> messages = unsettled_messages(lead);
    if (!messages.empty()) {
        std::vector<ObjectId> ids;
        ids.reserve(messages.size());
        for (const Message& message : messages) ids.push_back(message.id);
        const Filter<Message> same = where(&Message::id).in(ids);
        std::set<ObjectId> stored;
        for (const Document& document :
             co_await store().find({&message_collection(), same.node()}, deadline)) {
            stored.insert(std::get<ObjectId>(scalar_at(document, "_id")));
        }
        std::erase_if(messages,
                      [&](const Message& message) { return stored.contains(message.id); });
        if (!messages.empty()) co_await store().insert(to_insert(messages), deadline);
    }
    settled_->remember(lead.id, lead.message_count);
    co_return std::ssize(messages);
}

Async<std::optional<TurnResult>> LeadRepository::stored_turn(const Turn& turn, Deadline deadline) {
    const Message& said = turn.messages.front();
    const Filter<Message> of_lead = where(&Message::lead_id) == turn.lead.lead_id;
    const Filter<Message> same = of_lead && where(&Message::external_id) == *said.external_id;
    const auto found = co_await store().find({&message_collection(), same.node(), {}, 1}, deadline);
    if (found.empty()) co_return std::nullopt;
    const auto first = from_document<Message>(found.front());
    // A message of somebody erased, whose number it was.
    if (first.lead_ref && *first.lead_ref != turn.lead.id) co_return std::nullopt;
    if (first.content != said.content) {
        throw InvalidArgument("external_id: another message was stored under it");
    }
    TurnResult result{turn.lead, {first}, true};
    if (!first.turn_id) co_return result;
    // The rest of the turn stands close behind it.
    const Filter<Message> behind = of_lead && where(&Message::timestamp) >= first.timestamp;
    const auto sort = Sort<Message>()
                          .ascending(where(&Message::timestamp))
                          .ascending(where(&Message::seq))
                          .ascending(where(&Message::id));
    FindDocuments rest{&message_collection(), behind.node(), sort.keys(), 2 * kWindow};
    for (const Document& document : co_await store().find(std::move(rest), deadline)) {
        auto message = from_document<Message>(document);
        if (message.turn_id == first.turn_id && message.id != first.id) {
            result.messages.push_back(std::move(message));
        }
    }
    co_return result;
}

/// What became of a change whose answer was lost, now that the guard does not hold any more.
Async<LeadRepository::Fate> LeadRepository::fate_of(const Lead& after,
                                                    const ObjectId& first_message,
                                                    Deadline deadline) {
    const auto now_stored = co_await find_one(where(&Lead::lead_id) == after.lead_id, deadline);
    if (!now_stored || now_stored->id != after.id) co_return Fate::kConflict;
    if (now_stored->version < after.version) co_return Fate::kOpen;
    const auto& ring = now_stored->recent_turns;
    const auto& own = after.recent_turns.back().turn_id;
    if (std::ranges::find(ring, own, &TurnRecord::turn_id) != ring.end()) {
        co_return Fate::kCommitted;
    }
    if (!ring.empty() && ring.front().v <= after.version) co_return Fate::kConflict;
    const Filter<Message> first = where(&Message::id) == first_message;
    const auto found =
        co_await store().find({&message_collection(), first.node(), {}, 1}, deadline);
    co_return found.empty() ? Fate::kConflict : Fate::kCommitted;
}

Async<void> LeadRepository::commit(const CommitDocuments& operation, const Lead& after,
                                   const std::vector<Message>& messages, Deadline deadline) {
    bool open = false;
    Committed committed;
    while (true) {
        try {
            committed = co_await store().commit(operation, deadline);
            if (committed.happened) break;
            if (!open || operation.create) changed_meanwhile();
            const Fate fate = co_await fate_of(after, messages.front().id, deadline);
            if (fate == Fate::kConflict) changed_meanwhile();
            if (fate == Fate::kCommitted) break;
        } catch (const Error& error) {
            if (!leaves_open(error)) throw;
            open = true;
        }
        if (deadline.passed()) {
            throw Timeout("the turn's outcome is unknown: deliver its message again");
        }
        co_await pause();
    }
    // From here on the turn is kept: what is missing at the deadline, the next load settles.
    while (!committed.details_stored && !deadline.passed()) {
        try {
            committed.duplicates = co_await store().insert(operation.details, deadline);
            committed.details_stored = true;
        } catch (const Error& error) {
            if (!leaves_open(error)) throw;
        }
        if (!committed.details_stored) co_await pause();
    }
    if (!committed.details_stored) co_return;
    for (const Duplicate& duplicate : committed.duplicates) {
        if (duplicate.index != "_id") {
            co_await replace_orphan(messages.at(duplicate.position), deadline);
        }
    }
    settled_->remember(after.id, after.message_count);
}

/// Stores a message whose external_id is taken: by one of somebody erased, who had the number,
/// which goes; or by one that was stored outside any turn meanwhile: then it is kept without, since
/// a counted message must not be missing.
Async<void> LeadRepository::replace_orphan(Message message, Deadline deadline) {
    const Filter<Message> same = where(&Message::lead_id) == message.lead_id &&
                                 where(&Message::external_id) == message.external_id.value();
    const auto found = co_await store().find({&message_collection(), same.node(), {}, 1}, deadline);
    if (!found.empty()) {
        const auto other = from_document<Message>(found.front());
        if (!other.lead_ref || *other.lead_ref == message.lead_ref ||
            co_await find_one(where(&Lead::id) == *other.lead_ref, deadline)) {
            message.external_id.reset();
        } else {
            const Filter<Message> orphan = where(&Message::id) == other.id;
            co_await store().remove({&message_collection(), orphan.node()}, deadline);
        }
    }
    co_await store().insert(to_insert({message}), deadline);
}

Async<TurnResult> LeadRepository::commit_turn(Turn turn, Deadline deadline) {
    check_turn(turn);
    // What is stored has its one spelling.
    if (!turn.lead.stored()) normalize(turn.lead);
    if (turn.lead.stored() && turn.lead.version == 0) {
        // An earlier system's lead gets today's form, and a version, which guards what follows.
        turn.lead.settled_count = turn.lead.message_count;
        turn.lead = co_await update(std::move(turn.lead), deadline);
    }
    if (!is_settled(turn.lead)) co_await settle(turn.lead, deadline);
    if (turn.messages.front().external_id && turn.lead.message_count > 0) {
        if (auto replayed = co_await stored_turn(turn, deadline)) co_return std::move(*replayed);
    }

    const bool is_new = !turn.lead.stored();
    const Filter<Lead> guard = where(&Lead::id) == turn.lead.id &&
                               where(&Lead::lead_id) == turn.lead.lead_id &&
                               where(&Lead::version) == turn.lead.version;
    const std::int64_t counted = turn.lead.message_count;
    Lead lead = std::move(turn.lead);
    std::vector<Message> messages = apply(lead, std::move(turn.messages), turn.signals);
    lead.updated_at = now();
    if (is_new) lead.created_at = lead.updated_at;
    lead.settled_count = store().commits_as_one() ? lead.message_count : counted;
    if (is_new) check(lead);  // of a stored one only what is added, which apply() has checked

    CommitDocuments operation{{&lead_collection(), guard.node(), {}}};
    if (is_new) {
        co_await prepare_insert({lead}, deadline);
        operation.create = to_document(lead);
    } else {
        operation.change.changes = turn_changes(lead, messages, turn.signals);
    }
    operation.details = to_insert(messages);
    co_await commit(operation, lead, messages, deadline);
    for (Message& entry : lead.recent_history) keep_as_stored(entry);
    co_return TurnResult{std::move(lead), std::move(messages)};
}

}  // namespace rapport
