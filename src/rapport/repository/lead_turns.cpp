// The turn: one guarded change of the lead commits it, and its messages follow. Whatever a crash
// leaves is in the lead, and settled when the lead is next loaded.
#include <algorithm>
#include <utility>

#include "rapport/core/error.hpp"
#include "rapport/core/fault_point.hpp"
#include "rapport/repository/collections.hpp"
#include "rapport/repository/lead_repository.hpp"
#include "rapport/repository/retry.hpp"

namespace rapport {
namespace {

[[noreturn]] void changed_meanwhile() {
    throw VersionConflict("leads: changed or erased since it was loaded: load it again");
}

[[noreturn]] void outcome_unknown() {
    throw Timeout("the turn's outcome is unknown: deliver its message again");
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

/// The first message of a turn in the lead's ring, while recent_history still holds it; else null.
const Message* first_in_window(const Lead& lead, std::vector<TurnRecord>::const_iterator turn) {
    std::int64_t from_end = 0;
    for (; turn != lead.recent_turns.end(); ++turn) from_end += turn->k;
    const std::int64_t held = std::ssize(lead.recent_history);
    return from_end < 1 || from_end > held ? nullptr : &*(lead.recent_history.end() - from_end);
}

/// True when another message may have the `_id` or external_id of one of these.
bool has_key_of_caller(const std::vector<Message>& messages) {
    return std::ranges::any_of(messages, [](const Message& message) {
        return !message.id.empty() || message.external_id.has_value();
    });
}

/// Counts the messages and signals into the lead, and the turn into its ring.
std::vector<Message> count_into(Lead& lead, std::vector<Message> messages,
                                const std::vector<Signal>& signals) {
    const std::string turn_id = ObjectId::generate().to_string();
    TurnRecord record = make_turn_record(lead.version + 1, messages);
    record.turn_id = turn_id;
    for (Message& message : messages) {
        message.turn_id = turn_id;
        message = lead.add_message(std::move(message));
    }
    for (const Signal& signal : signals) lead.add_signal(signal);
    lead.add_turn(std::move(record));
    ++lead.version;
    return messages;
}

}  // namespace

struct LeadRepository::Counted {
    bool is_new;
    std::int64_t loaded_version;
    /// What it was stored with; absent when that is not known.
    std::optional<Lead> loaded;
    Lead lead;  ///< as it will be
    std::vector<Message> messages;
    std::vector<Signal> signals;
    std::vector<ObjectId> pages{};  ///< of signals that left the lead for it

    /// The same each time it is asked for.
    CommitDocuments operation() const;

  private:
    std::vector<Change> changes() const;
};

CommitDocuments LeadRepository::Counted::operation() const {
    const Filter<Lead> guard = where(&Lead::id) == lead.id &&
                               where(&Lead::lead_id) == lead.lead_id &&
                               where(&Lead::version) == loaded_version;
    CommitDocuments commit{{&lead_collection(), guard.node(), {}}};
    if (is_new) {
        commit.create = to_document(lead);
    } else {
        commit.change.changes = changes();
    }
    commit.details = insert_messages(messages);
    // Delivered again after a crash it is looked for, and its agents are not to be asked again.
    commit.acknowledged_first = messages.front().external_id.has_value();
    return commit;
}

std::vector<Change> LeadRepository::Counted::changes() const {
    Update<Lead> update;
    update.push(where(&Lead::recent_history), messages, Lead::kHistoryWindow)
        .push(where(&Lead::recent_turns), {lead.recent_turns.back()}, Lead::kTurnRing)
        .increment(where(&Lead::message_count), std::ssize(messages))
        .increment(where(&Lead::version), 1)
        .set(where(&Lead::settled_count), lead.settled_count)
        .set(where(&Lead::updated_at), lead.updated_at);
    TurnMembers::set_changed(update, lead, loaded ? &*loaded : nullptr);
    if (lead.message_count == std::ssize(messages)) {
        // Until its first message it was the moment when the lead was made.
        update.set(where(&Lead::last_interaction_at), lead.last_interaction_at);
    } else {
        update.max(where(&Lead::last_interaction_at), lead.last_interaction_at);
    }
    if (!pages.empty()) {
        update.set(where(&Lead::signals), lead.signals);
        update.set(where(&Lead::earlier_signals), lead.earlier_signals);
    } else if (!signals.empty()) {
        update.push(where(&Lead::signals), signals, Lead::kMaxSignals);
    }
    return update.changes();
}

Async<std::optional<TurnResult>> LeadRepository::stored_turn(const Turn& turn, Deadline deadline) {
    const Message& said = turn.messages.front();
    const auto& ring = turn.lead.recent_turns;
    const auto in_ring = std::ranges::find(ring, said.external_id, &TurnRecord::external_id);
    const Filter<Message> of_lead = where(&Message::lead_id) == turn.lead.lead_id;
    const Filter<Message> same = of_lead && where(&Message::external_id) == *said.external_id;
    std::optional<Message> first;
    for (const Document& document :
         co_await store().find({&message_collection(), same.node(), {}, 1}, deadline)) {
        first = from_document<Message>(document);
    }
    // Of no turn: a message of somebody erased, whose number it was, or one that no lead has
    // counted.
    if (first && first->lead_ref != turn.lead.id) first.reset();
    if (!first && in_ring == ring.end()) co_return std::nullopt;
    const Message* const same_id = first ? &*first : first_in_window(turn.lead, in_ring);
    if (same_id != nullptr && same_id->content != said.content) {
        throw InvalidArgument("external_id: another message was stored under it");
    }
    // Another process may have stored it, and died before all its messages were.
    auto lead = co_await find_one(where(&Lead::id) == turn.lead.id, deadline);
    if (!lead) changed_meanwhile();
    co_await settle(*lead, deadline);
    TurnResult result{std::move(*lead), {}, true};
    const auto& turn_id = first ? first->turn_id : in_ring->turn_id;
    if (turn_id) {
        // Of a turn that has left the ring we know no more than that most have an answer.
        const std::int64_t least = in_ring == ring.end() ? 2 : in_ring->k;
        const Timestamp around = first ? first->timestamp : said.timestamp;
        result.messages =
            co_await messages_of_turn(turn.lead.lead_id, *turn_id, around, least, deadline);
    }
    if (result.messages.empty() && first) result.messages.push_back(std::move(*first));
    co_return result;
}

/// In the order of the turn, which has `least` messages or more. They are looked for around a
/// moment; where a clock was wrong, or a message late, among all of the lead.
Async<std::vector<Message>> LeadRepository::messages_of_turn(std::string lead_id,
                                                             std::string turn_id, Timestamp around,
                                                             std::int64_t least,
                                                             Deadline deadline) {
    constexpr std::chrono::hours kNear{24};
    const Filter<Message> anywhere =
        where(&Message::lead_id) == lead_id && where(&Message::turn_id) == turn_id;
    Filter<Message> near = anywhere;
    if (is_storable(around - kNear)) {
        near = near && where(&Message::timestamp) >= around - kNear;
    }
    if (is_storable(around + kNear)) {
        near = near && where(&Message::timestamp) <= around + kNear;
    }
    std::vector<Message> messages;
    for (const Filter<Message>& filter : {near, anywhere}) {
        messages.clear();
        for (const Document& document :
             co_await store().find({&message_collection(), filter.node()}, deadline)) {
            messages.push_back(from_document<Message>(document));
        }
        if (std::ssize(messages) >= least) break;
    }
    std::ranges::sort(messages, {}, &Message::seq);
    co_return messages;
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
    // One that another turn has stored has a caller's `_id`.
    const bool own_one = !found.empty() && scalar_at(found.front(), "turn_id") == to_scalar(*own);
    co_return own_one ? Fate::kCommitted : Fate::kConflict;
}

/// Messages of a turn that is not kept. A primary that was lost may have taken its change along
/// after the next one took them.
Async<void> LeadRepository::take_back(const std::vector<Message>& messages, Deadline deadline) {
    std::vector<ObjectId> ids;
    ids.reserve(messages.size());
    for (const Message& message : messages) ids.push_back(message.id);
    const Filter<Message> own =
        where(&Message::id).in(ids) && where(&Message::turn_id) == messages.front().turn_id.value();
    co_await store().remove({&message_collection(), own.node()}, deadline);
}

Async<void> LeadRepository::commit(const Counted& turn, Deadline deadline) {
    bool open = false;
    Committed committed;
    while (true) {
        try {
            committed = co_await store().commit(turn.operation(), deadline);
            if (committed.happened) break;
            const Fate fate = open ? co_await fate_of(turn.lead, turn.messages.front().id, deadline)
                                   : Fate::kConflict;
            if (open && fate == Fate::kConflict) co_await take_back(turn.messages, deadline);
            if (fate == Fate::kConflict) changed_meanwhile();
            if (fate == Fate::kCommitted) break;
        } catch (const VersionConflict&) {
            throw;
        } catch (const Error& error) {
            // Where the turn is one transaction, an error says that nothing was done.
            const bool unsure = leaves_open(error) && !store().commits_as_one();
            if (!open && !unsure) throw;
            open = true;
            if (error.code() == ErrorCode::kNotConnected) outcome_unknown();
        }
        if (deadline.passed()) outcome_unknown();
        co_await pause();
    }
    co_await store_messages(std::move(committed), turn, deadline);
}

/// The turn is kept from here on: no error may say otherwise. What is missing at the end, the next
/// load settles.
Async<void> LeadRepository::store_messages(Committed committed, const Counted& turn,
                                           Deadline deadline) {
    while (true) {
        try {
            if (!committed.details_stored) {
                committed.duplicates =
                    co_await store().insert(insert_messages(turn.messages), deadline);
                committed.details_stored = true;
            }
            co_await replace_orphans(turn.messages, committed.duplicates, deadline);
            known_->remember_settled(turn.lead);
            co_return;
        } catch (const Error& error) {
            const bool passes = leaves_open(error) || error.code() == ErrorCode::kOverloaded;
            if (!passes || deadline.passed()) co_return;
        }
        co_await pause();
    }
}

/// An earlier system's lead gets today's form, and a version, which guards what follows. What the
/// caller has changed about it is the turn's, and not stored yet.
Async<void> LeadRepository::adopt(Lead& lead, Deadline deadline) {
    auto as_stored = co_await find_one(where(&Lead::id) == lead.id, deadline);
    const bool same =
        as_stored && as_stored->version == 0 && as_stored->message_count == lead.message_count;
    if (!same) changed_meanwhile();
    as_stored->settled_count = as_stored->message_count;
    const Lead adopted = co_await update(std::move(*as_stored), deadline);
    lead.version = adopted.version;
    lead.settled_count = adopted.settled_count;
}

Async<std::optional<TurnResult>> LeadRepository::find_turn(Lead lead, Message first,
                                                           Deadline deadline) {
    deadline = bounded(deadline);
    if (!first.external_id) throw InvalidArgument("find_turn: expected an external_id");
    if (lead.message_count == 0) co_return std::nullopt;
    const Turn turn{std::move(lead), {std::move(first)}};
    co_await read_until(deadline, [&] { return settle(turn.lead, deadline); });
    co_return co_await read_until(deadline, [&] { return stored_turn(turn, deadline); });
}

Async<TurnResult> LeadRepository::commit_turn(Turn turn, Deadline deadline) {
    fault_point("turn.begun");
    deadline = bounded(deadline);
    check_turn(turn);
    if (!turn.lead.stored()) {
        // What is stored has its one spelling.
        normalize(turn.lead);
        // A copy of a lead that another turn has made since is not that lead, which has its `_id`.
        turn.lead.id = ObjectId::generate();
    }
    const auto lock = co_await turns_.lock(turn.lead.lead_id, deadline);
    if (turn.lead.stored() && turn.lead.version == 0) co_await adopt(turn.lead, deadline);
    auto loaded = known_->as_stored(turn.lead);
    if (!is_settled(turn.lead)) {
        co_await read_until(deadline, [&] { return settle(turn.lead, deadline); });
    }
    if (turn.messages.front().external_id && turn.lead.message_count > 0 && !turn.looked_up) {
        auto replayed = co_await read_until(deadline, [&] { return stored_turn(turn, deadline); });
        if (replayed) co_return std::move(*replayed);
    }

    fault_point("turn.looked_up");

    Counted counted{
        !turn.lead.stored(),    turn.lead.version, std::move(loaded), std::move(turn.lead), {},
        std::move(turn.signals)};
    Lead& lead = counted.lead;
    const std::int64_t settled = lead.message_count;
    const bool may_be_taken = has_key_of_caller(turn.messages);
    counted.messages = count_into(lead, std::move(turn.messages), counted.signals);
    lead.updated_at = now();
    if (counted.is_new) lead.created_at = lead.updated_at;
    // A message may yet have to take somebody erased's place.
    const bool all_at_once = store().commits_as_one() && !may_be_taken;
    lead.settled_count = all_at_once ? lead.message_count : settled;
    if (counted.is_new) {
        check(lead);  // of a stored one only what is added, which count_into() has checked
        co_await prepare_insert({lead}, deadline);
    }
    if (!counted.is_new) counted.pages = co_await make_room(lead, deadline);
    co_await with_pages(lead.id, counted.pages, commit(counted, deadline), deadline);
    known_->remember_stored(lead);
    keep_as_stored(lead.recent_history);
    co_return TurnResult{std::move(lead), std::move(counted.messages)};
}

}  // namespace rapport
