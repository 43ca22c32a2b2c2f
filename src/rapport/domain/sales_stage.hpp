#pragma once

#include <array>
#include <cstdint>

#include "rapport/core/enum_names.hpp"

namespace rapport {

/// Where a lead stands in the pipeline. The wire strings are those of existing databases.
enum class SalesStage : std::uint8_t {
    kInitialContact,
    kDiscovery,
    kQualified,
    kDemoScheduled,
    kOnHold,
    kClosedWon,
    kClosedLost,
};

constexpr auto enum_names(SalesStage) {
    using enum SalesStage;
    return std::to_array<EnumName<SalesStage>>({
        {kInitialContact, "0 - initial_contact"},
        {kDiscovery, "1 - discovery"},
        {kQualified, "2 - qualified"},
        {kDemoScheduled, "3 - demo_scheduled"},
        {kOnHold, "4 - on_hold"},
        {kClosedWon, "5 - closed_won"},
        {kClosedLost, "6 - closed_lost"},
    });
}

/// Won or lost.
constexpr bool is_closed(SalesStage stage) {
    return stage == SalesStage::kClosedWon || stage == SalesStage::kClosedLost;
}

/// The stage's name without its number: `discovery`.
constexpr std::string_view short_name(SalesStage stage) { return enum_to_string(stage).substr(4); }

/// Reads `discovery`, `1` or `1 - discovery`; absent for anything else.
constexpr std::optional<SalesStage> parse_stage(std::string_view text) {
    for (const auto& [stage, name] : kEnumTable<SalesStage>) {
        if (text == name || text == name.substr(4) || text == name.substr(0, 1)) return stage;
    }
    return std::nullopt;
}

}  // namespace rapport
