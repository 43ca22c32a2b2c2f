#include "rapport/cli/importer.hpp"

#include <algorithm>
#include <utility>

#include "rapport/core/error.hpp"

namespace rapport::cli {

Async<Importer::Ids> Importer::stored_among(std::string lead_id, std::vector<ObjectId> ids) {
    const auto found = co_await messages_.find_many(
        where(&Message::id).in(ids) && where(&Message::lead_id) == lead_id, {.limit = 0});
    Ids stored;
    for (const Message& message : found) stored.insert(message.id);
    co_return stored;
}

/// The lead counts a message before it is stored. Where an import was cut short between the two,
/// the message stands in recent_history and nowhere else: it is stored now and not counted again.
Async<std::int64_t> Importer::store_chunk(std::string lead_id, std::vector<Message> chunk) {
    std::vector<ObjectId> ids;
    ids.reserve(chunk.size());
    for (const Message& message : chunk) ids.push_back(message.id);
    while (true) {
        const Ids stored = co_await stored_among(lead_id, ids);
        Lead lead = co_await leads_.get_or_create(lead_id);
        const auto history = lead.recent_history;
        std::vector<Message> missing;
        std::int64_t added = 0;
        for (const Message& message : chunk) {
            if (stored.contains(message.id)) continue;
            const auto counted = std::ranges::find(history, message.id, &Message::id);
            if (counted == history.end()) {
                missing.push_back(lead.add_message(message));
                ++added;
            } else {
                Message settled = message;
                settled.seq = lead.message_count - added - (history.end() - counted) + 1;
                settled.lead_ref = lead.id;
                missing.push_back(std::move(settled));
            }
        }
        if (missing.empty()) co_return 0;
        try {
            if (added > 0) co_await leads_.save(std::move(lead));
        } catch (const VersionConflict&) {
            continue;  // somebody else wrote: look again
        }
        co_await messages_.save_messages(std::move(missing));
        co_return added;
    }
}

/// The newest messages may not be the last ones that came in. All of them are stored by now.
Async<void> Importer::complete_history(std::string lead_id) {
    while (auto lead = co_await leads_.get_by_phone(lead_id)) {
        lead->recent_history = co_await messages_.get_recent_messages(
            lead_id, static_cast<std::int64_t>(Lead::kHistoryWindow));
        lead->settled_count = lead->message_count;
        try {
            co_await leads_.save(std::move(*lead));
            co_return;
        } catch (const VersionConflict&) {
            continue;  // changed meanwhile: look again
        }
    }
}

Async<std::int64_t> Importer::store(std::string lead_id, LeadMessages of_lead,
                                    std::function<void(std::int64_t)> progress) {
    co_await leads_.get_or_create(lead_id, of_lead.full_name);
    std::int64_t added = 0;
    const auto& all = of_lead.messages;
    for (std::size_t from = 0; from < all.size(); from += Lead::kHistoryWindow) {
        const std::size_t end = std::min(from + Lead::kHistoryWindow, all.size());
        added += co_await store_chunk(lead_id, {all.begin() + static_cast<std::ptrdiff_t>(from),
                                                all.begin() + static_cast<std::ptrdiff_t>(end)});
        progress(static_cast<std::int64_t>(end - from));
    }
    if (added > 0) co_await complete_history(lead_id);
    co_return added;
}

}  // namespace rapport::cli
