#include "rapport/store/sqlite/indexes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "rapport/core/error.hpp"
#include "rapport/store/sqlite/sql.hpp"

namespace rapport::sqlite {
namespace {

/// The condition of a partial index, as where_present says it where it is one of ours.
std::string condition_of(const std::string& definition) {
    constexpr std::string_view kWhere = " WHERE ";
    constexpr std::string_view kPresent = "\" IS NOT NULL";
    const std::size_t at = definition.find(kWhere);
    if (at == std::string::npos) return {};
    std::string condition = definition.substr(at + kWhere.size());
    const bool ours = condition.starts_with('"') && condition.ends_with(kPresent);
    if (ours) condition = condition.substr(1, condition.size() - 1 - kPresent.size());
    return condition;
}

/// An index as it stands, read from its parts.
Index read_index(Connection& connection, const std::string& name, const std::string& definition) {
    Index index{.name = name, .keys = {}};
    index.unique = definition.starts_with("CREATE UNIQUE ");
    index.where_present = condition_of(definition);
    Statement parts =
        connection.prepare("SELECT name, \"desc\", coll FROM pragma_index_xinfo(?) WHERE key");
    parts.bind(1, name);
    while (parts.step()) {
        // What is no column is an expression.
        std::string path = parts.type(0) == SQLITE_NULL ? "(expression)" : parts.text(0);
        const std::string order = parts.text(2);
        if (order != "BINARY") path += " " + order;
        index.keys.push_back({std::move(path), parts.integer(1) != 0});
    }
    return index;
}

std::vector<Index> existing_indexes(Connection& connection, const Collection& collection) {
    std::set<std::string> names(collection.retired_indexes.begin(),
                                collection.retired_indexes.end());
    for (const Index& index : collection.indexes) names.insert(index.name);
    std::vector<Index> existing;
    Statement list = connection.prepare(
        "SELECT name, sql FROM sqlite_master WHERE type='index' AND tbl_name=? AND sql IS NOT "
        "NULL");
    list.bind(1, collection.name);
    while (list.step()) {
        const std::string name = list.text(0);
        const std::string definition = list.text(1);
        if (!names.contains(name)) continue;
        const auto declared = std::ranges::find(collection.indexes, name, &Index::name);
        const bool is_declared = declared != collection.indexes.end();
        if (is_declared && definition == create_index(collection, *declared)) {
            existing.push_back(*declared);
            continue;
        }
        existing.push_back(read_index(connection, name, definition));
        // Rows expire by the declaration; the index is only how they are found.
        if (is_declared) existing.back().expire_after = declared->expire_after;
    }
    return existing;
}

void drop(Connection& connection, const Index& index) {
    connection.execute(fmt::format("DROP INDEX \"{}\"", index.name));
}

void create(Connection& connection, const Collection& collection, const Index& index) {
    try {
        connection.execute(create_index(collection, index));
    } catch (const DuplicateKey&) {
        throw DuplicateKey(
            fmt::format("{}: stored rows break the unique index {}", collection.name, index.name),
            "remove the duplicates, then try again");
    }
}

}  // namespace

IndexPlan plan_indexes(Connection& connection, const std::vector<Collection>& collections) {
    IndexPlan plan;
    for (const Collection& collection : collections) {
        rapport::plan_indexes(plan, collection, existing_indexes(connection, collection),
                              Index::Engine::kSqlite);
    }
    return plan;
}

/// In a transaction nobody sees the time between two indexes, so that none has to bridge it.
void ensure_indexes(Connection& connection, const std::vector<Collection>& collections) {
    Transaction transaction(connection);
    for (const IndexDifference& difference : plan_indexes(connection, collections).differences) {
        if (difference.found) drop(connection, *difference.found);
        if (!difference.wanted) continue;
        create(connection,
               *std::ranges::find(collections, difference.collection, &Collection::name),
               *difference.wanted);
    }
    transaction.commit();
}

}  // namespace rapport::sqlite
