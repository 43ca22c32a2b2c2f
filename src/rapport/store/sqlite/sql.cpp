#include "rapport/store/sqlite/sql.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <ranges>
#include <span>

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
    void write(const AllOf& all) { all.parts.empty() ? text("1") : join(all.parts, " AND "); }
    void write(const AnyOf& any) { any.parts.empty() ? text("0") : join(any.parts, " OR "); }
    /// SQL's third truth value would drop rows that MongoDB keeps.
    void write(const Negation& negation) {
        text("NOT coalesce(");
        condition(negation.part.front());
        text(",0)");
    }
    void write(const Compare& compare);
    void write(const OneOf& one_of);
    void join(std::span<const FilterNode> parts, std::string_view op);
    void new_value(const Change& change);
    void new_nested_value(const Change& change);
    void nested_changes(const std::string& column, const std::vector<const Change*>& changes);
    void pushed(const std::string& old, const Change& change);

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

/// The part of `path` below its column, as SQLite's JSON functions want it.
std::string json_path(std::string_view path) {
    const std::string_view inner = path.substr(path.find('.') + 1);
    const bool plain = std::ranges::all_of(
        inner, [](unsigned char c) { return std::isalnum(c) != 0 || c == '_' || c == '.'; });
    if (!plain || inner.empty()) throw InvalidArgument("a path holds more than names and dots");
    return fmt::format("'$.{}'", inner);
}

std::string SqlWriter::place(std::string_view path) const {
    const std::size_t dot = path.find('.');
    if (dot == std::string_view::npos) return column_name(path);
    return fmt::format("json_extract({},{})", column_name(path), json_path(path));
}

/// By halves: SQLite refuses trees deeper than 1,000, which a chain of that many parts would be.
void SqlWriter::join(std::span<const FilterNode> parts, std::string_view op) {
    if (parts.size() == 1) return condition(parts.front());
    text("(");
    join(parts.first(parts.size() / 2), op);
    text(op);
    join(parts.subspan(parts.size() / 2), op);
    text(")");
}

void SqlWriter::write(const Compare& compare) {
    static constexpr std::string_view kOperators[] = {" = ",  " IS NOT ", " < ",
                                                      " <= ", " > ",      " >= "};
    const bool absent = std::holds_alternative<std::monostate>(compare.value);
    text(place(compare.path));
    // `=` is never true for NULL, and only `=` lets SQLite use an index of the rows that have it.
    text(absent && compare.op == CompareOp::kEqual
             ? " IS "
             : kOperators[static_cast<std::size_t>(compare.op)]);
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

bool is_nested(std::string_view path) { return path.find('.') != std::string_view::npos; }

/// Any value as JSON text.
std::string json_text(const BsonElement& element) {
    JsonWriter out;
    out.add("", element);
    const std::string wrapped = out.finish();  // {"":…}
    return wrapped.substr(4, wrapped.size() - 5);
}

/// A value as its column keeps it.
Scalar column_value(const BsonElement& element) {
    const bool json = element.type() == BsonType::kArray || element.type() == BsonType::kDocument;
    return json ? Scalar(json_text(element)) : scalar_of(element);
}

void SqlWriter::new_value(const Change& change) {
    const std::string old = column_name(change.path);
    switch (change.op) {
        case ChangeOp::kUnset:
            return text("NULL");
        case ChangeOp::kSet:
            return value(column_value(change.operand()));
        case ChangeOp::kIncrement:
            text("coalesce(" + old + ",0)+");
            return value(column_value(change.operand()));
        case ChangeOp::kMax:
            text("max(coalesce(" + old + ",");
            value(column_value(change.operand()));
            text("),");
            value(column_value(change.operand()));
            return text(")");
        case ChangeOp::kPush:
            return pushed(old, change);
    }
}

void SqlWriter::pushed(const std::string& old, const Change& change) {
    text("rapport_push(" + old + ",");
    value(json_text(change.operand()));
    text(",");
    value(change.keep);
    text(")");
}

/// The same inside JSON text, where json() keeps apart what SQL has one type for: true and 1.
void SqlWriter::new_nested_value(const Change& change) {
    const std::string old = place(change.path);
    switch (change.op) {
        case ChangeOp::kUnset:
            return;
        case ChangeOp::kSet:
            text("json(");
            value(json_text(change.operand()));
            return text(")");
        case ChangeOp::kIncrement:
            text("coalesce(" + old + ",0)+");
            return value(column_value(change.operand()));
        case ChangeOp::kMax:
            text("json(CASE WHEN coalesce(" + old + "<");
            value(column_value(change.operand()));
            text(",1) THEN ");
            value(json_text(change.operand()));
            return text(
                fmt::format(" ELSE {}->{} END)", column_name(change.path), json_path(change.path)));
        case ChangeOp::kPush:
            text("json(");
            pushed(old, change);
            return text(")");
    }
}

/// `column = json_set(json_set(column, '$.a', …), '$.b', …)`: every change inside one column.
void SqlWriter::nested_changes(const std::string& column,
                               const std::vector<const Change*>& changes) {
    const auto unsets = [](const Change* change) { return change->op == ChangeOp::kUnset; };
    for (const Change* change : changes | std::views::reverse) {
        text(unsets(change) ? "json_remove(" : "json_set(");
    }
    text(std::ranges::all_of(changes, unsets) ? column : "coalesce(" + column + ",'{}')");
    for (const Change* change : changes) {
        text("," + json_path(change->path));
        if (!unsets(change)) text(",");
        new_nested_value(*change);
        text(")");
    }
}

/// As MongoDB does: one update may not change a member and something inside it, or one of them
/// twice, nor the id.
void check_changes(const std::vector<Change>& changes) {
    if (changes.empty()) throw InvalidArgument("an update that changes nothing");
    for (const Change& change : changes) {
        if (change.path == "_id") throw InvalidArgument("_id: never changes");
        if (change.value.bytes().size() > kMaxDocumentBytes) {
            throw InvalidArgument(
                fmt::format("{}: more than {} bytes", change.path, kMaxDocumentBytes));
        }
        for (const Change& other : changes) {
            const bool same = &other != &change && other.path == change.path;
            if (same || other.path.starts_with(change.path + ".")) {
                throw InvalidArgument(fmt::format("{}: changed twice by one update", change.path));
            }
        }
    }
}

void SqlWriter::set(const std::vector<Change>& changes) {
    check_changes(changes);
    std::map<std::string, std::vector<const Change*>> by_column;
    for (const Change& change : changes) by_column[column_name(change.path)].push_back(&change);
    bool first = true;
    for (const auto& [column, of_column] : by_column) {
        text(first ? " SET " : ",");
        first = false;
        text(column + "=");
        if (is_nested(of_column.front()->path)) {
            nested_changes(column, of_column);
        } else {
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
