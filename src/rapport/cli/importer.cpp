#include "rapport/cli/importer.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "rapport/core/error.hpp"

namespace rapport::cli {
namespace {

/// True when each message is at least as new as all that is there before it.
bool all_follow(const Lead& lead, const std::vector<Message>& messages) {
    Timestamp newest = lead.message_count > 0 ? lead.last_interaction_at : Timestamp::min();
    for (const Message& message : messages) {
        if (message.timestamp < newest) return false;
        newest = message.timestamp;
    }
    return true;
}

}  // namespace

/// Those that this copy of the lead has not counted. What it has, and is not stored (any more),
/// stands in its history.
Async<std::vector<Message>> Importer::missing(const Lead& lead, std::span<const Message> some) {
    std::vector<ObjectId> ids;
    ids.reserve(some.size());
    for (const Message& message : some) ids.push_back(message.id);
    std::set<ObjectId> there;
    for (const Message& entry : lead.recent_history) there.insert(entry.id);
    for (const Message& message :
         co_await messages_.find_many(where(&Message::id).in(ids), {.limit = 0})) {
        // Not one of somebody erased, who had the number: the turn takes its place.
        if (message.lead_ref.value_or(lead.id) == lead.id) there.insert(message.id);
    }
    std::vector<Message> missing;
    for (const Message& message : some) {
        if (there.insert(message.id).second) missing.push_back(message);
    }
    co_return missing;
}

Async<std::int64_t> Importer::store_turn(Lead& lead, std::span<const Message> some) {
    while (true) {
        Turn turn{std::move(lead), {}};
        turn.messages = co_await missing(turn.lead, some);
        if (turn.messages.empty()) {
            lead = std::move(turn.lead);
            co_return 0;
        }
        const std::int64_t added = std::ssize(turn.messages);
        const std::string lead_id = turn.lead.lead_id;
        const auto full_name = turn.lead.full_name;
        try {
            lead = (co_await leads_.commit_turn(std::move(turn))).lead;
            co_return added;
        } catch (const VersionConflict&) {
            // Somebody else wrote, the same messages maybe: look again.
        }
        lead = co_await leads_.get_or_create(lead_id, full_name);
    }
}

Async<std::int64_t> Importer::store(std::string lead_id, LeadMessages of_lead,
                                    std::function<void(std::int64_t)> progress) {
    Lead lead = co_await leads_.get_or_create(lead_id, of_lead.full_name);
    const bool in_order = all_follow(lead, of_lead.messages);
    std::int64_t added = 0;
    for (std::span<const Message> rest(of_lead.messages); !rest.empty();) {
        const auto some = rest.first(std::min(Turn::kMost, rest.size()));
        added += co_await store_turn(lead, some);
        progress(std::ssize(some));
        rest = rest.subspan(some.size());
    }
    // Also where nothing was added: an import that did may have been cut short before this.
    if (!in_order) co_await leads_.rebuild_history(lead_id);
    co_return added;
}

}  // namespace rapport::cli
