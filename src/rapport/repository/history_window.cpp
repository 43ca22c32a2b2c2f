// The window of a lead whose messages did not come in the order of their time.
#include <algorithm>
#include <ranges>
#include <utility>

#include "rapport/core/error.hpp"
#include "rapport/core/fault_point.hpp"
#include "rapport/repository/collections.hpp"
#include "rapport/repository/lead_repository.hpp"
#include "rapport/repository/message_repository.hpp"

namespace rapport {

/// Oldest first. What retention has removed and the lead still holds is among them.
Async<std::vector<Message>> LeadRepository::newest_messages(Lead lead, Deadline deadline) {
    const Filter<Message> of_lead = where(&Message::lead_id) == lead.lead_id;
    FindDocuments find{&message_collection(), of_lead.node(),
                       MessageRepository::newest_first().keys(),
                       static_cast<std::int64_t>(Lead::kHistoryWindow)};
    std::vector<Message> stored;
    for (const Document& document : co_await store().find(std::move(find), deadline)) {
        stored.push_back(from_document<Message>(document));
    }
    std::ranges::reverse(stored);
    // Of somebody erased, who had the number.
    std::erase_if(stored, [&](const Message& message) {
        return message.lead_ref && *message.lead_ref != lead.id;
    });
    for (Message& entry : std::views::reverse(lead.recent_history)) {
        // Entries that earlier systems wrote have no `_id`.
        const bool there = std::ranges::any_of(stored, [&](const Message& message) {
            return entry.id.empty()
                       ? entry.timestamp == message.timestamp && entry.content == message.content
                       : entry.id == message.id;
        });
        if (there) continue;
        const auto place =
            std::ranges::lower_bound(stored, entry.timestamp, {}, &Message::timestamp);
        stored.insert(place, std::move(entry));
    }
    if (stored.size() > Lead::kHistoryWindow) {
        stored.erase(stored.begin(), stored.end() - Lead::kHistoryWindow);
    }
    keep_as_stored(stored);
    co_return stored;
}

Async<bool> LeadRepository::rebuild_history(std::string phone, Deadline deadline) {
    while (auto lead = co_await get_by_phone(phone, deadline)) {
        std::vector<Message> newest = co_await newest_messages(*lead, deadline);
        if (std::ranges::equal(newest, lead->recent_history, {}, &Message::id, &Message::id)) {
            co_return false;
        }
        fault_point("history.before_rebuild");
        // The entries stand where no turn has put them: for the ring they came with this change.
        TurnRecord rebuilt;
        rebuilt.v = lead->version + 1;
        rebuilt.k = std::ssize(newest);
        lead->add_turn(std::move(rebuilt));
        lead->recent_history = std::move(newest);
        // get_by_phone() has settled it, and the ring does not account for them any more.
        lead->settled_count = lead->message_count;
        try {
            co_await update(std::move(*lead), deadline);
            co_return true;
        } catch (const VersionConflict&) {
            if (deadline.passed()) throw;
        }
    }
    co_return false;
}

}  // namespace rapport
