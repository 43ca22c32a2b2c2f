#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rapport/conversation/classification.hpp"
#include "rapport/conversation/strategy.hpp"
#include "rapport/domain/message.hpp"

namespace rapport::eval {

/// A fact that a message states. It is found where a signal of this dimension matches one of
/// `values` (signal_match.hpp).
struct ExpectedSignal {
    SignalDimension dimension = SignalDimension::kNeed;
    std::vector<std::string> values{};

    bool operator==(const ExpectedSignal&) const = default;
};
BOOST_DESCRIBE_STRUCT(ExpectedSignal, (), (dimension, values))

/// What a reader wants of a turn. Of intent, language, urgency, action and stage the first value is
/// the label, and the others are right as well.
struct Expectation {
    std::vector<Intent> intent{};
    std::vector<Language> language{};
    std::vector<Urgency> urgency{};
    /// New in this message; no other signal is right.
    std::vector<ExpectedSignal> signals{};
    std::vector<Action> action{};
    /// The lead's after the turn, by short name: `discovery`.
    std::vector<std::string> stage{};
    /// A person is asked for in this turn.
    bool handoff = false;
    /// False while a person has the conversation: then intent, language, urgency, action, signals
    /// and what the reply holds are empty.
    bool answered = true;
    /// The reply holds one of the alternatives of each, which `|` divides: `precio|cuesta`.
    std::vector<std::string> reply_has{};
    /// The reply holds none of them.
    std::vector<std::string> reply_lacks{};

    bool operator==(const Expectation&) const = default;
};
BOOST_DESCRIBE_STRUCT(Expectation, (),
                      (intent, language, urgency, signals, action, stage, handoff, answered,
                       reply_has, reply_lacks))

/// A message of the lead, and what should come of it. Our answers are those of the agents that are
/// judged.
struct GoldenTurn {
    Timestamp at{};
    std::string says{};
    std::optional<Attachment> attachment{};
    Expectation expect{};

    bool operator==(const GoldenTurn&) const = default;
};
BOOST_DESCRIBE_STRUCT(GoldenTurn, (), (at, says, attachment, expect))

struct GoldenConversation {
    /// Lower case letters, digits and `_`; no other conversation has it.
    std::string name{};
    /// What is hard here.
    std::string about{};
    std::optional<std::string> full_name{};
    std::vector<GoldenTurn> turns{};

    bool operator==(const GoldenConversation&) const = default;
};
BOOST_DESCRIBE_STRUCT(GoldenConversation, (), (name, about, full_name, turns))

/// Reads the conversations of a `.jsonl` file, one a line, or of all such files of a folder by
/// their names. Throws InvalidDocument that names file, line and member (`edge.jsonl:3:
/// turns[1].expect.intent[0]: unknown value "prize"`) for a line that is not valid, a member that
/// is not known and a name that is there twice, and where there is no conversation at all;
/// InvalidArgument where the path cannot be read.
std::vector<GoldenConversation> load_golden(const std::filesystem::path& path);

/// The same for the text of one file; `file` is what errors call it.
std::vector<GoldenConversation> parse_golden(std::string_view text, std::string_view file);

/// A digest of what is asked and expected: it differs where the conversation does.
std::string fingerprint(const GoldenConversation& conversation);

}  // namespace rapport::eval

namespace rapport {

template <>
struct MemberRules<eval::Expectation> : MemberRules<void> {
    static constexpr auto kDefaulted =
        std::to_array<std::string_view>({"intent", "language", "urgency", "signals", "action",
                                         "answered", "reply_has", "reply_lacks"});
    static constexpr auto kDefaultedWhenNested = kDefaulted;
};

template <>
struct MemberRules<eval::GoldenConversation> : MemberRules<void> {
    static constexpr auto kDefaulted = std::to_array<std::string_view>({"about"});
};

}  // namespace rapport
