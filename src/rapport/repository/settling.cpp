// What a crash left in a lead alone is stored before anything else happens to it.
#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <utility>

#include "rapport/core/error.hpp"
#include "rapport/core/fault_point.hpp"
#include "rapport/repository/collections.hpp"
#include "rapport/repository/lead_repository.hpp"

namespace rapport {
namespace {

const std::vector<TurnAttachment> kNoAttachments;

/// What retention would have removed by now is not brought back.
void drop_expired(std::vector<Message>& messages, const Store& store) {
    const auto retention = message_retention(store.collections());
    if (!retention) return;
    const Timestamp oldest = now() - *retention;
    std::erase_if(messages, [&](const Message& message) { return message.created_at < oldest; });
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
            for (const TurnAttachment& of_turn : turn->attachments.value_or(kNoAttachments)) {
                if (of_turn.i == i) message.attachment = of_turn.attachment;
            }
            messages.push_back(std::move(message));
        }
    }
    std::ranges::reverse(messages);
    std::erase_if(messages, [](const Message& message) { return message.id.empty(); });
    return messages;
}

}  // namespace

bool LeadRepository::is_settled(const Lead& lead) const {
    return lead.settled_count >= lead.message_count || known_->settled(lead);
}

Async<std::int64_t> LeadRepository::settle(Lead lead, Deadline deadline) {
    if (is_settled(lead)) co_return 0;
    deadline = bounded(deadline);
    std::vector<Message> messages = unsettled_messages(lead);
    drop_expired(messages, store());
    if (!messages.empty()) {
        messages = co_await not_stored(std::move(messages), deadline);
        if (!messages.empty()) {
            // Or were they removed, with the lead or without it, since this copy was loaded, or
            // added to it?
            auto as_stored = co_await find_one(where(&Lead::id) == lead.id, deadline);
            if (!as_stored) co_return 0;
            if (as_stored->version != lead.version ||
                as_stored->message_count != lead.message_count) {
                lead = std::move(*as_stored);
                messages = co_await unsettled({lead}, deadline);
            }
        }
        fault_point("settling.checked");
        if (!messages.empty()) {
            const auto duplicates = co_await store().insert(insert_messages(messages), deadline);
            co_await replace_orphans(messages, duplicates, deadline);
            fault_point("settling.stored");
        }
    }
    known_->remember_settled(lead);
    co_return std::ssize(messages);
}

Async<std::vector<Message>> LeadRepository::unsettled(std::vector<Lead> leads, Deadline deadline) {
    std::vector<Message> messages;
    for (const Lead& lead : leads) {
        if (is_settled(lead)) continue;
        std::ranges::move(unsettled_messages(lead), std::back_inserter(messages));
    }
    drop_expired(messages, store());
    if (messages.empty()) co_return messages;
    co_return co_await not_stored(std::move(messages), deadline);
}

/// Those of some leads' messages that are in the leads alone.
Async<std::vector<Message>> LeadRepository::not_stored(std::vector<Message> messages,
                                                       Deadline deadline) {
    std::vector<ObjectId> ids;
    ids.reserve(messages.size());
    for (const Message& message : messages) ids.push_back(message.id);
    const Filter<Message> same = where(&Message::id).in(ids);
    std::map<ObjectId, Scalar> stored;  // and the lead that has counted each
    for (const Document& document :
         co_await store().find({&message_collection(), same.node()}, deadline)) {
        stored.emplace(std::get<ObjectId>(scalar_at(document, "_id")),
                       scalar_at(document, "lead_ref"));
    }
    std::erase_if(messages, [&](const Message& message) {
        const auto same_id = stored.find(message.id);
        if (same_id == stored.end()) return false;
        // One of somebody erased, whose number it was, is in the way.
        const bool is_counted = std::holds_alternative<ObjectId>(same_id->second);
        return !is_counted || same_id->second == Scalar(message.lead_ref.value());
    });
    co_return messages;
}

Async<void> LeadRepository::replace_orphans(const std::vector<Message>& messages,
                                            const std::vector<Duplicate>& duplicates,
                                            Deadline deadline) {
    for (const Duplicate& duplicate : duplicates) {
        const Message& message = messages.at(duplicate.position);
        const bool same_id = duplicate.index == "_id";
        if (!same_id && !message.external_id) {
            throw DuplicateKey("messages: " + duplicate.index + " is taken");
        }
        co_await replace_orphan(message, same_id, deadline);
    }
}

/// Stores a message whose `_id` or external_id is taken: by one of somebody erased, who had the
/// number, which goes; or by one that was stored outside any turn meanwhile: then it is kept
/// without external_id, since a counted message must not be missing. With the same `_id` it is
/// mostly the message itself, stored before.
Async<void> LeadRepository::replace_orphan(Message message, bool same_id, Deadline deadline) {
    Filter<Message> same = where(&Message::id) == message.id;
    if (!same_id) {
        same = where(&Message::lead_id) == message.lead_id &&
               where(&Message::external_id) == message.external_id.value();
    }
    const auto found = co_await store().find({&message_collection(), same.node(), {}, 1}, deadline);
    if (!found.empty()) {
        const auto other = from_document<Message>(found.front());
        if (!other.lead_ref || *other.lead_ref == message.lead_ref ||
            co_await find_one(where(&Lead::id) == *other.lead_ref, deadline)) {
            if (same_id) co_return;
            message.external_id.reset();
        } else {
            const Filter<Message> orphan = where(&Message::id) == other.id;
            co_await store().remove({&message_collection(), orphan.node()}, deadline);
        }
    }
    co_await store().insert(insert_messages({message}), deadline);
}

/// Before messages leave the window that the lead alone may hold: whoever counted them may never
/// have come to storing them.
Async<void> LeadRepository::settle_what_leaves(Lead& lead, Deadline deadline) {
    constexpr auto kWindow = static_cast<std::int64_t>(Lead::kHistoryWindow);
    if (lead.version == 0 || lead.message_count - lead.settled_count <= kWindow) co_return;
    const auto as_stored = co_await find_one(where(&Lead::id) == lead.id, deadline);
    if (!as_stored || as_stored->version != lead.version)
        co_return;  // a conflict, as it will turn out
    co_await settle(*as_stored, deadline);
    lead.settled_count = as_stored->message_count;
}

/// Messages that somebody counted into the lead and will store himself: should he not come to it,
/// the lead must know what is needed to store them.
Async<void> LeadRepository::record_new_messages(Lead& lead, Deadline deadline) {
    const auto is_new = [](const Message& entry) { return entry.seq.has_value(); };
    auto from = std::ranges::find_if(lead.recent_history, is_new);
    if (from == lead.recent_history.end()) co_return;
    if (from == lead.recent_history.begin()) {
        // So it is as well where the window was read from the messages.
        std::vector<Message> entries = lead.recent_history;
        for (Message& entry : entries) entry.lead_ref = lead.id;
        std::set<ObjectId> fresh;
        for (const Message& entry : co_await not_stored(std::move(entries), deadline)) {
            fresh.insert(entry.id);
        }
        from = std::ranges::find_if(lead.recent_history,
                                    [&](const Message& entry) { return fresh.contains(entry.id); });
        // All that the window holds are new: there may be more.
        if (from == lead.recent_history.begin() &&
            lead.message_count > std::ssize(lead.recent_history)) {
            co_await check_stored_before(lead, deadline);
        }
    }
    while (from != lead.recent_history.end()) {
        // One entry for what follows an external_id, which only an entry's first message has.
        const auto has_id = [](const Message& entry) { return entry.external_id.has_value(); };
        const auto to = std::find_if(from + 1, lead.recent_history.end(), has_id);
        lead.add_turn(make_turn_record(lead.version + 1, {from, to}));
        from = to;
    }
}

/// What has left the window must be in the database already, or a crash would lose it: counted by
/// the lead as it is stored, though retention may have removed it since, or a message.
Async<void> LeadRepository::check_stored_before(const Lead& lead, Deadline deadline) {
    const auto as_stored = co_await find_one(where(&Lead::id) == lead.id, deadline);
    if (as_stored &&
        as_stored->message_count + std::ssize(lead.recent_history) >= lead.message_count) {
        co_return;
    }
    const Filter<Message> own =
        where(&Message::lead_id) == lead.lead_id && where(&Message::lead_ref) == lead.id;
    AggregateDocuments count{&message_collection(), own.node()};
    const auto groups = co_await store().aggregate(std::move(count), deadline);
    if (groups.front().count + std::ssize(lead.recent_history) < lead.message_count) {
        throw InvalidArgument(
            "leads: more than 20 new messages: save the lead and its messages 20 at a time");
    }
}

}  // namespace rapport
