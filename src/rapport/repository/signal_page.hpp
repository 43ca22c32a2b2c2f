#pragma once

#include <optional>
#include <vector>

#include "rapport/core/codec.hpp"
#include "rapport/core/deadline.hpp"
#include "rapport/domain/lead.hpp"
#include "rapport/store/store.hpp"

namespace rapport {

/// Signals that left a lead together, oldest first. A page is stored before the change of the lead
/// that names it, and never gets others: one that no lead leads to is of a change that did not
/// happen.
struct SignalPage {
    ObjectId id = ObjectId::generate();
    ObjectId lead_ref{};  ///< the lead's `_id`
    /// The page with those before these.
    std::optional<ObjectId> previous{};
    std::vector<Signal> signals{};

    bool operator==(const SignalPage&) const = default;
};
BOOST_DESCRIBE_STRUCT(SignalPage, (), (id, lead_ref, previous, signals))

/// The `signals` collection.
const Collection& signal_collection();

/// Stores these pages, also where one of the same `_id` is there: what earlier states of it held,
/// and whose it was, is replaced.
Async<void> put_pages(Store& store, std::vector<Document> pages, Deadline deadline = {});

/// The pages that a stored lead leads to, oldest first, as they are stored: neither it nor they
/// need be readable.
Async<std::vector<Document>> pages_of(Store& store, Document lead, Deadline deadline = {});

/// Removes every page of a lead, and returns how many those were.
Async<std::int64_t> remove_pages(Store& store, ObjectId lead, Deadline deadline = {});

/// Leaves of signals what was found, without the words that it was read from.
void forget_texts(std::vector<Signal>& signals);
/// The same in all pages of a lead; one that cannot be read is emptied.
Async<void> forget_texts_of_pages(Store& store, ObjectId lead, Deadline deadline = {});

}  // namespace rapport
