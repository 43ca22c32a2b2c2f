#pragma once

#include <fmt/format.h>

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "rapport/conversation/rules/config_value.hpp"
#include "rapport/core/enum_names.hpp"

namespace rapport::rules {

/// Reads the members of one TOML table. Every failure is an InvalidArgument that names file, line
/// and key, and says what to write instead. What is read must outlive it.
class ConfigTable {
  public:
    /// `file` as errors name it.
    ConfigTable(const ConfigValue& value, std::string file);

    bool has(std::string_view key);
    /// Of a key that must be there.
    std::string text(std::string_view key);
    std::vector<std::string> texts(std::string_view key);
    ConfigTable table(std::string_view key);
    /// Of a key that may be absent.
    std::string text_or(std::string_view key, std::string_view otherwise);
    double number_or(std::string_view key, double otherwise);
    bool flag(std::string_view key);
    std::vector<std::string> texts_or_none(std::string_view key);
    std::vector<ConfigTable> tables(std::string_view key);
    /// One of an enum's names; absent where the key is.
    template <class E>
    std::optional<E> choice(std::string_view key) {
        if (!has(key)) return std::nullopt;
        return choice_of<E>(key, text(key));
    }
    template <class E>
    std::vector<E> choices(std::string_view key) {
        std::vector<E> all;
        for (const std::string& name : texts_or_none(key)) all.push_back(choice_of<E>(key, name));
        return all;
    }
    /// All keys of a table whose keys are anything: words, names of sets.
    std::vector<std::string> keys() const;

    /// Fails for a key that nobody asked for, which is a typing error.
    void done() const;
    /// Throws, about the key's value.
    [[noreturn]] void fail(std::string_view key, std::string_view problem) const;

  private:
    template <class E>
    E choice_of(std::string_view key, std::string_view name) const {
        std::string known;
        for (const auto& [value, its_name] : kEnumTable<E>) {
            if (name == its_name) return value;
            known += (known.empty() ? "" : ", ") + std::string(its_name);
        }
        fail(key, fmt::format("\"{}\" is none of {}", name, known));
    }
    const ConfigValue* find(std::string_view key);
    const ConfigValue& need(std::string_view key, std::string_view example);

    const ConfigValue* value_;
    const ConfigValue::Table* table_;
    std::string file_;
    std::set<std::string, std::less<>> asked_;
};

}  // namespace rapport::rules
