#include "rapport/core/bson.hpp"

#include <fmt/format.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include "rapport/core/error.hpp"
#include "rapport/core/utf8.hpp"

namespace rapport {
namespace {

static_assert(std::endian::native == std::endian::little, "BSON numbers are copied as they are");

constexpr std::size_t kLengthBytes = 4;

template <class Number>
Number load(std::string_view bytes) {
    Number number{};
    bytes.copy(reinterpret_cast<char*>(&number), sizeof number);
    return number;
}

[[noreturn]] void damaged() { throw Corrupt("a document's bytes are damaged: not BSON"); }

/// Bytes of a value, given the bytes that follow its name. Types beyond BsonType are measured too,
/// so that a foreign field can be passed over.
std::size_t value_size(std::uint8_t type, std::string_view rest) {
    const auto prefixed = [&](std::size_t extra) {
        if (rest.size() < kLengthBytes) damaged();
        const auto length = load<std::int32_t>(rest);
        if (length < 0) damaged();
        return static_cast<std::size_t>(length) + extra;
    };
    const auto text_end = [&](std::size_t from) {
        const std::size_t end = rest.find('\0', from);
        if (end == std::string_view::npos) damaged();
        return end + 1;
    };
    switch (type) {
        case 0x06:  // undefined
        case 0x0A:  // null
        case 0x7F:  // max key
        case 0xFF:  // min key
            return 0;
        case 0x08:  // bool
            return 1;
        case 0x10:  // int32
            return 4;
        case 0x01:  // double
        case 0x09:  // date
        case 0x11:  // timestamp
        case 0x12:  // int64
            return 8;
        case 0x07:  // ObjectId
            return 12;
        case 0x13:  // decimal128
            return 16;
        case 0x02:  // string
        case 0x0D:  // code
        case 0x0E:  // symbol
            return prefixed(kLengthBytes);
        case 0x03:  // document
        case 0x04:  // array
        case 0x0F:  // code with scope
            return prefixed(0);
        case 0x05:  // binary
            return prefixed(kLengthBytes + 1);
        case 0x0C:  // reference
            return prefixed(kLengthBytes + 12);
        case 0x0B:  // regular expression
            return text_end(text_end(0));
        default:
            damaged();
    }
}

}  // namespace

Document::Document() : bytes_("\x05\0\0\0\0", 5) {}

Document::Document(std::string bytes) : bytes_(std::move(bytes)) { BsonReader check(bytes_); }

double BsonElement::as_double() const { return load<double>(value_); }

std::int64_t BsonElement::as_integer() const {
    return type_ == BsonType::kInt32 ? load<std::int32_t>(value_) : load<std::int64_t>(value_);
}

std::string_view BsonElement::as_string() const {
    return value_.substr(kLengthBytes, value_.size() - kLengthBytes - 1);
}

Timestamp BsonElement::as_date() const {
    return Timestamp(std::chrono::milliseconds(load<std::int64_t>(value_)));
}

ObjectId BsonElement::as_object_id() const {
    ObjectId id;
    std::memcpy(id.bytes.data(), value_.data(), id.bytes.size());
    return id;
}

std::string to_string(BsonType type) {
    switch (type) {
        case BsonType::kDouble:
            return "double";
        case BsonType::kString:
            return "string";
        case BsonType::kDocument:
            return "document";
        case BsonType::kArray:
            return "array";
        case BsonType::kObjectId:
            return "ObjectId";
        case BsonType::kBool:
            return "bool";
        case BsonType::kDate:
            return "date";
        case BsonType::kNull:
            return "null";
        case BsonType::kInt32:
            return "int32";
        case BsonType::kInt64:
            return "int64";
    }
    return fmt::format("type 0x{:02x}", static_cast<unsigned>(type));
}

BsonReader::BsonReader(std::string_view bytes) {
    if (bytes.size() <= kLengthBytes || bytes.back() != '\0' ||
        load<std::uint32_t>(bytes) != bytes.size()) {
        damaged();
    }
    rest_ = bytes.substr(kLengthBytes, bytes.size() - kLengthBytes - 1);
}

BsonElement BsonReader::next() {
    const auto type = static_cast<std::uint8_t>(rest_.front());
    const std::size_t name_end = rest_.find('\0', 1);
    if (name_end == std::string_view::npos) damaged();
    const std::string_view name = rest_.substr(1, name_end - 1);
    rest_.remove_prefix(name_end + 1);
    const std::size_t size = value_size(type, rest_);
    if (size > rest_.size()) damaged();
    const std::string_view value = rest_.substr(0, size);
    if (type == static_cast<std::uint8_t>(BsonType::kString) &&
        (size == kLengthBytes || value.back() != '\0')) {
        damaged();
    }
    rest_.remove_prefix(size);
    return {static_cast<BsonType>(type), name, value};
}

BsonWriter::BsonWriter() {
    bytes_.reserve(512);
    levels_.push_back({0, false, 0});
    raw(std::int32_t{0});
}

template <class Number>
void BsonWriter::raw(Number number) {
    char bytes[sizeof number];
    std::memcpy(bytes, &number, sizeof number);
    bytes_.append(bytes, sizeof number);
}

void BsonWriter::header(BsonType type, std::string_view name) {
    bytes_ += static_cast<char>(type);
    Level& level = levels_.back();
    if (level.is_array) {
        fmt::format_to(std::back_inserter(bytes_), "{}", level.next_index++);
    } else {
        if (name.find('\0') != std::string_view::npos) {
            throw InvalidArgument("a field name holds a zero byte");
        }
        bytes_ += name;
    }
    bytes_ += '\0';
}

void BsonWriter::add(std::string_view name, bool value) {
    header(BsonType::kBool, name);
    bytes_ += static_cast<char>(value);
}

void BsonWriter::add(std::string_view name, double value) {
    if (!std::isfinite(value)) {
        throw InvalidArgument(fmt::format("{}: expected a finite number", name));
    }
    header(BsonType::kDouble, name);
    raw(value);
}

void BsonWriter::add(std::string_view name, std::int64_t value) {
    if (value == static_cast<std::int32_t>(value)) {
        header(BsonType::kInt32, name);
        raw(static_cast<std::int32_t>(value));
    } else {
        header(BsonType::kInt64, name);
        raw(value);
    }
}

void BsonWriter::add(std::string_view name, std::string_view value) {
    if (!is_valid_utf8(value)) {
        throw InvalidArgument(fmt::format("{}: the text is not valid UTF-8", name));
    }
    if (value.size() >= static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max())) {
        throw InvalidArgument(fmt::format("{}: the text is too long", name));
    }
    header(BsonType::kString, name);
    raw(static_cast<std::int32_t>(value.size() + 1));
    bytes_ += value;
    bytes_ += '\0';
}

void BsonWriter::add(std::string_view name, Timestamp value) {
    if (!is_storable(value)) {
        throw InvalidArgument(fmt::format("{}: a date must lie in the years 0001 to 9999", name));
    }
    header(BsonType::kDate, name);
    raw(static_cast<std::int64_t>(value.time_since_epoch().count()));
}

void BsonWriter::add(std::string_view name, const ObjectId& value) {
    header(BsonType::kObjectId, name);
    bytes_.append(reinterpret_cast<const char*>(value.bytes.data()), value.bytes.size());
}

void BsonWriter::add_null(std::string_view name) { header(BsonType::kNull, name); }

void BsonWriter::add(std::string_view name, const BsonElement& element) {
    header(element.type(), name);
    bytes_ += element.as_nested();
}

void BsonWriter::add(std::string_view name, const Document& document) {
    header(BsonType::kDocument, name);
    bytes_ += document.bytes();
}

void BsonWriter::begin(BsonType type, std::string_view name, bool is_array) {
    header(type, name);
    levels_.push_back({bytes_.size(), is_array, 0});
    raw(std::int32_t{0});
}

void BsonWriter::begin_document(std::string_view name) { begin(BsonType::kDocument, name, false); }

void BsonWriter::begin_array(std::string_view name) { begin(BsonType::kArray, name, true); }

void BsonWriter::end() {
    bytes_ += '\0';
    const std::size_t start = levels_.back().start;
    const auto length = static_cast<std::int32_t>(bytes_.size() - start);
    std::memcpy(bytes_.data() + start, &length, sizeof length);
    levels_.pop_back();
}

Document BsonWriter::finish() {
    while (!levels_.empty()) end();
    return Document(std::move(bytes_));
}

}  // namespace rapport
