#pragma once

#include <optional>
#include <string>
#include <vector>

#include "rapport/core/filter.hpp"

namespace rapport {

/// One key of an order. Absent values come first ascending and last descending, on both engines.
struct SortKey {
    std::string path;
    bool descending = false;

    bool operator==(const SortKey&) const = default;
};

/// An order of entities T: `Sort<Lead>().descending(where(&Lead::message_count))`. Further keys
/// decide between equals of those before.
template <class T>
class Sort {
  public:
    template <class M>
    Sort& ascending(Field<T, M> field) {
        return add({field.path(), false});
    }
    template <class M>
    Sort& descending(Field<T, M> field) {
        return add({field.path(), true});
    }
    const std::vector<SortKey>& keys() const { return keys_; }

  private:
    Sort& add(SortKey key) {
        keys_.push_back(std::move(key));
        return *this;
    }
    std::vector<SortKey> keys_;
};

/// What comes strictly after `position` (the values of `keys`) in that order: the condition of
/// keyset paging. The last key must be unique, or rows equal in all keys are passed over.
FilterNode after(const std::vector<SortKey>& keys, const std::vector<Scalar>& position);

/// What has `value` or comes after it in the order of this key: a range that lets an engine begin
/// there instead of reading all that comes before. Nothing for an ascending key's absent values,
/// which come before everything.
std::optional<FilterNode> start_of(const SortKey& key, const Scalar& value);

/// The opposite order.
std::vector<SortKey> reversed(std::vector<SortKey> keys);

}  // namespace rapport
