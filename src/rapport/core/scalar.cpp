#include "rapport/core/scalar.hpp"

#include <cmath>

#include "rapport/core/error.hpp"
#include "rapport/core/utf8.hpp"

namespace rapport {
namespace {

std::optional<BsonElement> element_at(const Document& document, std::string_view path) {
    std::string_view bytes = document.bytes();
    while (true) {
        const std::size_t dot = path.find('.');
        const std::string_view step = path.substr(0, dot);
        std::optional<BsonElement> found;
        for (BsonReader in(bytes); !in.at_end() && !found;) {
            const BsonElement element = in.next();
            if (element.name() == step) found = element;
        }
        if (!found || dot == std::string_view::npos) return found;
        if (found->type() != BsonType::kDocument) return std::nullopt;
        bytes = found->as_nested();
        path.remove_prefix(dot + 1);
    }
}

}  // namespace

Scalar checked_scalar(Scalar value) {
    const auto* text = std::get_if<std::string>(&value);
    if (text != nullptr && !is_valid_utf8(*text)) {
        throw InvalidArgument("a value to compare with is not valid UTF-8");
    }
    return value;
}

void add_scalar(BsonWriter& to, std::string_view name, const Scalar& value) {
    std::visit(
        [&]<class X>(const X& x) {
            if constexpr (std::is_same_v<X, std::monostate>) {
                to.add_null(name);
            } else if constexpr (std::is_same_v<X, std::string>) {
                to.add(name, std::string_view(x));
            } else {
                to.add(name, x);
            }
        },
        value);
}

Scalar scalar_of(const BsonElement& element) {
    switch (element.type()) {
        case BsonType::kDouble:
            return element.as_double();
        case BsonType::kString:
            return std::string(element.as_string());
        case BsonType::kBool:
            return element.as_bool();
        case BsonType::kDate:
            return element.as_date();
        case BsonType::kObjectId:
            return element.as_object_id();
        case BsonType::kInt32:
        case BsonType::kInt64:
            return element.as_integer();
        default:
            return {};
    }
}

std::optional<std::int64_t> integer_of(const BsonElement& element) {
    // 2^53: the largest range in which every whole number is a double of its own.
    constexpr double kExact = 9007199254740992.0;
    if (element.type() == BsonType::kInt32 || element.type() == BsonType::kInt64) {
        return element.as_integer();
    }
    if (element.type() != BsonType::kDouble) return std::nullopt;
    const double value = element.as_double();
    if (std::trunc(value) != value || std::abs(value) > kExact) return std::nullopt;
    return static_cast<std::int64_t>(value);
}

Scalar scalar_at(const Document& document, std::string_view path) {
    const auto element = element_at(document, path);
    return element ? scalar_of(*element) : Scalar();
}

std::optional<std::int64_t> integer_at(const Document& document, std::string_view path) {
    const auto element = element_at(document, path);
    return element ? integer_of(*element) : std::nullopt;
}

std::string text_at(const Document& document, std::string_view path) {
    const auto element = element_at(document, path);
    const bool is_text = element && element->type() == BsonType::kString;
    return is_text ? std::string(element->as_string()) : std::string();
}

}  // namespace rapport
