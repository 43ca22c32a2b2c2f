// An exported lead is taken in again: the lead first, which claims the number, then its messages.
#include <algorithm>
#include <utility>

#include "rapport/core/error.hpp"
#include "rapport/core/fault_point.hpp"
#include "rapport/domain/phone_number.hpp"
#include "rapport/repository/collections.hpp"
#include "rapport/repository/derived_id.hpp"
#include "rapport/repository/personal_data.hpp"

namespace rapport {
namespace {

constexpr std::size_t kBatch = 500;

}  // namespace

/// One that no mark of an erasure names.
Async<ObjectId> PersonalData::new_identity(ObjectId id, AuditStanding standing) {
    if (standing.erasure) {
        id = derived_id(id, standing.erasure->id.to_string());
    } else if (standing.erased) {
        id = derived_id(id, "");
    }
    while (true) {
        const Filter<Erasure> marked = where(&Erasure::id) == id;
        const FindDocuments find{&erasure_collection(), marked.node(), {}, 1};
        if ((co_await store_.find(find)).empty()) co_return id;
        id = derived_id(id, "");
    }
}

/// Before anything is recorded or written.
Async<void> PersonalData::require_free(const Lead& lead) {
    const auto there = co_await find_leads(lead.lead_id, {});
    const auto is_it = [&](const Document& one) {
        return scalar_at(one, "_id") == Scalar(lead.id);
    };
    if (there.empty() || std::ranges::any_of(there, is_it)) co_return;
    throw VersionConflict("lead " + mask_phone(lead.lead_id) +
                          ": there is another one with this number; an export is taken in only "
                          "where there is none: export and erase that one first");
}

Async<std::int64_t> PersonalData::store_batch(std::vector<Message> batch) {
    std::vector<ObjectId> ids;
    ids.reserve(batch.size());
    for (const Message& message : batch) ids.push_back(message.id);
    const std::int64_t there = co_await messages_.count(where(&Message::id).in(ids));
    const auto count = std::ssize(batch);
    const std::vector<Message> wanted = batch;
    const auto stored = co_await messages_.save_messages(std::move(batch));
    for (std::size_t i = 0; i < stored.size(); ++i) {
        if (stored[i].id == wanted[i].id && stored[i].lead_ref == wanted[i].lead_ref) continue;
        throw DuplicateKey(
            "messages: one of the export is there already, of another lead or under another _id: "
            "`rapport repair` removes what is left of erased leads");
    }
    co_return count - there;
}

Async<std::int64_t> PersonalData::restore_messages(const Lead& lead, ObjectId exported_id,
                                                   const MessageSource& messages,
                                                   const MessageProgress& progress) {
    std::int64_t added = 0;
    std::vector<Message> batch;
    const auto store = [&]() -> Async<void> {
        if (batch.empty()) co_return;
        const auto size = std::ssize(batch);
        added += co_await store_batch(std::exchange(batch, {}));
        fault_point("restore.batch");
        if (progress) progress(size);
    };
    while (auto message = messages()) {
        // What was left of somebody erased, who had the number, stays away.
        if (message->lead_ref && *message->lead_ref != exported_id) continue;
        if (normalize_lead_id(message->lead_id, default_region_) != lead.lead_id) {
            throw InvalidArgument("messages: one of the export belongs to another lead");
        }
        if (message->lead_ref) message->lead_ref = lead.id;
        batch.push_back(std::move(*message));
        if (batch.size() == kBatch) co_await store();
    }
    co_await store();
    co_return added;
}

/// Of a lead that is gone: what was stored for it since.
Async<void> PersonalData::remove_remains(const Lead& lead) {
    const Filter<Message> own =
        where(&Message::lead_ref) == lead.id ||
        (where(&Message::lead_id) == lead.lead_id && where(&Message::lead_ref) == std::nullopt);
    co_await store_.remove({&message_collection(), own.node()});
    co_await remove_pages(store_, lead.id);
    co_await store_.forget_removed();
}

Async<std::int64_t> PersonalData::restore_lead(ExportedLead exported, MessageSource messages,
                                               RestoreOptions options, MessageProgress progress) {
    Lead lead = std::move(exported.lead);
    lead.lead_id = normalize_lead_id(lead.lead_id, default_region_);
    const ObjectId exported_id = lead.id;
    const AuditStanding standing = co_await audit_.standing(lead.lead_id);
    if (standing.erased && !options.erased) {
        throw PersonErased(lead.lead_id, standing);
    }
    lead.id = co_await new_identity(exported_id, standing);
    co_await require_free(lead);
    AuditEntry entry;
    if (standing.erased) {
        entry.action = AuditAction::kRestored;
        entry.by = std::move(options.by);
        entry = co_await audit_.begin(lead.lead_id, std::move(entry));
    }
    entry.leads = co_await leads_.restore(lead) ? 1 : 0;
    std::vector<Document> pages;
    for (SignalPage& page : exported.signal_pages) {
        page.lead_ref = lead.id;
        pages.push_back(to_document(page));
    }
    co_await put_pages(store_, std::move(pages));
    fault_point("restore.lead");
    bool erased_meanwhile = false;
    try {
        entry.messages = co_await restore_messages(lead, exported_id, messages, progress);
    } catch (const VersionConflict&) {
        erased_meanwhile = true;
    }
    if (erased_meanwhile || co_await leads_.count(where(&Lead::id) == lead.id) == 0) {
        co_await remove_remains(lead);
        throw VersionConflict("lead " + mask_phone(lead.lead_id) +
                              ": erased while it was imported; nothing of it is left");
    }
    if (standing.erased) {
        entry.signals =
            std::ssize(lead.signals) + (lead.earlier_signals ? lead.earlier_signals->count : 0);
        co_await audit_.finish(entry);
    }
    co_return entry.messages;
}

}  // namespace rapport
