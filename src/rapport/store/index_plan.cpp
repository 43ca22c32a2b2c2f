#include "rapport/store/index_plan.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace rapport {
namespace {

using Kind = IndexDifference::Kind;

bool is_same(const Index& one, const Index& other) {
    return one.keys == other.keys && one.unique == other.unique &&
           one.where_present == other.where_present;
}

/// As on MongoDB, an index of several keys removes nothing, whatever expiry it is given.
std::optional<std::chrono::seconds> expiry_of(const Index& index) {
    return index.keys.size() == 1 ? index.expire_after : std::nullopt;
}

class Planner {
  public:
    Planner(IndexPlan& plan, const Collection& collection, const std::vector<Index>& existing)
        : plan_(plan), collection_(collection), existing_(existing) {}

    void want(const Index& index) {
        const auto same = std::ranges::find_if(
            existing_, [&](const Index& candidate) { return is_same(candidate, index); });
        if (same == existing_.end()) {
            const Index* named = by_name(index.name);
            add(named == nullptr ? Kind::kMissing : Kind::kDifferent, named, &index);
        } else if (expiry_of(*same) != expiry_of(index)) {
            // An expiry can be set and changed in place, but not taken away.
            add(expiry_of(index) ? Kind::kExpiry : Kind::kDifferent, &*same, &index);
        }
        for (const Index& old : existing_) {
            if (!index.replaces.empty() && old.keys == index.replaces && !old.unique &&
                old.name != index.name) {
                add(Kind::kLeftOver, &old, nullptr);
            }
        }
        retire(bridge_name(index));
    }

    void retire(const std::string& name) {
        if (const Index* left = by_name(name)) add(Kind::kLeftOver, left, nullptr);
    }

    void note_foreign_expiries(const std::vector<Index>& wanted) {
        for (const Index& index : existing_) {
            const bool is_ours =
                std::ranges::any_of(wanted,
                                    [&](const Index& one) { return is_same(one, index); }) ||
                std::ranges::any_of(plan_.differences, [&](const IndexDifference& one) {
                    return one.collection == collection_.name && one.found &&
                           one.found->name == index.name;
                });
            if (expiry_of(index) && !is_ours) {
                plan_.foreign_expiries.push_back({collection_.name, index});
            }
        }
    }

  private:
    const Index* by_name(const std::string& name) const {
        const auto found = std::ranges::find(existing_, name, &Index::name);
        return found == existing_.end() ? nullptr : &*found;
    }

    void add(Kind kind, const Index* found, const Index* wanted) {
        IndexDifference difference{kind, collection_.name};
        if (found != nullptr) difference.found = *found;
        if (wanted != nullptr) difference.wanted = *wanted;
        plan_.differences.push_back(std::move(difference));
    }

    IndexPlan& plan_;
    const Collection& collection_;
    const std::vector<Index>& existing_;
};

std::string describe_time(std::chrono::seconds time) {
    const auto days = std::chrono::floor<std::chrono::days>(time);
    return days == time ? fmt::format("{} d", days.count()) : fmt::format("{} s", time.count());
}

}  // namespace

void plan_indexes(IndexPlan& plan, const Collection& collection, const std::vector<Index>& existing,
                  Index::Engine engine) {
    Planner planner(plan, collection, existing);
    std::vector<Index> wanted;
    std::vector<std::string> unwanted = collection.retired_indexes;
    for (const Index& index : collection.indexes) {
        if (index.engine == Index::Engine::kBoth || index.engine == engine) {
            wanted.push_back(index);
        } else {
            unwanted.push_back(index.name);
        }
    }
    for (const Index& index : wanted) planner.want(index);
    for (const std::string& name : unwanted) planner.retire(name);
    planner.note_foreign_expiries(wanted);
}

std::string bridge_name(const Index& index) { return index.name + "_bridge"; }

std::string describe(const Index& index) {
    std::string text;
    for (const SortKey& key : index.keys) {
        text += fmt::format("{}{}{}", text.empty() ? "" : ", ", key.path,
                            key.descending ? " desc" : "");
    }
    if (index.unique) text += "; unique";
    if (!index.where_present.empty()) text += "; where " + index.where_present + " is";
    if (expiry_of(index)) text += "; expires after " + describe_time(*index.expire_after);
    return text;
}

}  // namespace rapport
