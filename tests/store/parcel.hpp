#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "rapport/core/described.hpp"
#include "rapport/core/object_id.hpp"
#include "rapport/core/time.hpp"
#include "rapport/store/collection.hpp"

/// An entity with a member of every kind a store keeps, for tests of the stores alone.
namespace rapport::testing {

enum class Kind : std::uint8_t { kBox, kBag, kTube };

constexpr auto enum_names(Kind) {
    return std::to_array<EnumName<Kind>>(
        {{Kind::kBox, "box"}, {Kind::kBag, "bag"}, {Kind::kTube, "tube"}});
}

struct Label {
    std::optional<std::string> text;
    std::optional<std::int64_t> weight;
    std::optional<bool> fragile;
    std::optional<Timestamp> printed;
    std::optional<double> ratio;

    bool operator==(const Label&) const = default;
};
BOOST_DESCRIBE_STRUCT(Label, (), (text, weight, fragile, printed, ratio))

struct Parcel {
    ObjectId id;
    std::string code;
    std::optional<std::string> note;
    std::optional<std::int64_t> amount;
    std::optional<double> rate;
    std::optional<bool> urgent;
    std::optional<Kind> kind;
    std::optional<Timestamp> due;
    std::optional<ObjectId> sender;
    std::optional<Label> label;
    std::vector<std::string> tags;
    std::vector<Label> stickers;

    bool operator==(const Parcel&) const = default;
};
BOOST_DESCRIBE_STRUCT(Parcel, (),
                      (id, code, note, amount, rate, urgent, kind, due, sender, label, tags,
                       stickers))

/// `parcels`, with a unique index, one that is unique where its member is present, and one that
/// gives an order.
inline Collection parcel_collection() {
    return {"parcels",
            columns_of<Parcel>(),
            {{.name = "idx_code", .keys = {{"code"}}, .unique = true},
             {.name = "idx_kind_sender",
              .keys = {{"kind"}, {"sender"}},
              .unique = true,
              .where_present = "sender"},
             {.name = "idx_due", .keys = {{"due", true}, {"_id", true}}}}};
}

}  // namespace rapport::testing
