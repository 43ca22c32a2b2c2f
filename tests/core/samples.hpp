#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "rapport/core/codec.hpp"

/// Described structs with a member of every kind, for the tests of the core, which knows no domain.
namespace rapport::samples {

enum class Colour : std::uint8_t { kRed, kGreen };

constexpr auto enum_names(Colour) {
    return std::to_array<EnumName<Colour>>({{Colour::kRed, "red"}, {Colour::kGreen, "green"}});
}

struct Inner {
    std::string text{};
    std::optional<std::int64_t> number{};
    std::string only_outside{};

    bool operator==(const Inner&) const = default;
};
BOOST_DESCRIBE_STRUCT(Inner, (), (text, number, only_outside))

struct Outer {
    ObjectId id{};
    std::string name{};
    bool flag = false;
    std::int64_t count = 0;
    double ratio = 0;
    Colour colour = Colour::kRed;
    Timestamp at{};
    Inner inner{};
    std::vector<Inner> list{};
    std::vector<std::string> words{};
    std::optional<std::string> note{};
    std::optional<Timestamp> due{};
    std::optional<ObjectId> ref{};
    std::optional<Inner> extra{};
    std::int64_t version = 0;

    bool operator==(const Outer&) const = default;
};
BOOST_DESCRIBE_STRUCT(Outer, (),
                      (id, name, flag, count, ratio, colour, at, inner, list, words, note, due, ref,
                       extra, version))

inline ObjectId some_id() { return *ObjectId::parse("507f1f77bcf86cd799439011"); }

/// Every member has a value of its own.
inline Outer full() {
    Outer outer;
    outer.id = some_id();
    outer.name = "Zoë \"the first\"";
    outer.flag = true;
    outer.count = std::int64_t{1} << 40;
    outer.ratio = 0.1;
    outer.colour = Colour::kGreen;
    outer.at = Timestamp(std::chrono::milliseconds(1'700'000'000'123));
    outer.inner = {.text = "in", .number = 3};
    outer.list = {{.text = "a"}, {.text = "b", .number = -1}};
    outer.words = {"x", ""};
    outer.note = "n";
    outer.due = outer.at + std::chrono::hours(1);
    outer.ref = ObjectId::parse("00000000000000000000000a");
    outer.extra = Inner{.text = "e"};
    outer.version = 9;
    return outer;
}

inline Document nested_document();

}  // namespace rapport::samples

namespace rapport {

template <>
struct MemberRules<samples::Inner> : MemberRules<void> {
    static constexpr auto kOmittedWhenNested = std::to_array<std::string_view>({"only_outside"});
    static constexpr auto kDefaultedWhenNested = std::to_array<std::string_view>({"only_outside"});
};

template <>
struct MemberRules<samples::Outer> : MemberRules<void> {
    static constexpr auto kDefaulted = std::to_array<std::string_view>({"version"});
};

}  // namespace rapport

inline rapport::Document rapport::samples::nested_document() { return to_document(full()); }
