// Erasing a lead: the mark comes first, so that whatever a crash or another process leaves behind
// is found again without knowing whose it was.
#include "rapport/repository/erasure.hpp"

#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "rapport/domain/phone_number.hpp"
#include "rapport/repository/collections.hpp"
#include "rapport/repository/lead_repository.hpp"
#include "rapport/repository/signal_page.hpp"

namespace rapport {
namespace {

/// Under which a person may be stored: earlier systems wrote some numbers otherwise.
std::vector<std::string> spellings_of(std::string lead_id) {
    std::vector<std::string> spellings = legacy_spellings(lead_id);
    spellings.push_back(std::move(lead_id));
    return spellings;
}

/// What is of a kind that cannot be compared with, such as a UUID, is absent here.
bool is_known(const Scalar& id) { return !std::holds_alternative<std::monostate>(id); }

/// What has no ObjectId there.
FilterNode foreign_at(std::string path) {
    return Negation{{Compare{std::move(path), CompareOp::kGreaterEqual, ObjectId{}}}};
}

/// The lead alone: one of another system has an `_id` of any kind.
FilterNode same_lead(const Document& lead) {
    const Scalar id = scalar_at(lead, "_id");
    if (is_known(id)) return Compare{"_id", CompareOp::kEqual, id};
    return both(Compare{"lead_id", CompareOp::kEqual, text_at(lead, "lead_id")}, foreign_at("_id"));
}

/// Only what has an ObjectId was ever loaded, so that somebody may still write for it.
Async<void> mark(Store& store, const Document& lead, Deadline deadline) {
    const Scalar id = scalar_at(lead, "_id");
    if (!std::holds_alternative<ObjectId>(id)) co_return;
    const Erasure erasure{std::get<ObjectId>(id), now()};
    InsertDocuments insert{&erasure_collection(), {to_document(erasure)}};
    if ((co_await store.insert(std::move(insert), deadline)).empty()) co_return;
    // Marked by one that did not finish: the time counts from the last.
    Update<Erasure> again;
    again.set(where(&Erasure::erased_at), erasure.erased_at);
    const Filter<Erasure> same = where(&Erasure::id) == erasure.id;
    co_await store.update({&erasure_collection(), same.node(), again.changes()}, deadline);
}

/// Those of a collection that say whose they are.
Async<std::int64_t> remove_of_lead(Store& store, const Collection& collection, Scalar lead,
                                   Deadline deadline) {
    if (!is_known(lead)) co_return 0;
    const Compare own{"lead_ref", CompareOp::kEqual, std::move(lead)};
    co_return co_await store.remove({&collection, FilterNode(own)}, deadline);
}

}  // namespace

Async<std::int64_t> LeadRepository::remove_uncounted(std::vector<std::string> spellings,
                                                     Deadline deadline) {
    const Filter<Message> uncounted =
        where(&Message::lead_id).in(spellings) && where(&Message::lead_ref) == std::nullopt;
    co_return co_await store().remove({&message_collection(), uncounted.node()}, deadline);
}

/// A marked lead. `spellings`: of its number.
Async<Erased> LeadRepository::erase_stored(Document lead, std::vector<std::string> spellings,
                                           Deadline deadline) {
    const Scalar id = scalar_at(lead, "_id");
    // While the lead is there, it says which messages without its `_id` are its own.
    Erased erased;
    erased.messages = co_await remove_uncounted(std::move(spellings), deadline);
    // Before it, since the lead finds them; and again, since until it is gone turns may be
    // committed.
    co_await remove_of_lead(store(), signal_collection(), id, deadline);
    erased.leads = co_await store().remove({&collection(), same_lead(lead)}, deadline);
    co_await remove_of_lead(store(), signal_collection(), id, deadline);
    // Last, since they find what is left when this is cut short.
    erased.messages += co_await remove_of_lead(store(), message_collection(), id, deadline);
    co_return erased;
}

/// What an erasure that was cut short has left under a number, of leads that are gone.
Async<std::int64_t> LeadRepository::remove_orphans(std::vector<std::string> spellings,
                                                   Deadline deadline) {
    const Filter<Message> counted =
        where(&Message::lead_id).in(spellings) && where(&Message::lead_ref) != std::nullopt;
    const FindDocuments first{&message_collection(), counted.node(), {}, 1};
    std::int64_t removed = 0;
    while (true) {
        const auto found = co_await store().find(first, deadline);
        if (found.empty()) co_return removed;
        const Scalar lead = scalar_at(found.front(), "lead_ref");
        if (!is_known(lead)) {
            const FilterNode foreign = both(counted.node(), foreign_at("lead_ref"));
            removed += co_await store().remove({&message_collection(), foreign}, deadline);
            continue;
        }
        const Filter<Lead> same(Compare{"_id", CompareOp::kEqual, lead});
        if (co_await count(same, deadline) > 0) co_return removed;
        co_await remove_of_lead(store(), signal_collection(), lead, deadline);
        removed += co_await remove_of_lead(store(), message_collection(), lead, deadline);
    }
}

Async<Erased> LeadRepository::erase(std::string phone, Deadline deadline) {
    const auto spellings = spellings_of(normalize_lead_id(phone, default_region_));
    // Leads of both spellings stay apart until they are merged, and are all the person's.
    const Filter<Lead> same = where(&Lead::lead_id).in(spellings);
    // Not decoded: a lead that cannot be read can be erased.
    const auto found = co_await store().find({&collection(), same.node()}, deadline);
    // All of them first: whichever is left by a crash is found again.
    for (const Document& lead : found) co_await mark(store(), lead, deadline);
    Erased erased;
    for (const Document& lead : found) {
        const Erased one = co_await erase_stored(lead, spellings, deadline);
        erased.leads += one.leads;
        erased.messages += one.messages;
    }
    if (found.empty()) erased.messages = co_await remove_uncounted(spellings, deadline);
    erased.messages += co_await remove_orphans(spellings, deadline);
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
            co_await mark(store(), found.front(), deadline);
            auto spellings = spellings_of(text_at(found.front(), "lead_id"));
            const Erased erased =
                co_await erase_stored(std::move(found.front()), std::move(spellings), deadline);
            removed += erased.messages + erased.leads;
            continue;
        }
        removed += co_await remove_pages(store(), erasure->id, deadline);
        removed += co_await remove_of_lead(store(), message_collection(), erasure->id, deadline);
        if (erasure->erased_at >= forget_before) continue;
        const Filter<Erasure> done = where(&Erasure::id) == erasure->id;
        co_await store().remove({&erasure_collection(), done.node()}, deadline);
    }
    if (any) co_await store().forget_removed(Deadline::in(kLongestTurn));
    co_return removed;
}

}  // namespace rapport
