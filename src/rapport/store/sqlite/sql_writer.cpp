#include "rapport/store/sqlite/sql_writer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "rapport/core/error.hpp"

namespace rapport::sqlite {

std::string SqlWriter::column_name(std::string_view path) const {
    const std::string_view name = path.substr(0, path.find('.'));
    if (collection_.find_column(name) == nullptr) {
        throw InvalidArgument(fmt::format("{}: no member {}", collection_.name, name));
    }
    return '"' + std::string(name) + '"';
}

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
    keep_order(alternatives_ > 0);
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
    keep_order(alternatives_ > 0 || present.size() > 1);
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

}  // namespace rapport::sqlite
