#include "rapport/repository/collections.hpp"

#include <algorithm>

#include "rapport/core/codec.hpp"
#include "rapport/core/error.hpp"
#include "rapport/domain/lead.hpp"
#include "rapport/domain/message.hpp"
#include "rapport/repository/audit.hpp"
#include "rapport/repository/erasure.hpp"
#include "rapport/repository/model_spending.hpp"
#include "rapport/repository/signal_page.hpp"

namespace rapport {
namespace {

constexpr auto kExpiryIndex = "idx_message_ttl";
/// Finds what is due for the archive. Its keys are two, so that it removes nothing: the expiry only
/// says when that is.
constexpr auto kDueIndex = "idx_message_due";

const Collection* messages_among(const std::vector<Collection>& collections) {
    const auto found = std::ranges::find(collections, message_collection().name, &Collection::name);
    return found == collections.end() ? nullptr : &*found;
}

/// The one that says how long messages are kept; null when they stay.
const Index* retention_index(const std::vector<Collection>& collections) {
    const Collection* messages = messages_among(collections);
    if (messages == nullptr) return nullptr;
    const auto expires = [](const Index& index) { return index.expire_after.has_value(); };
    const auto found = std::ranges::find_if(messages->indexes, expires);
    return found == messages->indexes.end() ? nullptr : &*found;
}

template <class T>
using Keys = Sort<T>;

std::vector<Index> lead_indexes() {
    const auto lead_id = where(&Lead::lead_id);
    const auto stage = where(&Lead::current_stage);
    const auto interaction = where(&Lead::last_interaction_at);
    const auto followup = where(&Lead::next_followup_at);
    const auto count = where(&Lead::message_count);
    const auto id = where(&Lead::id);
    using Engine = Index::Engine;
    return {
        // Named and keyed as existing databases have them, which are MongoDB's.
        {.name = "idx_lead_id_unique",
         .keys = Keys<Lead>().ascending(lead_id).keys(),
         .unique = true},
        {.name = "idx_stage_last_interaction",
         .keys = Keys<Lead>().ascending(stage).descending(interaction).keys(),
         .engine = Engine::kMongo},
        {.name = "idx_next_followup",
         .keys = Keys<Lead>().ascending(followup).keys(),
         .where_present = followup.path(),
         .engine = Engine::kMongo},
        // The same orders with ties broken by id, which keyset pages need.
        {.name = "idx_followup_page",
         .keys = Keys<Lead>().ascending(followup).ascending(id).keys(),
         .where_present = followup.path()},
        {.name = "idx_stage_page",
         .keys = Keys<Lead>().ascending(stage).descending(interaction).descending(id).keys()},
        {.name = "idx_stage_messages",
         .keys = Keys<Lead>().ascending(stage).descending(count).descending(id).keys()},
    };
}

std::vector<Index> message_indexes() {
    const auto lead_id = where(&Message::lead_id);
    const auto timestamp = where(&Message::timestamp);
    const auto external_id = where(&Message::external_id);
    const auto lead_ref = where(&Message::lead_ref);
    return {
        {.name = "idx_lead_messages",
         .keys = Keys<Message>()
                     .ascending(lead_id)
                     .descending(timestamp)
                     .descending(where(&Message::seq))
                     .descending(where(&Message::id))
                     .keys(),
         .replaces = Keys<Message>().ascending(lead_id).descending(timestamp).keys()},
        {.name = "idx_timestamp", .keys = Keys<Message>().ascending(timestamp).keys()},
        {.name = "idx_lead_external_id",
         .keys = Keys<Message>().ascending(lead_id).ascending(external_id).keys(),
         .unique = true,
         .where_present = external_id.path()},
        // What is left of an erased lead is found by it alone.
        {.name = "idx_lead_ref",
         .keys = Keys<Message>().ascending(lead_ref).keys(),
         .where_present = lead_ref.path()},
    };
}

std::vector<Index> audit_indexes() {
    const Keys<AuditEntry> by_person = Keys<AuditEntry>()
                                           .ascending(where(&AuditEntry::key))
                                           .ascending(where(&AuditEntry::person))
                                           .descending(where(&AuditEntry::at))
                                           .descending(where(&AuditEntry::id));
    return {{.name = "idx_audit_person", .keys = by_person.keys()}};
}

}  // namespace

const Collection& lead_collection() {
    static const Collection collection{
        "leads", columns_of<Lead>(), lead_indexes(), {"idx_interaction_page", "idx_messages_page"}};
    return collection;
}

std::optional<Lead> readable_lead(const Document& document) {
    try {
        return from_document<Lead>(document);
    } catch (const InvalidDocument&) {
        return std::nullopt;
    }
}

const Collection& message_collection() {
    static const Collection collection{"messages", columns_of<Message>(), message_indexes()};
    return collection;
}

const Collection& erasure_collection() {
    static const Collection collection{"erasures", columns_of<Erasure>(), {}};
    return collection;
}

const Collection& audit_collection() {
    static const Collection collection{"audit", columns_of<AuditEntry>(), audit_indexes()};
    return collection;
}

const Collection& spending_collection() {
    // Found by `_id` alone.
    static const Collection collection{"model_spending", columns_of<ModelSpending>(), {}};
    return collection;
}

std::vector<Collection> all_collections(std::optional<std::chrono::seconds> retention,
                                        Expired expired) {
    Collection messages = message_collection();
    messages.retired_indexes = {kExpiryIndex, kDueIndex};
    if (retention) {
        const bool archived = expired == Expired::kArchived;
        const auto stored = where(&Message::created_at);
        Index index{
            .name = archived ? kDueIndex : kExpiryIndex,
            .keys = archived ? by_storing().keys() : Keys<Message>().ascending(stored).keys(),
            .expire_after = retention};
        std::erase(messages.retired_indexes, index.name);
        messages.indexes.push_back(std::move(index));
    }
    return {lead_collection(),    std::move(messages), signal_collection(),
            erasure_collection(), audit_collection(),  spending_collection()};
}

std::optional<std::chrono::seconds> message_retention(const std::vector<Collection>& collections) {
    const Index* index = retention_index(collections);
    return index == nullptr ? std::nullopt : index->expire_after;
}

bool archives_messages(const std::vector<Collection>& collections) {
    const Index* index = retention_index(collections);
    return index != nullptr && index->name == kDueIndex;
}

Filter<Message> stored_before(Timestamp time) { return where(&Message::created_at) < time; }

Sort<Message> by_storing() {
    return Sort<Message>().ascending(where(&Message::created_at)).ascending(where(&Message::id));
}

InsertDocuments insert_messages(const std::vector<Message>& messages) {
    InsertDocuments insert{&message_collection(), {}};
    for (const Message& message : messages) insert.documents.push_back(to_document(message));
    return insert;
}

}  // namespace rapport
