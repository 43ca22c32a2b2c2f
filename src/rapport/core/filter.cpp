#include "rapport/core/filter.hpp"

namespace rapport {

FilterNode both(FilterNode a, FilterNode b) {
    AllOf joined;
    for (FilterNode* side : {&a, &b}) {
        if (auto* all = std::get_if<AllOf>(side)) {
            for (FilterNode& part : all->parts) joined.parts.push_back(std::move(part));
        } else {
            joined.parts.push_back(std::move(*side));
        }
    }
    return FilterNode(std::move(joined));
}

bool matches_everything(const FilterNode& filter) {
    const auto* all = std::get_if<AllOf>(&filter);
    return all != nullptr && all->parts.empty();
}

}  // namespace rapport
