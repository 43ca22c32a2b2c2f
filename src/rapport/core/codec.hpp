#pragma once

#include <concepts>
#include <limits>
#include <string>

#include "rapport/core/bson.hpp"
#include "rapport/core/described.hpp"
#include "rapport/core/error.hpp"
#include "rapport/core/json.hpp"

namespace rapport {

/// A struct's way to BSON and JSON and back, made from its description: members are written and
/// read one by one, with no tree of values between.
///
/// - `std::optional` without a value, and an empty ObjectId, are absent: never null.
/// - Reading accepts what earlier systems wrote: dates as ISO strings, nulls for what is absent,
///   ids as 24 digits, whole numbers stored as doubles, unknown members.

namespace codec {

/// Why a value does not fit, and where it stands below the member being read.
class Mismatch : public std::exception {
  public:
    Mismatch(std::string path, std::string reason)
        : path_(std::move(path)), reason_(std::move(reason)) {}
    /// The same mismatch seen from one level up.
    Mismatch under(std::string_view parent) const;
    /// `recent_history[3].timestamp: expected a date, found int32`
    std::string message() const;
    const char* what() const noexcept override { return reason_.c_str(); }

  private:
    std::string path_;
    std::string reason_;
};

[[noreturn]] void expected(const char* what, const BsonElement& found);

void read(const BsonElement& from, bool& to);
void read(const BsonElement& from, double& to);
void read(const BsonElement& from, std::int64_t& to);
void read(const BsonElement& from, std::string& to);
void read(const BsonElement& from, Timestamp& to);
void read(const BsonElement& from, ObjectId& to);

template <Described T>
void read_members(BsonReader in, T& to, bool nested);

template <class T>
void read(const BsonElement& from, T& to) {
    if constexpr (kIsOptional<T>) {
        if (from.type() == BsonType::kNull) {
            to.reset();
        } else {
            read(from, to.emplace());
        }
    } else if constexpr (kIsVector<T>) {
        if (from.type() != BsonType::kArray) expected("an array", from);
        to.clear();
        for (BsonReader in(from.as_nested()); !in.at_end();) {
            const BsonElement item = in.next();
            try {
                read(item, to.emplace_back());
            } catch (const Mismatch& mismatch) {
                throw mismatch.under("[" + std::to_string(to.size() - 1) + "]");
            }
        }
    } else if constexpr (NamedEnum<T>) {
        if (from.type() != BsonType::kString) expected("a string", from);
        const auto value = enum_from_string<T>(from.as_string());
        if (!value)
            throw Mismatch("",
                           "unknown value \"" + std::string(from.as_string().substr(0, 40)) + "\"");
        to = *value;
    } else {
        static_assert(Described<T>, "not a type the codec knows");
        if (from.type() != BsonType::kDocument) expected("a document", from);
        read_members(BsonReader(from.as_nested()), to, true);
    }
}

template <Described T>
void read_members(BsonReader in, T& to, bool nested) {
    using Rules = MemberRules<T>;
    std::array<bool, boost::mp11::mp_size<MembersOf<T>>::value> seen{};
    while (!in.at_end()) {
        const BsonElement element = in.next();
        std::size_t index = 0;
        for_each_member<T>([&](std::string_view name, auto member) {
            const std::size_t at = index++;
            if (name != element.name()) return;
            using Member = std::remove_reference_t<decltype(to.*member)>;
            if (element.type() == BsonType::kNull && !kIsOptional<Member>) return;
            try {
                read(element, to.*member);
            } catch (const Mismatch& mismatch) {
                throw mismatch.under(name);
            }
            seen[at] = true;
        });
    }
    std::size_t index = 0;
    for_each_member<T>([&](std::string_view name, auto member) {
        using Member = std::remove_reference_t<decltype(to.*member)>;
        if (seen[index++] || kIsOptional<Member> || holds(Rules::kDefaulted, name)) return;
        if (nested && holds(Rules::kDefaultedWhenNested, name)) return;
        throw Mismatch(std::string(name), "missing");
    });
}

template <class Writer, Described T>
void write_members(Writer& to, const T& from, bool nested);

template <class Writer, class T>
void write(Writer& to, std::string_view name, const T& from) {
    if constexpr (kIsOptional<T>) {
        if (from) write(to, name, *from);
    } else if constexpr (kIsVector<T>) {
        to.begin_array(name);
        for (const auto& item : from) write(to, {}, item);
        to.end();
    } else if constexpr (NamedEnum<T>) {
        to.add(name, enum_to_string(from));
    } else if constexpr (Described<T>) {
        to.begin_document(name);
        write_members(to, from, true);
        to.end();
    } else if constexpr (std::same_as<T, ObjectId>) {
        if (!from.empty()) to.add(name, from);
    } else if constexpr (std::same_as<T, std::string>) {
        to.add(name, std::string_view(from));
    } else {
        to.add(name, from);
    }
}

template <class Writer, Described T>
void write_members(Writer& to, const T& from, bool nested) {
    for_each_member<T>([&](std::string_view name, auto member) {
        if (nested && holds(MemberRules<T>::kOmittedWhenNested, name)) return;
        write(to, name, from.*member);
    });
}

}  // namespace codec

/// Throws InvalidArgument, naming the member, for what no document may hold (see BsonWriter).
template <Described T>
Document to_document(const T& entity) {
    BsonWriter out;
    codec::write_members(out, entity, false);
    return out.finish();
}

/// Throws InvalidDocument that names the path: `recent_history[3].timestamp: expected a date`.
template <Described T>
T from_document(const Document& document) {
    T entity{};
    try {
        codec::read_members(BsonReader(document), entity, false);
    } catch (const codec::Mismatch& mismatch) {
        throw InvalidDocument(mismatch.message());
    }
    return entity;
}

/// One line of JSON with the names and values of the database.
template <Described T>
std::string to_json(const T& entity) {
    JsonWriter out;
    codec::write_members(out, entity, false);
    return out.finish();
}

}  // namespace rapport
