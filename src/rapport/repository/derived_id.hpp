#pragma once

#include <string_view>

#include "rapport/core/object_id.hpp"

namespace rapport {

/// An `_id` made from another one: the same each time it is asked for with the same salt, so that
/// what was cut short finds what it has stored.
ObjectId derived_id(const ObjectId& id, std::string_view salt);

}  // namespace rapport
