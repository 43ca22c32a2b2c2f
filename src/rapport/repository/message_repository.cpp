#include "rapport/repository/message_repository.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "rapport/core/error.hpp"
#include "rapport/domain/phone_number.hpp"
#include "rapport/repository/collections.hpp"
#include "rapport/repository/signal_page.hpp"

namespace rapport {

template class BaseRepository<Message>;

namespace {

Filter<Message> of_lead(const std::string& lead_id) { return where(&Message::lead_id) == lead_id; }

bool is_empty(const std::vector<Message>& messages) { return messages.empty(); }
bool is_empty(const HistoryPage& page) { return page.messages.empty(); }
bool is_empty(std::int64_t figure) { return figure == 0; }
bool is_empty(const std::optional<double>& figure) { return !figure; }

/// Whether it answers what the lead asked, whoever is asked about.
bool is_answer(const Message& message) {
    return message.role == MessageRole::kAssistant || message.role == MessageRole::kHuman;
}

}  // namespace

MessageRepository::MessageRepository(Store& store, std::string default_region)
    : BaseRepository(store, message_collection()),
      leads_(store, default_region),
      default_region_(std::move(default_region)) {}

void MessageRepository::normalize(Message& message) const {
    message.lead_id = normalize_lead_id(message.lead_id, default_region_);
}

void MessageRepository::check(const Message& message) const { validate(message); }

Async<void> MessageRepository::prepare_insert(const std::vector<Message>& messages,
                                              Deadline deadline) {
    std::vector<std::string> lead_ids;
    std::set<ObjectId> counted_by;
    for (const Message& message : messages) {
        // A lead that has counted a message was loaded, and so moved if need be.
        if (!message.seq) lead_ids.push_back(message.lead_id);
        if (message.lead_ref) counted_by.insert(*message.lead_ref);
    }
    if (!counted_by.empty()) {
        const Filter<Erasure> erased =
            where(&Erasure::id).in({counted_by.begin(), counted_by.end()});
        const FindDocuments find{&erasure_collection(), erased.node(), {}, 1};
        if (!(co_await store().find(find, deadline)).empty()) {
            throw VersionConflict("messages: the lead that counted them was erased");
        }
    }
    co_await leads_.adopt_legacy_numbers(std::move(lead_ids), deadline);
}

template <class Query>
auto MessageRepository::for_lead(std::string lead_id, Deadline deadline, Query query)
    -> decltype(query(std::string())) {
    const std::string id = normalize_lead_id(lead_id, default_region_);
    auto result = co_await query(id);
    if (is_empty(result) && co_await leads_.adopt_legacy_numbers({id}, deadline)) {
        result = co_await query(id);
    }
    co_return result;
}

Async<std::vector<Message>> MessageRepository::save_messages(std::vector<Message> messages,
                                                             Deadline deadline) {
    const Timestamp at = now();
    for (Message& message : messages) {
        stamp_new(message, at);
        normalize(message);
        check(message);
    }
    for (const Duplicate& duplicate : co_await insert(messages, deadline)) {
        Message& message = messages[duplicate.position];
        message = co_await find_stored(std::move(message), deadline);
    }
    co_return messages;
}

Async<Message> MessageRepository::find_stored(Message message, Deadline deadline) {
    Filter<Message> same = where(&Message::id) == message.id;
    if (message.external_id) {
        same = same || where(&Message::external_id) == *message.external_id;
    }
    auto stored = co_await find_one(of_lead(message.lead_id) && same, deadline);
    if (!stored) throw DuplicateKey("messages: another lead's message has this _id");
    co_return std::move(*stored);
}

Async<std::vector<Message>> MessageRepository::last(Filter<Message> filter, std::int64_t limit,
                                                    Deadline deadline) {
    auto messages = co_await find_many(std::move(filter), {limit, 0, newest_first()}, deadline);
    std::ranges::reverse(messages);
    co_return messages;
}

Async<std::vector<Message>> MessageRepository::get_recent_messages(std::string lead_id,
                                                                   std::int64_t limit,
                                                                   Deadline deadline) {
    co_return co_await for_lead(lead_id, deadline, [=, this](const std::string& id) {
        return last(of_lead(id), limit, deadline);
    });
}

Async<HistoryPage> MessageRepository::get_conversation_history(std::string lead_id,
                                                               std::int64_t limit,
                                                               HistoryEnd before,
                                                               Deadline deadline) {
    co_return co_await for_lead(lead_id, deadline, [=, this](std::string id) -> Async<HistoryPage> {
        Filter<Message> filter = of_lead(id);
        std::string cursor;
        if (const auto* time = std::get_if<Timestamp>(&before)) {
            filter = filter && where(&Message::timestamp) < *time;
        } else if (const auto* given = std::get_if<std::string>(&before)) {
            cursor = *given;
        }
        auto page = co_await find_page(filter, newest_first(), cursor, limit, deadline);
        std::ranges::reverse(page.items);
        co_return HistoryPage{std::move(page.items), std::move(page.next)};
    });
}

Async<std::vector<Message>> MessageRepository::get_messages_by_role(std::string lead_id,
                                                                    MessageRole role,
                                                                    std::int64_t limit,
                                                                    Deadline deadline) {
    co_return co_await for_lead(lead_id, deadline, [=, this](const std::string& id) {
        return last(of_lead(id) && where(&Message::role) == role, limit, deadline);
    });
}

Async<std::vector<Message>> MessageRepository::get_messages_in_timerange(std::string lead_id,
                                                                         Timestamp start,
                                                                         Timestamp end,
                                                                         Deadline deadline) {
    if (end < start) throw InvalidArgument("time range: ends before it starts");
    co_return co_await for_lead(lead_id, deadline, [=, this](const std::string& id) {
        return last(
            of_lead(id) && where(&Message::timestamp) >= start && where(&Message::timestamp) <= end,
            0, deadline);
    });
}

Async<std::int64_t> MessageRepository::count_messages_for_lead(std::string lead_id,
                                                               Deadline deadline) {
    co_return co_await for_lead(lead_id, deadline, [=, this](const std::string& id) {
        return count(of_lead(id), deadline);
    });
}

Async<std::int64_t> MessageRepository::get_total_tokens_for_lead(std::string lead_id,
                                                                 Deadline deadline) {
    co_return co_await for_lead(
        lead_id, deadline, [=, this](std::string id) -> Async<std::int64_t> {
            AggregateDocuments aggregate{
                &collection(), of_lead(id).node(), {}, where(&Message::tokens).path()};
            co_return (co_await store().aggregate(std::move(aggregate), deadline)).front().sum;
        });
}

Async<std::optional<double>> MessageRepository::get_average_response_time(
    std::string lead_id, std::optional<std::chrono::hours> within,
    std::vector<MessageRole> responders, Deadline deadline) {
    co_return co_await for_lead(lead_id, deadline, [=, this](const std::string& id) {
        return average_response(id, within, responders, deadline);
    });
}

Async<std::optional<double>> MessageRepository::average_response(
    std::string id, std::optional<std::chrono::hours> within, std::vector<MessageRole> responders,
    Deadline deadline) {
    // Longer ago than anybody wrote, and no date is out of range.
    constexpr std::chrono::hours kLongest{24 * 365 * 1'000};
    std::optional<Timestamp> since;
    if (within) since = now() - std::min(*within, kLongest);
    auto messages = stream(of_lead(id), newest_first(), deadline);

    // Newest first: an answer counts from the oldest lead message of the run just before it, which
    // may have begun before `since`. Another's answer ends a run, too, and counts for nobody.
    std::chrono::duration<double> total{0};
    std::int64_t pairs = 0;
    std::optional<Timestamp> answer;
    std::optional<Timestamp> asked;
    const auto close_pair = [&] {
        if (answer && asked) {
            total += *answer - *asked;
            ++pairs;
        }
        asked.reset();
    };
    while (const auto message = co_await messages.next()) {
        const bool is_before = since && message->timestamp < *since;
        if (is_before && !answer) break;
        const bool counts = std::ranges::find(responders, message->role) != responders.end();
        if (counts || is_answer(*message)) {
            close_pair();
            if (is_before) break;
            answer = counts ? std::optional(message->timestamp) : std::nullopt;
        } else if (message->role == MessageRole::kLead) {
            asked = message->timestamp;
        }
    }
    close_pair();
    if (pairs == 0) co_return std::nullopt;
    co_return total.count() / static_cast<double>(pairs);
}

Async<std::int64_t> MessageRepository::delete_messages_for_lead(std::string lead_id,
                                                                Deadline deadline) {
    const std::string id = normalize_lead_id(lead_id, default_region_);
    const auto emptied = co_await forget_texts(id, deadline);
    std::vector<std::string> spellings = legacy_spellings(id);
    spellings.push_back(id);
    Filter<Message> own = where(&Message::lead_id).in(spellings);
    if (emptied) {
        // None that a turn has stored since.
        own = own && (where(&Message::lead_ref) != emptied->id ||
                      where(&Message::seq) <= emptied->message_count ||
                      where(&Message::seq) == std::nullopt);
    }
    RemoveDocuments remove{&collection(), own.node()};
    const std::int64_t removed = co_await store().remove(std::move(remove), deadline);
    if (emptied) co_await count_from_one(*emptied, deadline);
    co_return removed;
}

/// The lead as it is stored then; its count stays, and tells its messages from later ones.
Async<std::optional<Lead>> MessageRepository::forget_texts(std::string lead_id, Deadline deadline) {
    while (auto lead = co_await leads_.get_by_phone(lead_id, deadline)) {
        if (lead->version == 0) {
            // An earlier system's lead gets a version, which guards what follows.
            const auto same = where(&Lead::id) == lead->id;
            co_await leads_.update_many(same && where(&Lead::version) == std::nullopt, {},
                                        deadline);
            continue;
        }
        lead->recent_history.clear();
        lead->recent_turns.clear();
        lead->settled_count = lead->message_count;
        rapport::forget_texts(lead->signals);
        try {
            Lead emptied = co_await leads_.update(std::move(*lead), deadline);
            co_await forget_texts_of_pages(store(), emptied.id, deadline);
            co_return emptied;
        } catch (const VersionConflict&) {
            continue;  // changed meanwhile: load it again
        }
    }
    co_return std::nullopt;
}

/// Unless somebody has written since: then the numbers go on, as after messages have expired.
Async<void> MessageRepository::count_from_one(Lead emptied, Deadline deadline) {
    emptied.message_count = 0;
    emptied.settled_count = 0;
    try {
        co_await leads_.update(std::move(emptied), deadline);
    } catch (const VersionConflict&) {
        co_return;
    }
}

Sort<Message> MessageRepository::newest_first() {
    return Sort<Message>()
        .descending(where(&Message::timestamp))
        .descending(where(&Message::seq))
        .descending(where(&Message::id));
}

}  // namespace rapport
