#pragma once

#include <string>

namespace rapport::cli {

/// Who runs this, for the audit: `given` (--by) where it is not empty, else the name of the
/// operating system's user, or its number where it has none.
std::string operator_name(const std::string& given);

}  // namespace rapport::cli
