#include "rapport/core/sort.hpp"

namespace rapport {
namespace {

/// One value strictly after another in the order of one key. Absent is less than everything, but no
/// comparison ever holds for it, so it is spelled out.
FilterNode beyond(const SortKey& key, const Scalar& value) {
    const bool absent = std::holds_alternative<std::monostate>(value);
    if (key.descending && absent) return FilterNode(AnyOf{});
    if (absent) return FilterNode(Compare{key.path, CompareOp::kNotEqual, {}});
    if (!key.descending) return FilterNode(Compare{key.path, CompareOp::kGreater, value});
    AnyOf less_or_absent;
    less_or_absent.parts.emplace_back(Compare{key.path, CompareOp::kLess, value});
    less_or_absent.parts.emplace_back(Compare{key.path, CompareOp::kEqual, {}});
    return FilterNode(std::move(less_or_absent));
}

}  // namespace

std::optional<FilterNode> start_of(const SortKey& key, const Scalar& value) {
    const bool absent = std::holds_alternative<std::monostate>(value);
    if (absent && !key.descending) return std::nullopt;
    if (absent) return FilterNode(Compare{key.path, CompareOp::kEqual, {}});
    if (!key.descending) return FilterNode(Compare{key.path, CompareOp::kGreaterEqual, value});
    Negation less_or_equal_or_absent;
    less_or_equal_or_absent.part.emplace_back(Compare{key.path, CompareOp::kGreater, value});
    return FilterNode(std::move(less_or_equal_or_absent));
}

FilterNode after(const std::vector<SortKey>& keys, const std::vector<Scalar>& position) {
    AnyOf any;
    for (std::size_t i = 0; i < keys.size(); ++i) {
        AllOf all;
        for (std::size_t j = 0; j < i; ++j) {
            all.parts.emplace_back(Compare{keys[j].path, CompareOp::kEqual, position[j]});
        }
        all.parts.push_back(beyond(keys[i], position[i]));
        any.parts.emplace_back(std::move(all));
    }
    AllOf bounded;
    // Implied by the rest.
    if (auto start = start_of(keys.front(), position.front())) {
        bounded.parts.push_back(std::move(*start));
    }
    bounded.parts.emplace_back(std::move(any));
    return FilterNode(std::move(bounded));
}

std::vector<SortKey> reversed(std::vector<SortKey> keys) {
    for (SortKey& key : keys) key.descending = !key.descending;
    return keys;
}

}  // namespace rapport
