#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "rapport/core/described.hpp"

namespace rapport {

/// The answer, and why it sounds as it does.
struct OutboundMessage {
    /// What the lead reads. Valid UTF-8, not blank, at most kMaxContentBytes (message.hpp).
    std::string content{};
    std::string persona_reasoning{};

    bool operator==(const OutboundMessage&) const = default;
};
BOOST_DESCRIBE_STRUCT(OutboundMessage, (), (content, persona_reasoning))

/// What the third agent writes.
struct Execution {
    OutboundMessage message{};
    /// How far it agrees with the strategy it was given, 0 to 1.
    double agreement_level = 1;
    std::optional<std::string> feedback_for_director{};
    /// At most kMaxSummaryCharacters.
    std::string execution_summary{};

    static constexpr std::size_t kMaxSummaryCharacters = 150;

    bool operator==(const Execution&) const = default;
};
BOOST_DESCRIBE_STRUCT(Execution, (),
                      (message, agreement_level, feedback_for_director, execution_summary))

/// Throws InvalidArgument that names the member, for a message that is empty, blank or too long,
/// an agreement outside 0 to 1 and a summary that is too long.
void validate(const Execution& execution);

}  // namespace rapport
