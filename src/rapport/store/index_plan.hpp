#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "rapport/store/collection.hpp"

namespace rapport {

/// One index that is not as its collection declares it, and so one step of EnsureIndexes.
struct IndexDifference {
    enum class Kind : std::uint8_t {
        kMissing,    ///< to be built
        kDifferent,  ///< other keys, or unique where it must not be: to be built anew, then dropped
        kExpiry,     ///< right but for its expiry: to be changed online
        kLeftOver,   ///< of an earlier version, or of a change that was interrupted: to be dropped
    };

    Kind kind;
    std::string collection;
    std::optional<Index> found{};   ///< as it stands; absent when it is missing
    std::optional<Index> wanted{};  ///< as it is declared; absent when it is left over

    /// The wanted one's name, else the found one's.
    const std::string& name() const { return wanted ? wanted->name : found->name; }
};

/// An index of another program by which the database removes documents, whatever our settings say.
struct ForeignExpiry {
    std::string collection;
    Index index;
};

/// What stands between a database's indexes and those declared. The differences are in the order in
/// which they are to be put right: what replaces something comes before that goes.
struct IndexPlan {
    std::vector<IndexDifference> differences{};
    std::vector<ForeignExpiry> foreign_expiries{};
};

/// Adds what one collection differs in to the plan. `existing` are its indexes on `engine`, that of
/// `_id` included or not. The same keys and options under another name count as the index.
void plan_indexes(IndexPlan& plan, const Collection& collection, const std::vector<Index>& existing,
                  Index::Engine engine);

/// The name of the index that stands in while one is built anew under its own name.
std::string bridge_name(const Index& index);

/// For people: `lead_id, timestamp desc; unique; where external_id is; expires after 365 d`.
std::string describe(const Index& index);

}  // namespace rapport
