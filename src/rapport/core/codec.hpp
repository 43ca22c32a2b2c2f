#pragma once

#include <array>
#include <boost/mp11/integral.hpp>
#include <boost/mp11/list.hpp>
#include <boost/mp11/utility.hpp>
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

/// How many elements an array holds.
std::size_t count_elements(std::string_view array);

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
        to.reserve(count_elements(from.as_nested()));
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

/// Reads a member of T, or what became of one that is not there.
template <Described T>
struct MemberReader {
    std::string_view name;
    /// False for a null that the member's type cannot hold: it counts as not there.
    bool (*read)(const BsonElement& from, T& to);
    bool required;
    bool required_when_nested;
};

template <Described T, class M, M T::* kMember>
bool read_member(const BsonElement& from, T& to) {
    if (from.type() == BsonType::kNull && !kIsOptional<M>) return false;
    read(from, to.*kMember);
    return true;
}

template <Described T>
consteval auto member_readers() {
    constexpr std::size_t kCount = boost::mp11::mp_size<MembersOf<T>>::value;
    std::array<MemberReader<T>, kCount> readers{};
    boost::mp11::mp_for_each<boost::mp11::mp_iota_c<kCount>>([&](auto index) {
        using Member = boost::mp11::mp_at<MembersOf<T>, decltype(index)>;
        using M = std::remove_reference_t<decltype(std::declval<T&>().*Member::pointer)>;
        const std::string_view name = wire_name(Member::name);
        const bool required = !kIsOptional<M> && !holds(MemberRules<T>::kDefaulted, name);
        readers[index] = {name, read_member<T, M, Member::pointer>, required,
                          required && !holds(MemberRules<T>::kDefaultedWhenNested, name)};
    });
    return readers;
}

template <Described T>
void read_members(BsonReader in, T& to, bool nested) {
    static constexpr auto kReaders = member_readers<T>();
    std::array<bool, kReaders.size()> seen{};
    std::size_t at = 0;
    while (!in.at_end()) {
        const BsonElement element = in.next();
        // Mostly they stand in the order in which we write them.
        std::size_t tried = 0;
        while (tried < kReaders.size() && kReaders[at].name != element.name()) {
            at = (at + 1) % kReaders.size();
            ++tried;
        }
        if (tried == kReaders.size()) continue;
        try {
            if (kReaders[at].read(element, to)) seen[at] = true;
        } catch (const Mismatch& mismatch) {
            throw mismatch.under(kReaders[at].name);
        }
        at = (at + 1) % kReaders.size();
    }
    for (std::size_t i = 0; i < kReaders.size(); ++i) {
        const bool required = nested ? kReaders[i].required_when_nested : kReaders[i].required;
        if (required && !seen[i]) throw Mismatch(std::string(kReaders[i].name), "missing");
    }
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
