#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

namespace rapport {

/// 32 hexadecimal digits: the first half of SHA-256 over the parts, each with its length before it,
/// so that no two lists of parts look alike.
std::string short_hash(std::initializer_list<std::string_view> parts);

}  // namespace rapport
