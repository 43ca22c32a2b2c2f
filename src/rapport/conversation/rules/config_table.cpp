#include "rapport/conversation/rules/config_table.hpp"

#include <algorithm>
#include <utility>

#include "rapport/core/error.hpp"

namespace rapport::rules {
namespace {

const ConfigValue* find_in(const ConfigValue::Table& table, std::string_view key) {
    const auto found = std::find_if(table.begin(), table.end(),
                                    [&](const auto& item) { return item.first == key; });
    return found == table.end() ? nullptr : &found->second;
}

}  // namespace

ConfigTable::ConfigTable(const ConfigValue& value, std::string file)
    : value_(&value), table_(std::get_if<ConfigValue::Table>(&value.data)), file_(std::move(file)) {
    if (table_ == nullptr) {
        throw InvalidArgument(fmt::format("{}:{}: must be a table", file_, value.line));
    }
}

const ConfigValue* ConfigTable::find(std::string_view key) {
    asked_.emplace(key);
    return find_in(*table_, key);
}

const ConfigValue& ConfigTable::need(std::string_view key, std::string_view example) {
    if (const ConfigValue* value = find(key)) return *value;
    throw InvalidArgument(
        fmt::format("{}:{}: {} is missing; write {} = {}", file_, value_->line, key, key, example));
}

bool ConfigTable::has(std::string_view key) { return find(key) != nullptr; }

std::string ConfigTable::text(std::string_view key) {
    const auto* text = std::get_if<std::string>(&need(key, "\"…\"").data);
    if (text == nullptr) fail(key, "must be a text in quotes");
    return *text;
}

std::vector<std::string> ConfigTable::texts(std::string_view key) {
    const auto* items = std::get_if<ConfigValue::Array>(&need(key, "[\"…\", \"…\"]").data);
    if (items == nullptr || items->empty()) fail(key, "must be a list: [\"…\", \"…\"]");
    std::vector<std::string> all;
    for (const ConfigValue& item : *items) {
        const auto* text = std::get_if<std::string>(&item.data);
        if (text == nullptr) fail(key, "must hold texts in quotes only");
        all.push_back(*text);
    }
    return all;
}

ConfigTable ConfigTable::table(std::string_view key) {
    const ConfigValue& value = need(key, "{ … }");
    if (!std::holds_alternative<ConfigValue::Table>(value.data)) {
        fail(key, fmt::format("must be a table: [{}]", key));
    }
    return {value, file_};
}

std::string ConfigTable::text_or(std::string_view key, std::string_view otherwise) {
    return has(key) ? text(key) : std::string(otherwise);
}

double ConfigTable::number_or(std::string_view key, double otherwise) {
    const ConfigValue* value = find(key);
    if (value == nullptr) return otherwise;
    const auto* number = std::get_if<double>(&value->data);
    if (number == nullptr) fail(key, fmt::format("must be a number: {} = 2", key));
    return *number;
}

bool ConfigTable::flag(std::string_view key) {
    const ConfigValue* value = find(key);
    if (value == nullptr) return false;
    const auto* flag = std::get_if<bool>(&value->data);
    if (flag == nullptr) fail(key, "must be true or false");
    return *flag;
}

std::vector<std::string> ConfigTable::texts_or_none(std::string_view key) {
    return has(key) ? texts(key) : std::vector<std::string>{};
}

std::vector<ConfigTable> ConfigTable::tables(std::string_view key) {
    std::vector<ConfigTable> all;
    const ConfigValue* value = find(key);
    if (value == nullptr) return all;
    const auto* items = std::get_if<ConfigValue::Array>(&value->data);
    if (items == nullptr) fail(key, fmt::format("must be a list of tables: [[{}]]", key));
    for (const ConfigValue& item : *items) all.emplace_back(item, file_);
    return all;
}

std::vector<std::string> ConfigTable::keys() const {
    std::vector<std::string> all;
    for (const auto& [key, value] : *table_) all.push_back(key);
    return all;
}

void ConfigTable::done() const {
    for (const auto& [key, value] : *table_) {
        if (!asked_.contains(key)) {
            std::string known;
            for (const std::string& name : asked_) known += (known.empty() ? "" : ", ") + name;
            fail(key, fmt::format("is no key of this table; there are {}", known));
        }
    }
}

void ConfigTable::fail(std::string_view key, std::string_view problem) const {
    const ConfigValue* value = find_in(*table_, key);
    throw InvalidArgument(
        fmt::format("{}:{}: {}: {}", file_, value ? value->line : value_->line, key, problem));
}

}  // namespace rapport::rules
