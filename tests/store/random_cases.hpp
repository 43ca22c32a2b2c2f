#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "rapport/core/filter.hpp"
#include "rapport/core/sort.hpp"
#include "rapport/core/update.hpp"
#include "tests/store/parcel.hpp"

namespace rapport::testing {

/// Random parcels, and random filters, orders and changes on them. Values come from small pools,
/// so that ties and matches are common; the same seed gives the same cases.
class RandomCases {
  public:
    explicit RandomCases(std::uint64_t seed) : random_(seed) {}

    /// Parcels with codes of their own and increasing ids.
    std::vector<Parcel> parcels(std::size_t count);
    FilterNode filter() { return filter(3); }
    /// Up to two keys, and then `_id`.
    std::vector<SortKey> order();
    /// One to three changes that do not overlap.
    std::vector<Change> changes();

    std::size_t below(std::size_t end) { return random_() % end; }
    bool chance(int percent) { return below(100) < static_cast<std::size_t>(percent); }

  private:
    FilterNode filter(int depth);
    FilterNode leaf();
    std::vector<FilterNode> parts(int depth);
    Change change();
    Change list_change();
    Scalar value_for(const std::string& path);
    Label label();
    template <class V>
    const V& one_of(const std::vector<V>& pool) {
        return pool[below(pool.size())];
    }

    std::mt19937_64 random_;
};

/// The filter as text, for failures.
std::string describe(const FilterNode& filter);
std::string describe(const std::vector<SortKey>& order);
std::string describe(const std::vector<Change>& changes);

}  // namespace rapport::testing
