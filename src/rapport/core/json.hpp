#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "rapport/core/bson.hpp"

namespace rapport {

/// Writes one JSON document (RFC 8259) from front to back, with the members of BsonWriter: a date
/// is its ISO 8601 text, an id its 24 digits. Inside an array names are ignored.
class JsonWriter {
  public:
    JsonWriter() { begin('{', '}'); }

    void add(std::string_view name, bool value);
    void add(std::string_view name, double value);
    void add(std::string_view name, std::int64_t value);
    void add(std::string_view name, std::string_view value);
    void add(std::string_view name, const char* value) { add(name, std::string_view(value)); }
    void add(std::string_view name, Timestamp value);
    void add(std::string_view name, const ObjectId& value);
    void add_null(std::string_view name);
    /// Writes a BSON element, nested ones included; types that JSON cannot show become null.
    void add(std::string_view name, const BsonElement& element);

    void begin_document(std::string_view name);
    void begin_array(std::string_view name);
    void end();

    /// Closes what is open and hands over the text; the writer is then spent.
    std::string finish();

  private:
    void begin(char open, char close);
    void key(std::string_view name);
    void quoted(std::string_view text);

    std::string text_;
    std::string closers_;
    bool first_ = true;
};

/// The document as one line of JSON.
std::string to_json(const Document& document);

/// A nested document or array as JSON text. Throws Corrupt when `element` is neither.
std::string nested_to_json(const BsonElement& element);

/// Reads one JSON object into a document. Dates and ids stay strings: the codec accepts both where
/// it expects a date or an id. Throws InvalidArgument that says what is wrong and at which byte,
/// never quoting the text.
Document from_json(std::string_view json);

/// Reads one JSON object of any size, piece by piece: the items of one list, objects all of them,
/// are handed over one by one, so that only one is in memory.
class JsonListReader {
  public:
    /// `list` is a member of the object; `on_item` may throw, which ends the reading.
    JsonListReader(std::string list, std::function<void(Document)> on_item);
    ~JsonListReader();
    JsonListReader(const JsonListReader&) = delete;
    JsonListReader& operator=(const JsonListReader&) = delete;

    /// Throws InvalidArgument as from_json does.
    void read(std::string_view piece);
    /// The end: the object without its list. Throws InvalidArgument where it is not whole.
    Document finish();

  private:
    struct Parser;
    std::unique_ptr<Parser> parser_;
};

/// Adds JSON text of an object or an array under `name`. Throws as from_json does.
void add_json(BsonWriter& to, std::string_view name, std::string_view json);

}  // namespace rapport
