#include "rapport/repository/erased_since.hpp"

#include <algorithm>
#include <utility>

#include "rapport/core/error.hpp"
#include "rapport/repository/stream.hpp"

namespace rapport {
namespace {

Stream<AuditEntry> whole_record(Store& store) {
    return {store, audit_collection(), FilterNode(AllOf{}),
            Sort<AuditEntry>().ascending(where(&AuditEntry::id)).keys(),
            Deadline(Deadline::Clock::time_point::max())};
}

}  // namespace

Async<std::vector<ObjectId>> audit_ids(Store& store) {
    std::vector<ObjectId> ids;
    Stream<AuditEntry> all = whole_record(store);
    while (const auto entry = co_await all.next()) ids.push_back(entry->id);
    co_return ids;
}

ErasedSince::ErasedSince(Store& store, std::string audit_key, std::vector<ObjectId> known)
    : store_(store), audit_(store, std::move(audit_key)), known_(std::move(known)) {}

bool ErasedSince::is_known(const ObjectId& entry) const {
    return std::ranges::binary_search(known_, entry);
}

Async<void> ErasedSince::look() {
    has_own_ = false;
    has_other_keys_ = false;
    Stream<AuditEntry> all = whole_record(store_);
    while (const auto entry = co_await all.next()) {
        if (is_known(entry->id)) continue;
        has_own_ = true;
        if (entry->key != audit_.key_id()) has_other_keys_ = true;
    }
    if (has_own_ && audit_.key_id().empty()) {
        throw InvalidArgument(
            "AUDIT_KEY: not set, but the database has a record of erased persons, who are not to "
            "come back: set the key that they were erased with");
    }
}

Async<AuditStanding> ErasedSince::standing(std::string lead_id) {
    AuditStanding standing;
    if (!has_own_) co_return standing;
    bool is_newest = true;
    for (AuditEntry& entry : co_await audit_.entries(lead_id)) {
        if (is_known(entry.id)) continue;
        const bool is_erasure = entry.action == AuditAction::kErased;
        if (is_newest) standing.erased = is_erasure;
        is_newest = false;
        if (is_erasure && !standing.erasure) standing.erasure = std::move(entry);
    }
    if (is_newest) standing.erased = has_other_keys_;
    co_return standing;
}

}  // namespace rapport
