#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace rapport::rules {

/// A value of a TOML file, and its line there. Table members are sorted by name.
struct ConfigValue {
    using Array = std::vector<ConfigValue>;
    using Table = std::vector<std::pair<std::string, ConfigValue>>;

    std::variant<bool, double, std::string, Array, Table> data{};
    std::size_t line = 0;
};

/// Reads a whole file. Throws InvalidArgument that names the file and line of what is no TOML.
ConfigValue parse_config(std::string_view text, const std::string& file);

}  // namespace rapport::rules
