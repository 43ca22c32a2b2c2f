#pragma once

#include <vector>

#include "rapport/store/index_plan.hpp"
#include "rapport/store/sqlite/connection.hpp"

namespace rapport::sqlite {

/// What ensure_indexes() would do now.
IndexPlan plan_indexes(Connection& connection, const std::vector<Collection>& collections);

/// Brings every collection's indexes to what is declared, in one transaction; see EnsureIndexes.
/// Indexes of other programs are never looked at: ours are known by their names.
void ensure_indexes(Connection& connection, const std::vector<Collection>& collections);

}  // namespace rapport::sqlite
