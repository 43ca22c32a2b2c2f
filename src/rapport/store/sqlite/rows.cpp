#include "rows.hpp"

#include <fmt/format.h>

#include "rapport/core/error.hpp"
#include "rapport/core/json.hpp"

namespace rapport::sqlite {
namespace {

int position_of(const Collection& collection, std::string_view name) {
    for (std::size_t i = 0; i < collection.columns.size(); ++i) {
        if (collection.columns[i].name == name) return static_cast<int>(i) + 1;
    }
    throw InvalidArgument(fmt::format("{}: no member {}", collection.name, name));
}

void read_integer(BsonWriter& to, const Column& column, std::int64_t value) {
    if (column.type == ColumnType::kBool && (value == 0 || value == 1)) {
        to.add(column.name, value == 1);
    } else {
        to.add(column.name, value);
    }
}

void read_text(BsonWriter& to, const Column& column, std::string_view text) {
    if (column.type == ColumnType::kJson) {
        add_json(to, column.name, text);
    } else {
        to.add(column.name, text);
    }
}

}  // namespace

void bind_document(Statement& statement, const Collection& collection, const Document& document) {
    for (BsonReader in(document); !in.at_end();) {
        const BsonElement element = in.next();
        const int position = position_of(collection, element.name());
        if (element.type() == BsonType::kArray || element.type() == BsonType::kDocument) {
            statement.bind_text(position, nested_to_json(element));
        } else if (element.type() == BsonType::kString) {
            statement.bind_text(position, element.as_string());
        } else {
            statement.bind(position, scalar_of(element));
        }
    }
}

Document read_row(const Statement& statement, const Collection& collection) try {
    BsonWriter row;
    for (std::size_t i = 0; i < collection.columns.size(); ++i) {
        const Column& column = collection.columns[i];
        const int at = static_cast<int>(i);
        switch (sqlite3_column_type(statement.handle(), at)) {
            case SQLITE_NULL:
                break;
            case SQLITE_INTEGER:
                read_integer(row, column, statement.integer(at));
                break;
            case SQLITE_FLOAT:
                row.add(column.name, sqlite3_column_double(statement.handle(), at));
                break;
            case SQLITE_TEXT:
                read_text(row, column, statement.text(at));
                break;
            default:
                throw InvalidDocument(fmt::format("{}: expected no blob", column.name));
        }
    }
    return row.finish();
} catch (const InvalidArgument& problem) {
    throw InvalidDocument(fmt::format("{}: a stored row: {}", collection.name, problem.what()));
}

}  // namespace rapport::sqlite
