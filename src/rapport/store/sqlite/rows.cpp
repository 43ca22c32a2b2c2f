#include "rapport/store/sqlite/rows.hpp"

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

bool is_container(const BsonElement& element) {
    return element.type() == BsonType::kArray || element.type() == BsonType::kDocument;
}

/// Only text that we would write ourselves is a date or an id; any other stays what it is.
Scalar read_text(std::string text, ColumnType type) {
    if (type == ColumnType::kDate) {
        const auto date = parse_iso8601(text);
        if (date && to_iso8601(*date) == text) return *date;
    } else if (type == ColumnType::kId) {
        const auto id = ObjectId::parse(text);
        if (id && id->to_string() == text) return *id;
    }
    return text;
}

/// Lists that turns append to end in blanks.
void read_nested(BsonWriter& to, const Column& column, std::string_view json) try {
    add_json(to, column.name, json.substr(0, json.find_last_not_of(' ') + 1));
} catch (const InvalidArgument& problem) {
    throw InvalidDocument(fmt::format("{}: {}", column.name, problem.what()));
}

}  // namespace

void bind_document(Statement& statement, const Collection& collection, const Document& document) {
    for (BsonReader in(document); !in.at_end();) {
        const BsonElement element = in.next();
        const int position = position_of(collection, element.name());
        if (is_container(element)) {
            statement.bind_text(position, nested_to_json(element));
        } else if (element.type() == BsonType::kString) {
            statement.bind_text(position, element.as_string());
        } else {
            statement.bind(position, scalar_of(element));
        }
    }
}

Scalar read_scalar(const Statement& statement, int position, ColumnType type) {
    switch (statement.type(position)) {
        case SQLITE_NULL:
            return {};
        case SQLITE_INTEGER: {
            const std::int64_t value = statement.integer(position);
            if (type == ColumnType::kBool && (value == 0 || value == 1)) return value == 1;
            return value;
        }
        case SQLITE_FLOAT:
            return statement.real(position);
        case SQLITE_TEXT:
            return read_text(statement.text(position), type);
        default:
            return {};
    }
}

Document read_row(const Statement& statement, const Collection& collection) try {
    BsonWriter row;
    for (std::size_t i = 0; i < collection.columns.size(); ++i) {
        const Column& column = collection.columns[i];
        const int position = static_cast<int>(i);
        const int type = statement.type(position);
        if (type == SQLITE_NULL) continue;
        if (type == SQLITE_BLOB) {
            throw InvalidDocument(fmt::format("{}: expected a value, found a blob", column.name));
        }
        if (column.type == ColumnType::kJson && type == SQLITE_TEXT) {
            read_nested(row, column, statement.text_view(position));
        } else {
            add_scalar(row, column.name, read_scalar(statement, position, column.type));
        }
    }
    return row.finish();
} catch (const InvalidArgument& problem) {
    throw InvalidDocument(problem.what());
}

}  // namespace rapport::sqlite
