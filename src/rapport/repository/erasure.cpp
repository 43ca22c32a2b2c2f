// Erasing a lead: the mark comes first, so that whatever a crash or another process leaves behind
// is found again without knowing whose it was.
#include "rapport/repository/erasure.hpp"

#include <utility>

#include "rapport/domain/phone_number.hpp"
#include "rapport/repository/collections.hpp"
#include "rapport/repository/lead_repository.hpp"
#include "rapport/repository/signal_page.hpp"

namespace rapport {
namespace {

Async<void> mark(Store& store, ObjectId lead, Deadline deadline) {
    const Erasure erasure{lead, now()};
    InsertDocuments insert{&erasure_collection(), {to_document(erasure)}};
    if ((co_await store.insert(std::move(insert), deadline)).empty()) co_return;
    // Marked by one that did not finish: the time counts from the last.
    Update<Erasure> again;
    again.set(where(&Erasure::erased_at), erasure.erased_at);
    const Filter<Erasure> same = where(&Erasure::id) == lead;
    co_await store.update({&erasure_collection(), same.node(), again.changes()}, deadline);
}

Async<std::int64_t> remove_messages(Store& store, Filter<Message> filter, Deadline deadline) {
    co_return co_await store.remove({&message_collection(), filter.node()}, deadline);
}

}  // namespace

Async<std::int64_t> LeadRepository::remove_uncounted(std::string lead_id, Deadline deadline) {
    std::vector<std::string> spellings = legacy_spellings(lead_id);
    spellings.push_back(std::move(lead_id));
    return remove_messages(
        store(),
        where(&Message::lead_id).in(spellings) && where(&Message::lead_ref) == std::nullopt,
        deadline);
}

Async<Erased> LeadRepository::erase_stored(Document lead, Deadline deadline) {
    const ObjectId id = std::get<ObjectId>(scalar_at(lead, "_id"));
    const auto lead_id = std::get<std::string>(scalar_at(lead, "lead_id"));
    co_await mark(store(), id, deadline);
    // While the lead is there, it says which messages without its `_id` are its own.
    Erased erased;
    erased.messages = co_await remove_uncounted(lead_id, deadline);
    // Before it, since the lead finds them; and again, since until it is gone turns may be
    // committed.
    co_await remove_pages(store(), id, deadline);
    const Filter<Lead> same = where(&Lead::id) == id;
    erased.lead = co_await store().remove({&collection(), same.node()}, deadline) > 0;
    co_await remove_pages(store(), id, deadline);
    // Last, since they find what is left when this is cut short.
    erased.messages += co_await remove_messages(store(), where(&Message::lead_ref) == id, deadline);
    co_return erased;
}

/// What an erasure that was cut short has left under a number that no lead has.
Async<std::int64_t> LeadRepository::remove_orphans(std::string lead_id, Deadline deadline) {
    const Filter<Message> counted =
        where(&Message::lead_id) == lead_id && where(&Message::lead_ref) != std::nullopt;
    const FindDocuments first{&message_collection(), counted.node(), {}, 1};
    std::int64_t removed = 0;
    while (true) {
        const auto found = co_await store().find(first, deadline);
        if (found.empty()) co_return removed;
        const auto lead = std::get<ObjectId>(scalar_at(found.front(), "lead_ref"));
        if (co_await count(where(&Lead::id) == lead, deadline) > 0) co_return removed;
        co_await remove_pages(store(), lead, deadline);
        removed += co_await remove_messages(store(), where(&Message::lead_ref) == lead, deadline);
    }
}

Async<Erased> LeadRepository::erase(std::string phone, Deadline deadline) {
    const std::string lead_id = normalize_lead_id(phone, default_region_);
    co_await adopt_legacy_numbers({lead_id}, deadline);
    const Filter<Lead> same = where(&Lead::lead_id) == lead_id;
    // Not decoded: a lead that cannot be read can be erased.
    auto found = co_await store().find({&collection(), same.node(), {}, 1}, deadline);
    Erased erased;
    if (found.empty()) {
        erased.messages = co_await remove_uncounted(lead_id, deadline);
        erased.messages += co_await remove_orphans(lead_id, deadline);
    } else {
        erased = co_await erase_stored(std::move(found.front()), deadline);
    }
    erased.from_log = co_await store().forget_removed(deadline) > 0;
    co_return erased;
}

Async<std::int64_t> LeadRepository::finish_erasures(Timestamp forget_before) {
    Stream<Erasure> marks(store(), erasure_collection(), FilterNode(AllOf{}),
                          Sort<Erasure>().ascending(where(&Erasure::id)).keys(),
                          Deadline(Deadline::Clock::time_point::max()));
    std::int64_t removed = 0;
    bool any = false;
    while (const auto erasure = co_await marks.next()) {
        any = true;
        const Deadline deadline = Deadline::in(kLongestTurn);
        const Filter<Lead> same = where(&Lead::id) == erasure->id;
        auto found = co_await store().find({&collection(), same.node(), {}, 1}, deadline);
        if (!found.empty()) {
            const Erased erased = co_await erase_stored(std::move(found.front()), deadline);
            removed += erased.messages + (erased.lead ? 1 : 0);
            continue;
        }
        removed += co_await remove_pages(store(), erasure->id, deadline);
        removed +=
            co_await remove_messages(store(), where(&Message::lead_ref) == erasure->id, deadline);
        if (erasure->erased_at >= forget_before) continue;
        const Filter<Erasure> done = where(&Erasure::id) == erasure->id;
        co_await store().remove({&erasure_collection(), done.node()}, deadline);
    }
    if (any) co_await store().forget_removed(Deadline::in(kLongestTurn));
    co_return removed;
}

}  // namespace rapport
