#include "rapport/store/sqlite/sql.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <span>
#include <utility>

#include "rapport/store/sqlite/sql_writer.hpp"

namespace rapport::sqlite {
namespace {

/// True where the filter already names one row.
bool pins_one_row(const FilterNode& filter) {
    const auto pins = [](const FilterNode& part) {
        const auto* compare = std::get_if<Compare>(&part);
        return compare != nullptr && compare->path == "_id" && compare->op == CompareOp::kEqual;
    };
    const auto* all = std::get_if<AllOf>(&filter);
    return pins(filter) || (all != nullptr && std::ranges::any_of(all->parts, pins));
}

std::string type_name(ColumnType type) {
    switch (type) {
        case ColumnType::kInteger:
        case ColumnType::kBool:
            return "INTEGER";
        case ColumnType::kReal:
            return "REAL";
        default:
            return "TEXT";
    }
}

std::string column_list(const Collection& collection) {
    std::string list;
    for (const Column& column : collection.columns) {
        list += list.empty() ? "\"" : ",\"";
        list += column.name;
        list += '"';
    }
    return list;
}

std::string column_definition(const Column& column) {
    const bool key = column.name == "_id";
    return fmt::format("\"{}\" {}{}", column.name, type_name(column.type),
                       key ? " PRIMARY KEY NOT NULL" : "");
}

/// Where a page in a descending order begins: the `not first key > value` of after().
const Compare* descending_start(const FindDocuments& find) {
    const auto* all = std::get_if<AllOf>(&find.filter);
    const auto is_column = [](const SortKey& key) { return !is_nested(key.path); };
    if (all == nullptr || find.sort.empty() || !std::ranges::all_of(find.sort, is_column)) {
        return nullptr;
    }
    for (const FilterNode& part : all->parts) {
        const auto* negation = std::get_if<Negation>(&part);
        if (negation == nullptr) continue;
        const auto* compare = std::get_if<Compare>(&negation->part.front());
        if (compare != nullptr && compare->op == CompareOp::kGreater &&
            !std::holds_alternative<std::monostate>(compare->value) &&
            find.sort.front() == SortKey{compare->path, true}) {
            return compare;
        }
    }
    return nullptr;
}

/// True where the filter lets no row pass that lacks this member.
bool demands(const FilterNode& filter, std::string_view path) {
    const auto* all = std::get_if<AllOf>(&filter);
    return all != nullptr && std::ranges::any_of(all->parts, [&](const FilterNode& part) {
               const auto* compare = std::get_if<Compare>(&part);
               return compare != nullptr && compare->path == path &&
                      compare->op != CompareOp::kNotEqual &&
                      !std::holds_alternative<std::monostate>(compare->value);
           });
}

/// More values than this are filtered from one run.
constexpr std::size_t kMostRuns = 16;

/// What a query in order over several values of an index's first key is asked as: one run of the
/// index for each value, which SQLite merges; it cannot see that by itself. Else the filter alone.
std::vector<FilterNode> ordered_runs(const FindDocuments& find) {
    const FilterNode& filter = find.filter;
    const auto* all = std::get_if<AllOf>(&filter);
    const std::span<const FilterNode> parts =
        all == nullptr ? std::span(&filter, 1) : std::span(all->parts);
    for (std::size_t i = 0; i < parts.size() && !find.sort.empty(); ++i) {
        const auto* one_of = std::get_if<OneOf>(&parts[i]);
        if (one_of == nullptr) continue;
        const std::set<Scalar> values(one_of->values.begin(), one_of->values.end());
        if (values.empty() || values.size() > kMostRuns ||
            !find.collection->gives_order(one_of->path, find.sort)) {
            continue;
        }
        std::vector<FilterNode> runs;
        for (const Scalar& value : values) {
            AllOf run;
            run.parts.assign(parts.begin(), parts.end());
            run.parts[i] = Compare{one_of->path, CompareOp::kEqual, value};
            runs.emplace_back(std::move(run));
        }
        return runs;
    }
    return {filter};
}

}  // namespace

Sql select_rows(const FindDocuments& find) {
    const std::string select =
        fmt::format("SELECT {} FROM \"{}\"", column_list(*find.collection), find.collection->name);
    SqlWriter out(*find.collection, "", !find.sort.empty());
    const Compare* start = descending_start(find);
    for (bool first = true; const FilterNode& run : ordered_runs(find)) {
        out.text(std::exchange(first, false) ? select : " UNION ALL " + select);
        if (start == nullptr) {
            out.where(run);
            continue;
        }
        const std::string key = out.place(start->path);
        out.text(" WHERE " + key + "<=");
        out.value(start->value);
        out.text(" AND ");
        out.condition(run);
        if (demands(run, start->path)) continue;
        // No range of an index holds "up to a value" and NULL, so there are two, which SQLite
        // merges in order.
        out.text(fmt::format(" UNION ALL {} WHERE {} IS NULL AND ", select, key));
        out.condition(run);
    }
    out.order(find.sort);
    if (find.limit > 0 || find.skip > 0) {
        out.text(" LIMIT ");
        out.value(find.limit > 0 ? find.limit : std::int64_t{-1});
        out.text(" OFFSET ");
        out.value(find.skip);
    }
    return out.finish();
}

Sql select_groups(const AggregateDocuments& aggregate) {
    SqlWriter out(*aggregate.collection, "SELECT ", !aggregate.group_by.empty());
    out.text(aggregate.group_by.empty() ? "NULL" : out.place(aggregate.group_by));
    out.text(",count(*),");
    out.text(aggregate.sum.empty() ? "0" : "coalesce(sum(" + out.place(aggregate.sum) + "),0)");
    out.text(fmt::format(" FROM \"{}\"", aggregate.collection->name));
    out.where(aggregate.filter);
    if (!aggregate.group_by.empty()) out.text(" GROUP BY " + out.place(aggregate.group_by));
    return out.finish();
}

Sql update_rows(const UpdateDocuments& update) {
    SqlWriter out(*update.collection, fmt::format("UPDATE \"{}\"", update.collection->name));
    out.set(update.changes);
    if (update.many || pins_one_row(update.filter)) {
        out.where(update.filter);
        return out.finish();
    }
    out.text(fmt::format(" WHERE rowid=(SELECT rowid FROM \"{}\"", update.collection->name));
    out.where(update.filter);
    out.text(" LIMIT 1)");
    return out.finish();
}

Sql delete_rows(const RemoveDocuments& remove) {
    SqlWriter out(*remove.collection, fmt::format("DELETE FROM \"{}\"", remove.collection->name));
    out.where(remove.filter);
    return out.finish();
}

std::string insert_row(const Collection& collection) {
    std::string marks = "?";
    for (std::size_t i = 1; i < collection.columns.size(); ++i) marks += ",?";
    return fmt::format("INSERT INTO \"{}\" ({}) VALUES ({})", collection.name,
                       column_list(collection), marks);
}

std::string create_table(const Collection& collection) {
    std::string columns;
    for (const Column& column : collection.columns) {
        if (!columns.empty()) columns += ", ";
        columns += column_definition(column);
    }
    return fmt::format("CREATE TABLE IF NOT EXISTS \"{}\" ({}) STRICT", collection.name, columns);
}

std::string add_column(const Collection& collection, const Column& column) {
    return fmt::format("ALTER TABLE \"{}\" ADD COLUMN {}", collection.name,
                       column_definition(column));
}

std::string create_index(const Collection& collection, const Index& index) {
    const SqlWriter names(collection, "");
    std::string keys;
    for (const SortKey& key : index.keys) {
        if (!keys.empty()) keys += ", ";
        keys += names.place(key.path);
        if (key.descending) keys += " DESC";
    }
    return fmt::format("CREATE {}INDEX \"{}\" ON \"{}\" ({}){}", index.unique ? "UNIQUE " : "",
                       index.name, collection.name, keys,
                       index.where_present.empty()
                           ? ""
                           : " WHERE " + names.place(index.where_present) + " IS NOT NULL");
}

}  // namespace rapport::sqlite
