#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace rapport::rules {

/// Finds a word in constant time, by a view of a message too.
struct WordHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view word) const {
        return std::hash<std::string_view>{}(word);
    }
};
template <class T>
using WordMap = boost::unordered_flat_map<std::string, T, WordHash, std::equal_to<>>;

}  // namespace rapport::rules
