#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "rapport/core/described.hpp"

namespace rapport {

/// The four questions of BANT qualification.
enum class SignalDimension : std::uint8_t { kBudget, kAuthority, kNeed, kTimeline };

constexpr auto enum_names(SignalDimension) {
    using enum SignalDimension;
    return std::to_array<EnumName<SignalDimension>>({
        {kBudget, "budget"},
        {kAuthority, "authority"},
        {kNeed, "need"},
        {kTimeline, "timeline"},
    });
}

/// How sure we are of a signal, 0 to 1, and why.
struct Confidence {
    double value = 0;
    std::string reasoning{};

    bool operator==(const Confidence&) const = default;
};
BOOST_DESCRIBE_STRUCT(Confidence, (), (value, reasoning))

template <>
struct MemberRules<Confidence> : MemberRules<void> {
    static constexpr auto kDefaulted = std::to_array<std::string_view>({"reasoning"});
};

/// A fact about a lead, learnt from a message: "budget: 40,000 a year".
struct Signal {
    SignalDimension dimension = SignalDimension::kNeed;
    std::string extracted_value{};
    Confidence confidence{};
    std::string source_message_id{};
    bool is_inferred = false;
    std::optional<std::string> inferred_from{};
    /// The words it was read from.
    std::string raw_evidence{};

    bool operator==(const Signal&) const = default;
};
BOOST_DESCRIBE_STRUCT(Signal, (),
                      (dimension, extracted_value, confidence, source_message_id, is_inferred,
                       inferred_from, raw_evidence))

template <>
struct MemberRules<Signal> : MemberRules<void> {
    static constexpr auto kDefaulted =
        std::to_array<std::string_view>({"source_message_id", "is_inferred", "raw_evidence"});
};

inline constexpr std::size_t kMaxReasoningCharacters = 300;

/// Throws InvalidArgument for a confidence outside 0 to 1, reasoning over 300 characters, and text
/// that is not UTF-8.
void validate(const Signal& signal);

}  // namespace rapport
