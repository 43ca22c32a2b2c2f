#include "rapport/store/sqlite/functions.hpp"

#include <algorithm>
#include <exception>
#include <new>
#include <span>
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

/// Past a JSON string, given the place of its opening quote.
std::size_t end_of_string(std::string_view text, std::size_t at) {
    while (true) {
        const std::size_t quote = text.find('"', at + 1);
        if (quote == std::string_view::npos) return text.size();
        std::size_t escapes = quote;
        while (text[escapes - 1] == '\\') --escapes;
        if ((quote - escapes) % 2 == 0) return quote + 1;
        at = quote;
    }
}

/// Where each element of a JSON array begins and ends, found without reading what they hold. Throws
/// InvalidDocument where the text is no array, or breaks off.
std::vector<std::string_view> elements_of(std::string_view text) {
    const std::string_view array = trimmed(text);
    std::vector<std::string_view> elements;
    std::size_t depth = 0;
    std::size_t start = 0;
    for (std::size_t at = 0; at < array.size();) {
        const char c = array[at];
        if (c == '"') {
            at = end_of_string(array, at);
            continue;
        }
        ++at;
        if (c == '[' || c == '{') {
            if (++depth == 1) start = at;
        } else if (c == ',' && depth == 1) {
            elements.push_back(array.substr(start, at - 1 - start));
            start = at;
        } else if ((c == ']' || c == '}') && depth > 1) {
            --depth;
        } else if ((c == ']' || c == '}') && depth == 1) {
            if (array.front() != '[' || at != array.size()) break;
            if (const auto last = trimmed(array.substr(start, at - 1 - start)); !last.empty()) {
                elements.push_back(last);
            }
            return elements;
        }
    }
    throw InvalidDocument("expected an array");
}

/// How long the text of a list is made that needs `size` bytes and was `old` bytes long: it keeps
/// its length where it can, filled up with blanks. A row whose length stays is overwritten where it
/// stands; any other is moved, and its neighbours with it.
std::size_t padded_size(std::size_t size, std::size_t old) {
    constexpr std::size_t kStep = 512;
    constexpr std::size_t kMostBlanks = 2048;
    if (size <= old && old - size <= kMostBlanks) return old;
    return (size + kStep - 1) / kStep * kStep;
}

/// The elements of both, the last `keep` of them (0: all) as a JSON array that SQLite frees.
std::span<char> pushed(std::string_view list, std::string_view items, std::size_t keep) {
    std::vector<std::string_view> all;
    if (list.data() != nullptr) all = elements_of(list);
    for (const std::string_view item : elements_of(items)) all.push_back(item);
    const std::size_t kept = keep == 0 ? all.size() : std::min(keep, all.size());
    const std::span<const std::string_view> last = std::span(all).last(kept);
    std::size_t size = 2 + (kept == 0 ? 0 : kept - 1);
    for (const std::string_view element : last) size += element.size();
    size = padded_size(size, list.size());
    auto* const joined = static_cast<char*>(sqlite3_malloc64(size));
    if (joined == nullptr) throw std::bad_alloc();
    char* to = joined;
    *to++ = '[';
    for (const std::string_view element : last) {
        if (to != joined + 1) *to++ = ',';
        to = std::ranges::copy(element, to).out;
    }
    *to++ = ']';
    std::fill(to, joined + size, ' ');
    return {joined, size};
}

/// No exception may pass through SQLite's frames.
void push(sqlite3_context* context, int, sqlite3_value** arguments) try {
    const auto list = pushed(text_of(arguments[0]), text_of(arguments[1]),
                             static_cast<std::size_t>(sqlite3_value_int64(arguments[2])));
    sqlite3_result_text64(context, list.data(), list.size(), sqlite3_free, SQLITE_UTF8);
} catch (const std::exception&) {
    sqlite3_result_error_code(context, SQLITE_ERROR);
}

}  // namespace

void add_functions(sqlite3* database) {
    sqlite3_create_function(database, "rapport_push", 3, SQLITE_UTF8 | SQLITE_DETERMINISTIC,
                            nullptr, push, nullptr, nullptr);
}

}  // namespace rapport::sqlite
