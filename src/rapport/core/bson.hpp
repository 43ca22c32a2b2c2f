#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "rapport/core/object_id.hpp"
#include "rapport/core/time.hpp"

namespace rapport {

/// The element types of the BSON specification 1.1 that we read; any other is passed over unread.
enum class BsonType : std::uint8_t {
    kDouble = 0x01,
    kString = 0x02,
    kDocument = 0x03,
    kArray = 0x04,
    kObjectId = 0x07,
    kBool = 0x08,
    kDate = 0x09,
    kNull = 0x0A,
    kInt32 = 0x10,
    kInt64 = 0x12,
};

/// One BSON document, owned: what crosses the store's port, whatever the engine.
class Document {
  public:
    /// The empty document.
    Document();
    /// Takes over complete BSON bytes, the length prefix included. Throws Corrupt when the length
    /// does not fit; the elements are checked as they are read.
    explicit Document(std::string bytes);

    std::string_view bytes() const { return bytes_; }
    bool operator==(const Document&) const = default;

  private:
    std::string bytes_;
};

/// A view of one element; valid as long as the document it was read from. The accessors expect
/// the matching type.
class BsonElement {
  public:
    BsonElement(BsonType type, std::string_view name, std::string_view value)
        : type_(type), name_(name), value_(value) {}

    BsonType type() const { return type_; }
    std::string_view name() const { return name_; }

    double as_double() const;
    bool as_bool() const { return value_[0] != 0; }
    /// The number in an int32 or int64.
    std::int64_t as_integer() const;
    std::string_view as_string() const;
    Timestamp as_date() const;
    ObjectId as_object_id() const;
    /// The bytes of a nested document or array, for a BsonReader.
    std::string_view as_nested() const { return value_; }

  private:
    BsonType type_;
    std::string_view name_;
    std::string_view value_;
};

/// What the type is called in an error: `string`, `int32`, `type 0x13`.
std::string to_string(BsonType type);

/// Walks the elements of a document or an array. Throws Corrupt where the bytes are not BSON.
class BsonReader {
  public:
    explicit BsonReader(std::string_view bytes);
    explicit BsonReader(const Document& document) : BsonReader(document.bytes()) {}

    bool at_end() const { return rest_.empty(); }
    /// The next element; call only when not at_end().
    BsonElement next();

  private:
    std::string_view rest_;
};

/// Writes one document from front to back. Inside an array names are ignored: elements are
/// numbered. A string that is not UTF-8, a date outside the years 0001 to 9999 and a number that is
/// not finite are refused with InvalidArgument, so that whatever is stored can be read everywhere.
class BsonWriter {
  public:
    BsonWriter();

    void add(std::string_view name, bool value);
    void add(std::string_view name, double value);
    /// Written as int32 where it fits, as the drivers of dynamic languages do, else as int64.
    void add(std::string_view name, std::int64_t value);
    void add(std::string_view name, std::string_view value);
    void add(std::string_view name, const char* value) { add(name, std::string_view(value)); }
    void add(std::string_view name, Timestamp value);
    void add(std::string_view name, const ObjectId& value);
    void add_null(std::string_view name);
    /// Copies an element of another document under a new name.
    void add(std::string_view name, const BsonElement& element);
    /// A nested document.
    void add(std::string_view name, const Document& document);

    void begin_document(std::string_view name);
    void begin_array(std::string_view name);
    /// Closes the innermost open document or array.
    void end();

    /// Closes the document and hands it over; the writer is then spent.
    Document finish();

  private:
    struct Level {
        std::size_t start;
        bool is_array;
        std::uint32_t next_index;
    };

    void begin(BsonType type, std::string_view name, bool is_array);
    void header(BsonType type, std::string_view name);
    template <class Number>
    void raw(Number number);

    std::string bytes_;
    std::vector<Level> levels_;
};

}  // namespace rapport
