#include "rapport/store/key_lookup.hpp"

#include <algorithm>
#include <span>

namespace rapport {
namespace {

/// Look-ups of more keys at once run alone.
constexpr std::size_t kMostKeys = 100;
/// A page of more documents is read alone.
constexpr std::int64_t kMostOfPage = 100;

/// Numbers are equal whatever their type, which a map of asked values is not told.
bool is_exact(const Scalar& value) {
    return std::holds_alternative<std::string>(value) || std::holds_alternative<ObjectId>(value);
}

}  // namespace

std::optional<KeyLookup> key_lookup(const FindDocuments& find) {
    if (find.skip != 0 || !find.sort.empty()) return std::nullopt;
    KeyLookup lookup;
    if (const auto* some = std::get_if<OneOf>(&find.filter)) {
        if (find.limit != 0 || some->values.size() > kMostKeys) return std::nullopt;
        lookup.paths = {some->path};
        for (const Scalar& value : some->values) lookup.values.push_back({value});
        return lookup;
    }
    const auto* all = std::get_if<AllOf>(&find.filter);
    const std::span<const FilterNode> parts =
        all == nullptr ? std::span(&find.filter, 1) : std::span(all->parts);
    lookup.values.emplace_back();
    for (const FilterNode& part : parts) {
        const auto* one = std::get_if<Compare>(&part);
        if (one == nullptr || one->op != CompareOp::kEqual) return std::nullopt;
        lookup.paths.push_back(one->path);
        lookup.values.front().push_back(one->value);
    }
    if (find.limit != 1 || lookup.paths.empty()) return std::nullopt;
    return lookup;
}

bool asks_by_unique_key(const FindDocuments& find) {
    const auto lookup = key_lookup(find);
    if (!lookup || !find.collection->has_unique_key(lookup->paths)) return false;
    return std::ranges::all_of(lookup->values, [&](const std::vector<Scalar>& key) {
        return std::ranges::all_of(key, is_exact);
    });
}

const Compare* key_of_page(const FindDocuments& find) {
    const auto* key = std::get_if<Compare>(&find.filter);
    if (key == nullptr || key->op != CompareOp::kEqual || !is_exact(key->value)) return nullptr;
    if (find.sort.empty() || find.skip != 0) return nullptr;
    if (find.limit < 1 || find.limit > kMostOfPage) return nullptr;
    return find.collection->gives_order(key->path, find.sort) ? key : nullptr;
}

}  // namespace rapport
