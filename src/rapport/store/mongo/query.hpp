#pragma once

#include <span>
#include <vector>

#include "rapport/store/operation.hpp"

namespace rapport::mongo {

/// The trees of core in MongoDB's query language. Every value stands behind an operator, so that no
/// text can become one.
Document to_filter(const FilterNode& filter);
/// The same condition for a query with an order to keep: written so that an index can give it.
Document to_ordered_filter(const FilterNode& filter);
Document to_sort(const std::vector<SortKey>& sort);
Document to_update(const std::vector<Change>& changes);

/// `[{$match}, {$group}]` as the only element, `pipeline`, of a document.
Document to_pipeline(const AggregateDocuments& aggregate);
/// All of the first page, then all of the next: `[{$match}, {$sort}, {$limit}, {$unionWith}, …]`.
Document to_pipeline(std::span<const FindDocuments* const> pages);

}  // namespace rapport::mongo
