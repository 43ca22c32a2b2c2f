#include "rapport/store/sqlite/functions.hpp"

#include <algorithm>
#include <exception>
#include <string>
#include <vector>

#include "rapport/core/bson.hpp"
#include "rapport/core/error.hpp"
#include "rapport/core/json.hpp"

namespace rapport::sqlite {
namespace {

std::string_view text_of(sqlite3_value* value) {
    const auto* text = reinterpret_cast<const char*>(sqlite3_value_text(value));
    return {text, static_cast<std::size_t>(sqlite3_value_bytes(value))};
}

std::string pushed(std::string_view list, std::string_view items, std::size_t keep) {
    BsonWriter arrays;
    if (list.data() != nullptr) add_json(arrays, "list", list);
    add_json(arrays, "items", items);
    const Document parsed = arrays.finish();

    std::vector<BsonElement> all;
    for (BsonReader array(parsed); !array.at_end();) {
        const BsonElement part = array.next();
        if (part.type() != BsonType::kArray) throw InvalidDocument("expected an array");
        for (BsonReader item(part.as_nested()); !item.at_end();) all.push_back(item.next());
    }
    const std::size_t kept = keep == 0 ? all.size() : std::min(keep, all.size());
    BsonWriter joined;
    joined.begin_array("v");
    for (std::size_t i = all.size() - kept; i < all.size(); ++i) joined.add({}, all[i]);
    joined.end();
    const Document result = joined.finish();
    return nested_to_json(BsonReader(result).next());
}

/// No exception may pass through SQLite's frames.
void push(sqlite3_context* context, int, sqlite3_value** arguments) try {
    const std::string list = pushed(text_of(arguments[0]), text_of(arguments[1]),
                                    static_cast<std::size_t>(sqlite3_value_int64(arguments[2])));
    sqlite3_result_text64(context, list.data(), list.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
} catch (const std::exception&) {
    sqlite3_result_error_code(context, SQLITE_ERROR);
}

}  // namespace

void add_functions(sqlite3* database) {
    sqlite3_create_function(database, "rapport_push", 3, SQLITE_UTF8 | SQLITE_DETERMINISTIC,
                            nullptr, push, nullptr, nullptr);
}

}  // namespace rapport::sqlite
