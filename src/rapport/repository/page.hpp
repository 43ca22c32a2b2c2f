#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rapport/core/sort.hpp"

namespace rapport {

/// How many a method returns when the caller does not say.
inline constexpr std::int64_t kDefaultLimit = 100;

/// One page of a longer list. A cursor is an opaque text that holds the place it was made at, so
/// it neither repeats nor loses a row while others come and go.
template <class T>
struct Page {
    std::vector<T> items;
    /// Where the list goes on; absent at its end.
    std::optional<std::string> next;
    /// Where the page before this one starts; absent at the beginning.
    std::optional<std::string> previous;
};

/// What a cursor's text holds.
struct PagePosition {
    std::vector<Scalar> values;  ///< of the sort's keys, in the row next to the page
    bool backwards = false;      ///< the page before that row is wanted, not the one after
};

std::string encode_cursor(const PagePosition& position, const std::vector<SortKey>& sort);

/// Throws InvalidArgument for a text that is no cursor, or one of a list in another order.
PagePosition decode_cursor(std::string_view cursor, const std::vector<SortKey>& sort);

}  // namespace rapport
