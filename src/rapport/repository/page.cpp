#include "rapport/repository/page.hpp"

#include <cctype>

#include "rapport/core/bson.hpp"
#include "rapport/core/error.hpp"

namespace rapport {
namespace {

constexpr std::string_view kHexDigits = "0123456789abcdef";

std::string to_hex(std::string_view bytes) {
    std::string text;
    for (const char c : bytes) {
        const auto byte = static_cast<unsigned char>(c);
        text += kHexDigits[byte >> 4];
        text += kHexDigits[byte & 15];
    }
    return text;
}

[[noreturn]] void refuse() {
    throw InvalidArgument("cursor: not one that this list gave; start again without it");
}

std::string from_hex(std::string_view text) {
    if (text.size() % 2 != 0) refuse();
    std::string bytes;
    for (std::size_t i = 0; i < text.size(); i += 2) {
        const std::size_t high = kHexDigits.find(text[i]);
        const std::size_t low = kHexDigits.find(text[i + 1]);
        if (high == std::string_view::npos || low == std::string_view::npos) refuse();
        bytes += static_cast<char>(high * 16 + low);
    }
    return bytes;
}

/// Tells one order from another (FNV-1a over the keys), so that a cursor fits its own list only.
std::int64_t fingerprint(const std::vector<SortKey>& sort) {
    std::uint32_t hash = 2166136261U;
    const auto mix = [&](char c) { hash = (hash ^ static_cast<unsigned char>(c)) * 16777619U; };
    for (const SortKey& key : sort) {
        for (const char c : key.path) mix(c);
        mix(key.descending ? '-' : '+');
    }
    return hash;
}

}  // namespace

std::string encode_cursor(const PagePosition& position, const std::vector<SortKey>& sort) {
    BsonWriter out;
    out.add("s", fingerprint(sort));
    out.add("b", position.backwards);
    out.begin_array("v");
    for (const Scalar& value : position.values) add_scalar(out, {}, value);
    out.end();
    return to_hex(out.finish().bytes());
}

PagePosition decode_cursor(std::string_view cursor, const std::vector<SortKey>& sort) try {
    const Document document(from_hex(cursor));
    if (scalar_at(document, "s") != Scalar(fingerprint(sort))) refuse();
    PagePosition position;
    for (BsonReader in(document); !in.at_end();) {
        const BsonElement element = in.next();
        if (element.name() == "b" && element.type() == BsonType::kBool) {
            position.backwards = element.as_bool();
        }
        if (element.name() == "v" && element.type() == BsonType::kArray) {
            for (BsonReader values(element.as_nested()); !values.at_end();) {
                position.values.push_back(scalar_of(values.next()));
            }
        }
    }
    if (position.values.size() != sort.size()) refuse();
    return position;
} catch (const Corrupt&) {
    refuse();
}

}  // namespace rapport
