#include "rapport/cli/importer.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <set>
#include <utility>

#include "rapport/core/error.hpp"
#include "rapport/core/fault_point.hpp"
#include "rapport/domain/phone_number.hpp"

namespace rapport::cli {
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

/// True where the lead, or a person of ours, said something after all that was there.
static bool has_answer(const Turn& turn) {
    return std::ranges::any_of(turn.messages, [&](const Message& message) {
        const bool is_of_people =
            message.role == MessageRole::kLead || message.role == MessageRole::kHuman;
        return is_of_people && message.timestamp > turn.lead.last_interaction_at;
    });
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
        if (has_answer(turn)) turn.lead.next_followup_at.reset();
        const std::string lead_id = turn.lead.lead_id;
        const ObjectId id = turn.lead.id;
        try {
            lead = (co_await leads_.commit_turn(std::move(turn))).lead;
            co_return added;
        } catch (const VersionConflict&) {
            // The same messages, maybe.
            spdlog::debug("lead {}: written to by another, looking again", mask_phone(lead_id));
        }
        auto changed = co_await leads_.get_by_phone(lead_id);
        // Whoever has the number now is not the lead that these messages were read for.
        if (!changed || changed->id != id) {
            throw VersionConflict("lead " + mask_phone(lead_id) + ": erased while it was imported");
        }
        lead = std::move(*changed);
    }
}

/// The audit's entry, where the person was erased and is to come back.
Async<std::optional<AuditEntry>> Importer::begin_restoring(std::string lead_id) {
    const AuditStanding standing = co_await audit_.standing(lead_id);
    if (!standing.erased) co_return std::nullopt;
    if (!restoring_.erased) throw PersonErased(lead_id, standing);
    AuditEntry entry;
    entry.action = AuditAction::kRestored;
    entry.by = restoring_.by;
    co_return co_await audit_.begin(lead_id, std::move(entry));
}

/// Who is erased between our look at the audit and this is not made again.
Async<Lead> Importer::lead_of(std::string lead_id, std::optional<std::string> full_name) {
    Lead lead = co_await leads_.get_or_create(lead_id, std::move(full_name));
    fault_point("import.lead");
    const AuditStanding standing = co_await audit_.standing(lead_id);
    if (!standing.erased) co_return lead;
    if (lead.message_count == 0) co_await leads_.erase(lead_id);
    throw PersonErased(lead_id, standing);
}

Async<std::int64_t> Importer::store(std::string lead_id, LeadMessages of_lead,
                                    std::function<void(std::int64_t)> progress) {
    auto restored = co_await begin_restoring(lead_id);
    Lead lead = co_await lead_of(lead_id, of_lead.full_name);
    // True while each message is at least as new as all that is there before it.
    bool in_order = true;
    Timestamp newest = lead.message_count > 0 ? lead.last_interaction_at : Timestamp::min();
    std::int64_t added = 0;
    while (true) {
        const std::vector<Message> some = of_lead.next(Turn::kMost);
        if (some.empty()) break;
        for (const Message& message : some) {
            in_order = in_order && message.timestamp >= newest;
            newest = std::max(newest, message.timestamp);
        }
        added += co_await store_turn(lead, some);
        progress(std::ssize(some));
    }
    // Also where nothing was added: an import that did may have been cut short before this.
    if (!in_order) co_await leads_.rebuild_history(lead_id);
    if (restored) {
        restored->leads = 1;
        restored->messages = added;
        co_await audit_.finish(std::move(*restored));
    }
    co_return added;
}

}  // namespace rapport::cli
