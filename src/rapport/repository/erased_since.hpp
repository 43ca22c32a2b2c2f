#pragma once

#include <string>
#include <vector>

#include "rapport/repository/audit.hpp"

namespace rapport {

/// The `_id`s of all entries of the record of who was erased, in ascending order.
Async<std::vector<ObjectId>> audit_ids(Store& store);

/// Who was erased in a database since some other one was copied from it, or without the other one
/// knowing: by the entries that only this one's record has. Somebody whose erasure both know, and
/// whom the other one holds, has come back there.
class ErasedSince {
  public:
    /// `known`: the `_id`s of the other one's entries, in ascending order.
    ErasedSince(Store& store, std::string audit_key, std::vector<ObjectId> known);

    /// Looks at the record anew. Throws InvalidArgument where it has entries of its own and there
    /// is no key to tell whose they are.
    Async<void> look();

    /// Throws as look() does; needs it to have been called. `lead_id` is in its one spelling.
    Async<AuditStanding> standing(std::string lead_id);

  private:
    bool is_known(const ObjectId& entry) const;

    Store& store_;
    AuditLog audit_;
    std::vector<ObjectId> known_;
    bool has_own_ = false;
    /// Some of them under another key: nobody can tell whose they are.
    bool has_other_keys_ = false;
};

}  // namespace rapport
