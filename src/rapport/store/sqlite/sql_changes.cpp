#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <ranges>

#include "rapport/core/error.hpp"
#include "rapport/core/json.hpp"
#include "rapport/store/sqlite/sql_writer.hpp"

namespace rapport::sqlite {
namespace {

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
            if (&other == &change || !other.path.starts_with(change.path)) continue;
            if (other.path.size() == change.path.size() || other.path[change.path.size()] == '.') {
                throw InvalidArgument(fmt::format("{}: changed twice by one update", change.path));
            }
        }
    }
}

}  // namespace

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

}  // namespace rapport::sqlite
