#pragma once

#include <algorithm>
#include <chrono>
#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "rapport/core/described.hpp"
#include "rapport/core/sort.hpp"

namespace rapport {

/// How a member is kept where an engine has columns. Nested members and lists are JSON text, dates
/// ISO 8601 text, ids 24 digits.
enum class ColumnType : std::uint8_t { kText, kInteger, kReal, kBool, kDate, kId, kJson };

struct Column {
    std::string name;
    ColumnType type;
};

/// An index that an engine keeps, by name. Keys may be paths of nested members.
struct Index {
    enum class Engine : std::uint8_t { kBoth, kMongo, kSqlite };

    std::string name;
    std::vector<SortKey> keys;
    bool unique = false;
    /// Only documents that have this member are in the index; empty for all of them.
    std::string where_present{};
    /// Documents are removed so long after the date that is the only key.
    std::optional<std::chrono::seconds> expire_after{};
    /// A key list, built by earlier systems, that this index makes superfluous: dropped when this
    /// one stands.
    std::vector<SortKey> replaces{};
    /// The engine whose planner needs it.
    Engine engine = Engine::kBoth;
};

/// A MongoDB collection, or a SQLite table.
struct Collection {
    std::string name;
    std::vector<Column> columns;
    std::vector<Index> indexes;
    /// Names of indexes that must not exist (any more).
    std::vector<std::string> retired_indexes{};

    /// True when at most one document has given values at these paths, which stand as in its index.
    bool has_unique_key(const std::vector<std::string>& paths) const {
        const auto is_it = [&](const Index& index) {
            return index.unique && std::ranges::equal(index.keys, paths, {}, &SortKey::path);
        };
        return (paths.size() == 1 && paths.front() == "_id") || std::ranges::any_of(indexes, is_it);
    }

    /// True when an index has the documents with one value at `path` in this order, or its
    /// opposite.
    bool gives_order(std::string_view path, const std::vector<SortKey>& sort) const {
        return std::ranges::any_of(indexes, [&](const Index& index) {
            if (index.keys.empty() || index.keys.front().path != path) return false;
            const std::vector<SortKey> rest(index.keys.begin() + 1, index.keys.end());
            return rest == sort || reversed(rest) == sort;
        });
    }

    const Column* find_column(std::string_view column) const {
        for (const Column& candidate : columns) {
            if (candidate.name == column) return &candidate;
        }
        return nullptr;
    }
};

template <class M>
constexpr ColumnType column_type() {
    if constexpr (std::same_as<M, std::string> || NamedEnum<M>) {
        return ColumnType::kText;
    } else if constexpr (std::same_as<M, bool>) {
        return ColumnType::kBool;
    } else if constexpr (std::integral<M>) {
        return ColumnType::kInteger;
    } else if constexpr (std::floating_point<M>) {
        return ColumnType::kReal;
    } else if constexpr (std::same_as<M, Timestamp>) {
        return ColumnType::kDate;
    } else if constexpr (std::same_as<M, ObjectId>) {
        return ColumnType::kId;
    } else {
        return ColumnType::kJson;
    }
}

/// A column for every member of T, under its wire name.
template <Described T>
std::vector<Column> columns_of() {
    std::vector<Column> columns;
    for_each_member<T>([&]<class M>(std::string_view name, M T::*) {
        columns.push_back({std::string(name), column_type<Plain<M>>()});
    });
    return columns;
}

}  // namespace rapport
