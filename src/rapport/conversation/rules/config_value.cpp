#include "rapport/conversation/rules/config_value.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <sstream>
#include <toml.hpp>

#include "rapport/core/error.hpp"

namespace rapport::rules {
namespace {

/// toml11 counts the lines from the file's start each time it is asked for one. A text in a list is
/// asked for by the list's key, so it need not know its own.
ConfigValue converted(const toml::value& from, const std::string& file,
                      std::optional<std::size_t> known_line = {}) {
    ConfigValue value{.line = known_line ? *known_line : from.location().line()};
    switch (from.type()) {
        case toml::value_t::boolean:
            value.data = from.as_boolean();
            break;
        case toml::value_t::integer:
            value.data = static_cast<double>(from.as_integer());
            break;
        case toml::value_t::floating:
            value.data = from.as_floating();
            break;
        case toml::value_t::string:
            value.data = from.as_string().str;
            break;
        case toml::value_t::array: {
            ConfigValue::Array array;
            for (const toml::value& item : from.as_array()) {
                const auto line = item.is_string() ? std::optional(value.line) : std::nullopt;
                array.push_back(converted(item, file, line));
            }
            value.data = std::move(array);
            break;
        }
        case toml::value_t::table: {
            ConfigValue::Table table;
            for (const auto& [name, item] : from.as_table()) {
                table.emplace_back(name, converted(item, file));
            }
            std::sort(table.begin(), table.end(),
                      [](const auto& a, const auto& b) { return a.first < b.first; });
            value.data = std::move(table);
            break;
        }
        default:
            throw InvalidArgument(fmt::format(
                "{}:{}: a date is not expected here; put it in quotes", file, value.line));
    }
    return value;
}

/// toml11 explains itself over several lines and underlines; the first says what is wrong.
std::string first_line(std::string_view text) {
    text = text.substr(0, text.find('\n'));
    constexpr std::string_view kMark = "[error] ";
    if (text.starts_with(kMark)) text.remove_prefix(kMark.size());
    return std::string(text);
}

}  // namespace

ConfigValue parse_config(std::string_view text, const std::string& file) {
    try {
        std::istringstream stream{std::string(text)};
        return converted(toml::parse(stream, file), file);
    } catch (const toml::exception& error) {
        throw InvalidArgument(fmt::format("{}:{}: not valid TOML: {}", file,
                                          error.location().line(), first_line(error.what())));
    }
}

}  // namespace rapport::rules
