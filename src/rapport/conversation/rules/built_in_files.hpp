#pragma once

#include <string_view>

namespace rapport::rules {

/// The text of a file of `config/`, empty for any other. The build generates its source from them.
std::string_view built_in_file(std::string_view name);

}  // namespace rapport::rules
