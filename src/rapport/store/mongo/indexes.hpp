#pragma once

#include <vector>

#include "rapport/store/mongo/driver.hpp"

namespace rapport::mongo {

/// What ensure_indexes() would do now.
IndexPlan plan_indexes(const Session& session, const std::vector<Collection>& collections,
                       Deadline deadline);

/// Brings every collection's indexes to what is declared; see EnsureIndexes. An index that is
/// replaced stays until the new one stands. The same keys and options under another name count as
/// the index.
void ensure_indexes(const Session& session, const std::vector<Collection>& collections,
                    Deadline deadline);

}  // namespace rapport::mongo
