#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "rapport/store/sqlite/sql.hpp"

namespace rapport::sqlite {

inline bool is_nested(std::string_view path) { return path.find('.') != std::string_view::npos; }

/// The part of a nested member's path below its column, as SQLite's JSON functions want it. Throws
/// InvalidArgument for what is not names and dots.
std::string json_path(std::string_view path);

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
    void write(const AnyOf& any) {
        ++alternatives_;
        any.parts.empty() ? text("0") : join(any.parts, " OR ");
        --alternatives_;
    }
    /// SQL's third truth value would drop rows that MongoDB keeps.
    void write(const Negation& negation) {
        text("NOT coalesce(");
        condition(negation.part.front());
        text(",0)");
    }
    void write(const Compare& compare);
    void write(const OneOf& one_of);
    void join(std::span<const FilterNode> parts, std::string_view op);
    /// With an order to keep, its index must drive the query: `+` takes a term that would lead away
    /// from it, into a sort, out of the planner's choice.
    void keep_order(bool leads_away) {
        if (has_order_ && leads_away) text("+");
    }
    void new_value(const Change& change);
    void new_nested_value(const Change& change);
    void nested_changes(const std::string& column, const std::vector<const Change*>& changes);
    void pushed(const std::string& old, const Change& change);

    const Collection& collection_;
    bool has_order_;
    /// How many alternatives the condition being written is part of.
    int alternatives_ = 0;
    Sql sql_;
};

}  // namespace rapport::sqlite
