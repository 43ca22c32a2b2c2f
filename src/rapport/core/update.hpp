#pragma once

#include <cstdint>
#include <string>
#include <type_traits>
#include <vector>

#include "rapport/core/codec.hpp"
#include "rapport/core/filter.hpp"

namespace rapport {

enum class ChangeOp : std::uint8_t {
    kSet,
    kUnset,
    kIncrement,  ///< by a whole number; an absent value counts as 0
    kMax,        ///< keeps the greater; an absent value takes the new one
    kPush,       ///< appends the items of an array, then keeps the last `keep`
};

/// One change of one field. `value` holds its operand as its only element, named `v`: an array of
/// the new items for kPush, nothing for kUnset.
struct Change {
    ChangeOp op;
    std::string path;
    Document value{};
    std::int64_t keep = 0;  ///< kPush only; 0 keeps all

    BsonElement operand() const { return BsonReader(value).next(); }
};

/// Changes of single fields of T, so that two writers of different fields do not undo each other:
/// `Update<Lead>().set(where(&Lead::current_stage), SalesStage::kQualified)`.
template <class T>
class Update {
  public:
    /// An optional without a value unsets the field.
    template <class M>
    Update& set(Field<T, M> field, const std::type_identity_t<M>& value) {
        if constexpr (kIsOptional<M>) {
            if (!value) return add(ChangeOp::kUnset, field.path(), Document());
        }
        return add(ChangeOp::kSet, field.path(), operand(value));
    }
    template <class M>
    Update& unset(Field<T, std::optional<M>> field) {
        return add(ChangeOp::kUnset, field.path(), Document());
    }
    Update& increment(Field<T, std::int64_t> field, std::int64_t by) {
        return add(ChangeOp::kIncrement, field.path(), operand(by));
    }
    template <class M>
    Update& max(Field<T, M> field, const std::type_identity_t<Plain<M>>& value) {
        return add(ChangeOp::kMax, field.path(), operand(value));
    }
    /// Appends `items`, then drops from the front what exceeds `keep` (0: nothing).
    template <class M>
    Update& push(Field<T, std::vector<M>> field, const std::vector<M>& items,
                 std::int64_t keep = 0) {
        return add(ChangeOp::kPush, field.path(), operand(items), keep);
    }

    const std::vector<Change>& changes() const { return changes_; }

  private:
    template <class V>
    static Document operand(const V& value) {
        BsonWriter out;
        codec::write(out, "v", value);
        return out.finish();
    }
    Update& add(ChangeOp op, std::string path, Document value, std::int64_t keep = 0) {
        changes_.push_back({op, std::move(path), std::move(value), keep});
        return *this;
    }

    std::vector<Change> changes_;
};

}  // namespace rapport
