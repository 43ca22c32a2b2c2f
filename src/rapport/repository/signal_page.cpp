// A lead of many signals keeps the last ones; the others go to pages of their own before the change
// of the lead that takes them out, which one guarded statement makes.
#include "rapport/repository/signal_page.hpp"

#include <algorithm>
#include <exception>
#include <iterator>
#include <set>
#include <utility>

#include "rapport/core/error.hpp"
#include "rapport/core/fault_point.hpp"
#include "rapport/repository/content.hpp"
#include "rapport/repository/lead_repository.hpp"
#include "rapport/repository/retry.hpp"
#include "rapport/repository/stream.hpp"

namespace rapport {
namespace {

/// What leaves a lead at once in general, and some.
constexpr std::size_t kSignalsInPage = 128;

Filter<SignalPage> of_lead(ObjectId lead) { return where(&SignalPage::lead_ref) == lead; }

/// Nested, SQLite has it as text.
std::optional<ObjectId> id_at(const Document& document, std::string_view path) {
    const Scalar value = scalar_at(document, path);
    if (const auto* id = std::get_if<ObjectId>(&value)) return *id;
    const auto* text = std::get_if<std::string>(&value);
    return text == nullptr ? std::nullopt : ObjectId::parse(*text);
}

}  // namespace

const Collection& signal_collection() {
    static const Collection collection{"signals",
                                       columns_of<SignalPage>(),
                                       {{.name = "idx_signals_lead_ref",
                                         .keys = Sort<SignalPage>()
                                                     .ascending(where(&SignalPage::lead_ref))
                                                     .ascending(where(&SignalPage::id))
                                                     .keys()}}};
    return collection;
}

Async<void> put_pages(Store& store, std::vector<Document> pages, Deadline deadline) {
    const auto there = co_await store.insert({&signal_collection(), pages}, deadline);
    for (const Duplicate& duplicate : there) {
        const Document& page = pages[duplicate.position];
        const Compare same{"_id", CompareOp::kEqual, scalar_at(page, "_id")};
        UpdateDocuments update{&signal_collection(), FilterNode(same),
                               changes_to(signal_collection(), page, {"_id"})};
        co_await store.update(std::move(update), deadline);
    }
}

Async<std::vector<Document>> pages_of(Store& store, Document lead, Deadline deadline) {
    std::vector<Document> pages;
    const auto lead_ref = id_at(lead, "_id");
    auto next = id_at(lead, "earlier_signals.last_page");
    std::set<ObjectId> seen;  // what came from outside may lead in a circle
    while (lead_ref && next && seen.insert(*next).second) {
        const Filter<SignalPage> same = of_lead(*lead_ref) && where(&SignalPage::id) == *next;
        auto found = co_await store.find({&signal_collection(), same.node(), {}, 1}, deadline);
        if (found.empty()) break;  // erased in this moment
        next = id_at(found.front(), "previous");
        pages.push_back(std::move(found.front()));
    }
    std::ranges::reverse(pages);
    co_return pages;
}

Async<std::int64_t> remove_pages(Store& store, ObjectId lead, Deadline deadline) {
    return store.remove({&signal_collection(), of_lead(lead).node()}, deadline);
}

void forget_texts(std::vector<Signal>& signals) {
    for (Signal& signal : signals) {
        signal.raw_evidence.clear();
        signal.inferred_from.reset();
        signal.confidence.reasoning.clear();
    }
}

Async<void> forget_texts_of_pages(Store& store, ObjectId lead, Deadline deadline) {
    DocumentStream pages(store, signal_collection(), of_lead(lead).node(), {{"lead_ref"}, {"_id"}},
                         deadline);
    while (const Document* page = co_await pages.next()) {
        std::vector<Signal> signals;
        try {
            signals = from_document<SignalPage>(*page).signals;
        } catch (const InvalidDocument&) {
            signals.clear();
        }
        forget_texts(signals);
        Update<SignalPage> update;
        update.set(where(&SignalPage::signals), signals);
        const Compare same{"_id", CompareOp::kEqual, scalar_at(*page, "_id")};
        co_await store.update({&signal_collection(), FilterNode(same), update.changes()}, deadline);
    }
}

Async<std::vector<Signal>> LeadRepository::all_signals(Lead lead, Deadline deadline) {
    std::vector<Signal> all;
    for (const Document& page : co_await pages_of(store(), to_document(lead), deadline)) {
        std::ranges::move(from_document<SignalPage>(page).signals, std::back_inserter(all));
    }
    std::ranges::move(lead.signals, std::back_inserter(all));
    co_return all;
}

/// Returns the pages that were stored for it: none where there is room.
Async<std::vector<ObjectId>> LeadRepository::make_room(Lead& lead, Deadline deadline) {
    std::vector<Document> pages;
    std::vector<ObjectId> ids;
    const std::vector<Signal> taken = lead.take_oldest_signals();
    for (auto from = taken.begin(); from != taken.end();) {
        const auto rest = static_cast<std::size_t>(taken.end() - from);
        const auto to = from + static_cast<std::ptrdiff_t>(std::min(rest, kSignalsInPage));
        auto& earlier = lead.earlier_signals;
        SignalPage page;
        page.lead_ref = lead.id;
        if (earlier) page.previous = earlier->last_page;
        page.signals.assign(from, to);
        ids.push_back(page.id);
        earlier = {page.id, (earlier ? earlier->count : 0) + std::ssize(page.signals)};
        pages.push_back(to_document(page));
        from = to;
    }
    if (pages.empty()) co_return ids;
    co_await read_until(deadline, [&] { return put_pages(store(), pages, deadline); });
    fault_point("signals.moved");
    co_return ids;
}

/// Makes a change of the lead that needs these pages. When it does not happen, they go, as far as
/// they can be reached: the lead does not lead to them, and they are removed with it at the latest.
Async<void> LeadRepository::with_pages(ObjectId lead, std::vector<ObjectId> pages,
                                       Async<void> change, Deadline deadline) {
    std::exception_ptr refused;
    try {
        co_await std::move(change);
    } catch (const Error& error) {
        if (pages.empty() || leaves_open(error)) throw;
        refused = std::current_exception();
    }
    if (!refused) co_return;
    try {
        // A change may have happened that all traces of were removed since.
        const Filter<Lead> same = where(&Lead::id) == lead;
        for (const Document& now : co_await store().find({&collection(), same.node()}, deadline)) {
            for (const Document& page : co_await pages_of(store(), now, deadline)) {
                if (id_at(page, "_id") == pages.back()) pages.clear();
                if (pages.empty()) break;
            }
        }
        const Filter<SignalPage> stored = where(&SignalPage::id).in(pages);
        if (!pages.empty()) {
            co_await store().remove({&signal_collection(), stored.node()}, deadline);
        }
    } catch (const Error&) {
        std::rethrow_exception(refused);
    }
    std::rethrow_exception(refused);
}

}  // namespace rapport
