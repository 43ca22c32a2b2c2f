#include "rapport/core/json.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/basic_parser_impl.hpp>
#include <charconv>
#include <cmath>
#include <functional>
#include <optional>

#include "rapport/core/error.hpp"

namespace rapport {

void JsonWriter::key(std::string_view name) {
    if (!first_) text_ += ',';
    first_ = false;
    if (closers_.back() == '}') {
        quoted(name);
        text_ += ':';
    }
}

namespace {

bool is_escaped(char c) { return static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\'; }

void escape(std::string& text, char c) {
    switch (c) {
        case '"':
            text += "\\\"";
            break;
        case '\\':
            text += "\\\\";
            break;
        case '\n':
            text += "\\n";
            break;
        case '\r':
            text += "\\r";
            break;
        case '\t':
            text += "\\t";
            break;
        default:
            fmt::format_to(std::back_inserter(text), "\\u{:04x}", static_cast<unsigned>(c));
    }
}

}  // namespace

void JsonWriter::quoted(std::string_view text) {
    text_ += '"';
    while (true) {
        const auto plain =
            static_cast<std::size_t>(std::ranges::find_if(text, is_escaped) - text.begin());
        text_ += text.substr(0, plain);
        if (plain == text.size()) break;
        escape(text_, text[plain]);
        text.remove_prefix(plain + 1);
    }
    text_ += '"';
}

void JsonWriter::begin(char open, char close) {
    text_ += open;
    closers_ += close;
    first_ = true;
}

void JsonWriter::end() {
    text_ += closers_.back();
    closers_.pop_back();
    first_ = false;
}

std::string JsonWriter::finish() {
    while (!closers_.empty()) end();
    return std::move(text_);
}

void JsonWriter::add(std::string_view name, bool value) {
    key(name);
    text_ += value ? "true" : "false";
}

void JsonWriter::add(std::string_view name, double value) {
    if (!std::isfinite(value)) {
        throw InvalidArgument(fmt::format("{}: expected a finite number", name));
    }
    key(name);
    fmt::format_to(std::back_inserter(text_), "{}", value);
}

void JsonWriter::add(std::string_view name, std::int64_t value) {
    key(name);
    const fmt::format_int digits(value);
    text_.append(digits.data(), digits.size());
}

void JsonWriter::add(std::string_view name, std::string_view value) {
    key(name);
    quoted(value);
}

void JsonWriter::add(std::string_view name, Timestamp value) { add(name, to_iso8601(value)); }

void JsonWriter::add(std::string_view name, const ObjectId& value) { add(name, value.to_string()); }

void JsonWriter::add_null(std::string_view name) {
    key(name);
    text_ += "null";
}

void JsonWriter::begin_document(std::string_view name) {
    key(name);
    begin('{', '}');
}

void JsonWriter::begin_array(std::string_view name) {
    key(name);
    begin('[', ']');
}

void JsonWriter::add(std::string_view name, const BsonElement& element) {
    switch (element.type()) {
        case BsonType::kDouble:
            return add(name, element.as_double());
        case BsonType::kString:
            return add(name, element.as_string());
        case BsonType::kBool:
            return add(name, element.as_bool());
        case BsonType::kDate:
            return add(name, element.as_date());
        case BsonType::kObjectId:
            return add(name, element.as_object_id());
        case BsonType::kInt32:
        case BsonType::kInt64:
            return add(name, element.as_integer());
        case BsonType::kDocument:
        case BsonType::kArray: {
            key(name);
            const bool array = element.type() == BsonType::kArray;
            begin(array ? '[' : '{', array ? ']' : '}');
            for (BsonReader in(element.as_nested()); !in.at_end();) {
                const BsonElement member = in.next();
                add(member.name(), member);
            }
            return end();
        }
        case BsonType::kNull:
            break;
    }
    add_null(name);
}

std::string to_json(const Document& document) {
    JsonWriter out;
    for (BsonReader in(document); !in.at_end();) {
        const BsonElement member = in.next();
        out.add(member.name(), member);
    }
    return out.finish();
}

std::string nested_to_json(const BsonElement& element) {
    if (element.type() != BsonType::kDocument && element.type() != BsonType::kArray) {
        throw Corrupt(
            fmt::format("expected a document or an array, found {}", to_string(element.type())));
    }
    JsonWriter out;
    out.add("", element);
    std::string wrapped = out.finish();  // {"":…}
    return wrapped.substr(4, wrapped.size() - 5);
}

namespace {

/// Receives Boost.JSON's parse events and writes them on as BSON.
struct Transcoder {
    static constexpr std::size_t max_object_size = std::size_t(-1);
    static constexpr std::size_t max_array_size = std::size_t(-1);
    static constexpr std::size_t max_key_size = 1024;
    static constexpr std::size_t max_string_size = std::size_t(64) << 20;

    using error_code = boost::json::error_code;
    using string_view = boost::json::string_view;

    /// Exactly one of the two: a whole document to make, or a value to add to a given one.
    BsonWriter* to = nullptr;
    std::string root_name;
    std::optional<BsonWriter> document;
    std::string name;
    std::string text;
    int depth = 0;

    /// The list whose items are handed over one by one; none where it has no name.
    std::string list_name;
    std::function<void(Document)> on_item;
    bool in_list = false;
    std::optional<BsonWriter> item;

    BsonWriter& out() { return item ? *item : document ? *document : *to; }

    /// True where this began the list or an item of it.
    bool open_list(bool array, error_code& error) {
        if (in_list) {
            if (depth > 3) return false;
            if (array) error = boost::json::error::not_object;
            item.emplace();
            return true;
        }
        in_list = array && depth == 2 && !list_name.empty() && name == list_name;
        return in_list;
    }
    /// True where this ended an item or the list.
    bool close_list() {
        if (!in_list || depth > 2) return false;
        if (depth == 2) {
            Document done = item->finish();
            item.reset();
            on_item(std::move(done));
        } else {
            in_list = false;
        }
        return true;
    }

    bool open(bool array, error_code& error) {
        if (depth++ == 0) {
            if (to == nullptr) {
                if (array) error = boost::json::error::not_object;
                return !array;
            }
            name = root_name;
        }
        if (open_list(array, error)) return !error;
        array ? out().begin_array(name) : out().begin_document(name);
        return true;
    }
    bool close() {
        --depth;
        if (close_list()) return true;
        if (depth > 0 || to != nullptr) out().end();
        return true;
    }
    bool scalar(error_code& error) {
        if (depth == 0 || (in_list && !item)) error = boost::json::error::not_object;
        return !error;
    }

    bool on_document_begin(error_code&) { return true; }
    bool on_document_end(error_code&) { return true; }
    bool on_object_begin(error_code& error) { return open(false, error); }
    bool on_object_end(std::size_t, error_code&) { return close(); }
    bool on_array_begin(error_code& error) { return open(true, error); }
    bool on_array_end(std::size_t, error_code&) { return close(); }
    bool on_key_part(string_view part, std::size_t, error_code&) {
        text.append(part.data(), part.size());
        return true;
    }
    bool on_key(string_view part, std::size_t, error_code& error) {
        text.append(part.data(), part.size());
        name.swap(text);
        text.clear();
        // BSON ends names with a zero byte.
        if (name.find('\0') != std::string::npos) error = boost::json::error::syntax;
        return !error;
    }
    bool on_string_part(string_view part, std::size_t, error_code&) {
        text.append(part.data(), part.size());
        return true;
    }
    bool on_string(string_view part, std::size_t, error_code& error) {
        if (!scalar(error)) return false;
        text.append(part.data(), part.size());
        out().add(name, std::string_view(text));
        text.clear();
        return true;
    }
    bool on_number_part(string_view part, error_code&) {
        text.append(part.data(), part.size());
        return true;
    }
    bool on_int64(std::int64_t value, string_view, error_code& error) {
        text.clear();
        if (!scalar(error)) return false;
        out().add(name, value);
        return true;
    }
    bool on_uint64(std::uint64_t value, string_view, error_code& error) {
        text.clear();
        if (!scalar(error)) return false;
        out().add(name, static_cast<double>(value));
        return true;
    }
    /// Boost.JSON 1.81 rounds a tenth of all doubles wrongly, so the text is read once more.
    bool on_double(double, string_view part, error_code& error) {
        if (!scalar(error)) return false;
        text.append(part.data(), part.size());
        double value = 0;
        const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
        text.clear();
        if (read.ec != std::errc()) error = boost::json::error::exponent_overflow;
        if (error) return false;
        out().add(name, value);
        return true;
    }
    bool on_bool(bool value, error_code& error) {
        if (!scalar(error)) return false;
        out().add(name, value);
        return true;
    }
    bool on_null(error_code& error) {
        if (!scalar(error)) return false;
        out().add_null(name);
        return true;
    }
    bool on_comment_part(string_view, error_code&) { return true; }
    bool on_comment(string_view, error_code&) { return true; }
};

void transcode(boost::json::basic_parser<Transcoder>& parser, std::string_view json) {
    boost::json::error_code error;
    const std::size_t read = parser.write_some(false, json.data(), json.size(), error);
    if (!error && read < json.size()) error = boost::json::error::extra_data;
    if (error) throw InvalidArgument(fmt::format("not JSON: {} at byte {}", error.message(), read));
}

}  // namespace

Document from_json(std::string_view json) {
    boost::json::basic_parser<Transcoder> parser{boost::json::parse_options{}};
    parser.handler().document.emplace();
    transcode(parser, json);
    return parser.handler().document->finish();
}

void add_json(BsonWriter& to, std::string_view name, std::string_view json) {
    boost::json::basic_parser<Transcoder> parser{boost::json::parse_options{}};
    parser.handler().to = &to;
    parser.handler().root_name = name;
    transcode(parser, json);
}

struct JsonListReader::Parser {
    boost::json::basic_parser<Transcoder> json{boost::json::parse_options{}};
    std::size_t before = 0;  ///< bytes of earlier pieces

    void write(bool more, std::string_view piece) {
        boost::json::error_code error;
        const std::size_t read = json.write_some(more, piece.data(), piece.size(), error);
        if (!error && read < piece.size()) error = boost::json::error::extra_data;
        before += read;
        if (error) {
            throw InvalidArgument(
                fmt::format("not JSON as expected: {} at byte {}", error.message(), before));
        }
    }
};

JsonListReader::JsonListReader(std::string list, std::function<void(Document)> on_item)
    : parser_(std::make_unique<Parser>()) {
    Transcoder& handler = parser_->json.handler();
    handler.document.emplace();
    handler.list_name = std::move(list);
    handler.on_item = std::move(on_item);
}

JsonListReader::~JsonListReader() = default;

void JsonListReader::read(std::string_view piece) { parser_->write(true, piece); }

Document JsonListReader::finish() {
    parser_->write(false, {});
    return parser_->json.handler().document->finish();
}

}  // namespace rapport
