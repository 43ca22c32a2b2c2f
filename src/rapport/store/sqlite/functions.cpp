#include "rapport/store/sqlite/functions.hpp"

#include <algorithm>
#include <exception>
#include <string>
#include <string_view>
#include <vector>

#include "rapport/core/error.hpp"

namespace rapport::sqlite {
namespace {

std::string_view text_of(sqlite3_value* value) {
    const auto* text = reinterpret_cast<const char*>(sqlite3_value_text(value));
    return {text, static_cast<std::size_t>(sqlite3_value_bytes(value))};
}

std::string_view trimmed(std::string_view text) {
    constexpr std::string_view kSpace = " \t\r\n";
    const std::size_t first = text.find_first_not_of(kSpace);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(kSpace) + 1 - first);
}

/// Where each element of a JSON array begins and ends, found without reading what they hold. Throws
/// InvalidDocument where the text is no array, or breaks off.
std::vector<std::string_view> elements_of(std::string_view text) {
    const std::string_view array = trimmed(text);
    std::vector<std::string_view> elements;
    std::size_t depth = 0;
    std::size_t start = 0;
    for (std::size_t at = 0; at < array.size(); ++at) {
        switch (array[at]) {
            case '[':
            case '{':
                ++depth;
                if (depth == 1) start = at + 1;
                break;
            case '"':
                at = array.find_first_of("\"\\", at + 1);
                while (at < array.size() && array[at] == '\\') {
                    at = array.find_first_of("\"\\", at + 2);
                }
                break;
            case ',':
                if (depth != 1) break;
                elements.push_back(array.substr(start, at - start));
                start = at + 1;
                break;
            case ']':
            case '}':
                if (depth == 0) break;
                --depth;
                if (depth > 0) break;
                if (array.front() != '[' || at + 1 != array.size()) break;
                if (const auto last = trimmed(array.substr(start, at - start)); !last.empty()) {
                    elements.push_back(last);
                }
                return elements;
            default:
                break;
        }
        if (at >= array.size()) break;
    }
    throw InvalidDocument("expected an array");
}

std::string pushed(std::string_view list, std::string_view items, std::size_t keep) {
    std::vector<std::string_view> all;
    if (list.data() != nullptr) all = elements_of(list);
    for (const std::string_view item : elements_of(items)) all.push_back(item);
    const std::size_t kept = keep == 0 ? all.size() : std::min(keep, all.size());
    std::string joined;
    joined.reserve(list.size() + items.size());
    for (std::size_t i = all.size() - kept; i < all.size(); ++i) {
        joined += joined.empty() ? '[' : ',';
        joined += all[i];
    }
    return joined.empty() ? "[]" : joined + ']';
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
