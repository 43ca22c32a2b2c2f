#include "sql.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "rapport/core/error.hpp"
#include "rapport/core/json.hpp"

namespace rapport::sqlite {
namespace {

/// Writes one statement's condition, order and changes; everything reads columns of one table.
class SqlWriter {
  public:
    SqlWriter(const Collection& collection, std::string text, bool has_order = false)
        : collection_(collection), has_order_(has_order) {
        sql_.text = std::move(text);
    }

    void text(std::string_view more) { sql_.text += more; }
    void value(Scalar value) {
        sql_.text += '?';
        sql_.values.push_back(std::move(value));
    }
    void where(const FilterNode& filter) {
        const auto* all = std::get_if<AllOf>(&filter);
        if (all != nullptr && all->parts.empty()) return;
        text(" WHERE ");
        condition(filter);
    }
    void order(const std::vector<SortKey>& sort);
    void condition(const FilterNode& node) {
        std::visit([this](const auto& part) { write(part); }, node.base());
    }
    void set(const std::vector<Change>& changes);

    /// A member's column, or the place of a nested one in its column's JSON.
    std::string place(std::string_view path) const;
    std::string column_name(std::string_view path) const;
    Sql finish() { return std::move(sql_); }

  private:
    void write(const AllOf& all) { join(all.parts, " AND ", "1"); }
    void write(const AnyOf& any) { join(any.parts, " OR ", "0"); }
    /// SQL's third truth value would drop rows that MongoDB keeps.
    void write(const Negation& negation) {
        text("NOT coalesce(");
        condition(negation.part.front());
        text(",0)");
    }
    void write(const Compare& compare);
    void write(const OneOf& one_of);
    void join(const std::vector<FilterNode>& parts, std::string_view op, std::string_view empty);
    void new_value(const Change& change);
    void nested_changes(const std::string& column, const std::vector<const Change*>& changes);
    void json_leaf(const BsonElement& element);
    void column_value(const BsonElement& element);

    const Collection& collection_;
    bool has_order_;
    Sql sql_;
};

std::string SqlWriter::column_name(std::string_view path) const {
    const std::string_view name = path.substr(0, path.find('.'));
    if (collection_.find_column(name) == nullptr) {
        throw InvalidArgument(fmt::format("{}: no member {}", collection_.name, name));
    }
    return fmt::format("\"{}\"", name);
}

std::string SqlWriter::place(std::string_view path) const {
    const std::size_t dot = path.find('.');
    if (dot == std::string_view::npos) return column_name(path);
    return fmt::format("json_extract({},'$.{}')", column_name(path), path.substr(dot + 1));
}

void SqlWriter::join(const std::vector<FilterNode>& parts, std::string_view op,
                     std::string_view empty) {
    if (parts.empty()) return text(empty);
    text("(");
    for (std::size_t i = 0; i < parts.size(); ++i) {
        if (i > 0) text(op);
        condition(parts[i]);
    }
    text(")");
}

void SqlWriter::write(const Compare& compare) {
    // IS, not =: absent equals absent, and differs from every value.
    static constexpr std::string_view kOperators[] = {" IS ", " IS NOT ", " < ",
                                                      " <= ", " > ",      " >= "};
    text(place(compare.path));
    text(kOperators[static_cast<std::size_t>(compare.op)]);
    value(compare.value);
}

void SqlWriter::write(const OneOf& one_of) {
    std::vector<Scalar> present;
    for (const Scalar& candidate : one_of.values) {
        if (!std::holds_alternative<std::monostate>(candidate)) present.push_back(candidate);
    }
    const bool or_absent = present.size() < one_of.values.size();
    const std::string at = place(one_of.path);
    text("(");
    // With an order to keep, the order's own index must drive: `+` takes this term out of the
    // planner's choice.
    if (has_order_ && present.size() > 1) text("+");
    text(at);
    text(" IN (");
    for (std::size_t i = 0; i < present.size(); ++i) {
        if (i > 0) text(",");
        value(present[i]);
    }
    text(")");
    if (or_absent) text(" OR " + at + " IS NULL");
    text(")");
}

void SqlWriter::order(const std::vector<SortKey>& sort) {
    for (std::size_t i = 0; i < sort.size(); ++i) {
        text(i == 0 ? " ORDER BY " : ",");
        text(place(sort[i].path));
        if (sort[i].descending) text(" DESC");
    }
}

/// The value a leaf of JSON text gets: what SQL has no type for goes in as JSON.
void SqlWriter::json_leaf(const BsonElement& element) {
    switch (element.type()) {
        case BsonType::kBool:
            return text(element.as_bool() ? "json('true')" : "json('false')");
        case BsonType::kArray:
        case BsonType::kDocument:
            text("json(");
            value(nested_to_json(element));
            return text(")");
        default:
            return column_value(element);
    }
}

void SqlWriter::column_value(const BsonElement& element) {
    const bool nested = element.type() == BsonType::kArray || element.type() == BsonType::kDocument;
    value(nested ? Scalar(nested_to_json(element)) : scalar_of(element));
}

void SqlWriter::new_value(const Change& change) {
    const std::string old = place(change.path);
    const bool nested = change.path.find('.') != std::string::npos;
    const auto operand = [&] {
        nested ? json_leaf(change.operand()) : column_value(change.operand());
    };
    switch (change.op) {
        case ChangeOp::kUnset:
            return text("NULL");
        case ChangeOp::kSet:
            return operand();
        case ChangeOp::kIncrement:
            text("coalesce(" + old + ",0)+");
            return operand();
        case ChangeOp::kMax:
            text("max(coalesce(" + old + ",");
            operand();
            text("),");
            operand();
            return text(")");
        case ChangeOp::kPush:
            text(nested ? "json(rapport_push(" : "rapport_push(");
            text(old + ",");
            value(nested_to_json(change.operand()));
            text(",");
            value(change.keep);
            return text(nested ? "))" : ")");
    }
}

/// `column = json_set(json_set(column, '$.a', …), '$.b', …)`: every change inside one column.
void SqlWriter::nested_changes(const std::string& column,
                               const std::vector<const Change*>& changes) {
    const bool sets = std::ranges::any_of(
        changes, [](const Change* change) { return change->op != ChangeOp::kUnset; });
    text(column + "=");
    for (auto change = changes.rbegin(); change != changes.rend(); ++change) {
        text((*change)->op == ChangeOp::kUnset ? "json_remove(" : "json_set(");
    }
    text(sets ? "coalesce(" + column + ",'{}')" : column);
    for (const Change* change : changes) {
        text(fmt::format(",'$.{}'", change->path.substr(change->path.find('.') + 1)));
        if (change->op != ChangeOp::kUnset) {
            text(",");
            new_value(*change);
        }
        text(")");
    }
}

void SqlWriter::set(const std::vector<Change>& changes) {
    std::map<std::string, std::vector<const Change*>> by_column;
    for (const Change& change : changes) by_column[column_name(change.path)].push_back(&change);
    bool first = true;
    for (const auto& [column, of_column] : by_column) {
        text(first ? " SET " : ",");
        first = false;
        if (of_column.front()->path.find('.') != std::string::npos) {
            nested_changes(column, of_column);
        } else if (of_column.size() > 1) {
            throw InvalidArgument(fmt::format("{}: changed twice by one update", column));
        } else {
            text(column + "=");
            new_value(*of_column.front());
        }
    }
}

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
        if (!list.empty()) list += ',';
        list += fmt::format("\"{}\"", column.name);
    }
    return list;
}

std::string column_definition(const Column& column) {
    const bool key = column.name == "_id";
    return fmt::format("\"{}\" {}{}", column.name, type_name(column.type),
                       key ? " PRIMARY KEY NOT NULL" : "");
}

}  // namespace

Sql select_rows(const FindDocuments& find) {
    SqlWriter out(
        *find.collection,
        fmt::format("SELECT {} FROM \"{}\"", column_list(*find.collection), find.collection->name),
        !find.sort.empty());
    out.where(find.filter);
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
    SqlWriter out(*aggregate.collection, "SELECT ", true);
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
    return fmt::format("CREATE TABLE IF NOT EXISTS \"{}\" ({})", collection.name, columns);
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
