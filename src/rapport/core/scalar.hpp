#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>

#include "rapport/core/bson.hpp"
#include "rapport/core/enum_names.hpp"

namespace rapport {

/// A value that can be compared, sorted by and bound into a query; monostate is "absent".
using Scalar =
    std::variant<std::monostate, bool, std::int64_t, double, std::string, Timestamp, ObjectId>;

/// The value a member has on the wire. Throws InvalidArgument for text that is not UTF-8.
Scalar checked_scalar(Scalar value);

template <class M>
Scalar to_scalar(const M& value) {
    if constexpr (NamedEnum<M>) {
        return std::string(enum_to_string(value));
    } else if constexpr (std::is_same_v<M, bool> || std::is_floating_point_v<M>) {
        return value;
    } else if constexpr (std::is_integral_v<M>) {
        return static_cast<std::int64_t>(value);
    } else {
        return checked_scalar(Scalar(value));
    }
}

/// Adds the value under `name`; absent becomes null, which is how queries spell it.
void add_scalar(BsonWriter& to, std::string_view name, const Scalar& value);

/// The value of an element; absent for null, and for what is no scalar.
Scalar scalar_of(const BsonElement& element);

/// A whole number, also one that is stored as a double; absent for anything else.
std::optional<std::int64_t> integer_of(const BsonElement& element);

/// The value at a dotted path of documents; absent where any step is.
Scalar scalar_at(const Document& document, std::string_view path);

/// As integer_of(), at such a path.
std::optional<std::int64_t> integer_at(const Document& document, std::string_view path);

/// The text at such a path; empty where there is none.
std::string text_at(const Document& document, std::string_view path);

}  // namespace rapport
