#include "rapport/core/codec.hpp"

#include <fmt/format.h>

#include "rapport/core/scalar.hpp"
#include "rapport/core/utf8.hpp"

namespace rapport::codec {

Mismatch Mismatch::under(std::string_view parent) const {
    std::string path(parent);
    if (!path_.empty() && path_.front() != '[') path += '.';
    return {path + path_, reason_};
}

std::string Mismatch::message() const { return fmt::format("{}: {}", path_, reason_); }

void expected(const char* what, const BsonElement& found) {
    throw Mismatch("", fmt::format("expected {}, found {}", what, to_string(found.type())));
}

std::size_t count_elements(std::string_view array) {
    std::size_t count = 0;
    for (BsonReader in(array); !in.at_end(); ++count) in.next();
    return count;
}

void read(const BsonElement& from, bool& to) {
    if (from.type() != BsonType::kBool) expected("a bool", from);
    to = from.as_bool();
}

void read(const BsonElement& from, double& to) {
    if (from.type() == BsonType::kDouble) {
        to = from.as_double();
    } else if (from.type() == BsonType::kInt32 || from.type() == BsonType::kInt64) {
        to = static_cast<double>(from.as_integer());
    } else {
        expected("a number", from);
    }
}

void read(const BsonElement& from, std::int64_t& to) {
    const auto number = integer_of(from);
    if (!number) expected("a whole number", from);
    to = *number;
}

void read(const BsonElement& from, std::string& to) {
    if (from.type() != BsonType::kString) expected("a string", from);
    // A server does not check text that other programs write.
    if (!is_valid_utf8(from.as_string())) throw Mismatch("", "expected UTF-8 text");
    to = from.as_string();
}

void read(const BsonElement& from, Timestamp& to) {
    if (from.type() == BsonType::kDate) {
        to = from.as_date();
    } else if (from.type() == BsonType::kString) {
        const auto time = parse_iso8601(from.as_string());
        if (!time) throw Mismatch("", "expected a date, found a string that is not ISO 8601");
        to = *time;
    } else {
        expected("a date", from);
    }
}

void read(const BsonElement& from, ObjectId& to) {
    if (from.type() == BsonType::kObjectId) {
        to = from.as_object_id();
    } else if (from.type() == BsonType::kString) {
        const auto id = ObjectId::parse(from.as_string());
        if (!id) throw Mismatch("", "expected an ObjectId, found a string that is none");
        to = *id;
    } else {
        expected("an ObjectId", from);
    }
}

}  // namespace rapport::codec
