#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "rapport/eval/report.hpp"

namespace rapport::eval {

/// How well a class was told: of a field (`intent`), or of `signals`.
struct BaselineClass {
    std::string field{};
    std::string name{};
    double f1 = 0;
    double deviation = 0;
    /// By how much f1 may fall. Edited by hand; making the baseline anew keeps it.
    double tolerance = kDefaultTolerance;

    static constexpr double kDefaultTolerance = 0.02;
};
BOOST_DESCRIBE_STRUCT(BaselineClass, (), (field, name, f1, deviation, tolerance))

struct BaselineTurn {
    std::int64_t passes = 0;
    /// The checks that failed in more than half of the runs.
    std::vector<std::string> failed{};
};
BOOST_DESCRIBE_STRUCT(BaselineTurn, (), (passes, failed))

struct BaselineConversation {
    std::string conversation{};
    std::string fingerprint{};
    std::int64_t passes = 0;
    std::vector<BaselineTurn> turns{};
};
BOOST_DESCRIBE_STRUCT(BaselineConversation, (), (conversation, fingerprint, passes, turns))

/// How often conversations may be held for a report.
inline constexpr std::int64_t kMostRuns = 100;

/// What a report is measured against.
struct Baseline {
    std::string agents{};
    std::int64_t runs = 0;  ///< 1 to kMostRuns
    std::vector<BaselineClass> classes{};
    std::vector<BaselineConversation> conversations{};
};

/// Classes that `before` has as well keep its tolerance; null where there is none.
Baseline make_baseline(const EvalReport& report, const Baseline* before);

/// Null where the baseline has no such class.
const BaselineClass* find_class(const Baseline& baseline, std::string_view field,
                                std::string_view name);

/// JSON lines: a head, then a line a class and a line a conversation, so that a change shows where
/// it is.
std::string to_jsonl(const Baseline& baseline);

/// Throws InvalidDocument that names `file`, the line and the member, and says how to make a
/// baseline, where the text is none or an older version's.
Baseline parse_baseline(std::string_view text, std::string_view file);

/// What to say where there is no baseline, or not the right one.
inline constexpr std::string_view kHowToMakeABaseline =
    "make it with `rapport eval PATH --baseline FILE --update-baseline`";

}  // namespace rapport::eval
