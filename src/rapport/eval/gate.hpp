#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "rapport/eval/baseline.hpp"

namespace rapport::eval {

/// What is different from the baseline, a line of text each; lines that explain one follow it,
/// indented.
struct Comparison {
    /// A class fell by more than its tolerance, or a conversation that passed fails, and neither
    /// can be put down to the spread of the runs.
    std::vector<std::string> regressions{};
    std::vector<std::string> improvements{};
    /// What passes in some runs and fails in others.
    std::vector<std::string> flaky{};
};
BOOST_DESCRIBE_STRUCT(Comparison, (), (regressions, improvements, flaky))

/// A figure is taken to have fallen where it did by more than the tolerance and twice the standard
/// error of the difference; a single run is taken to spread as the other side does. Throws
/// InvalidArgument that names the conversations, `file` and what to do where the baseline was made
/// of others.
Comparison compare(const EvalReport& report, const Baseline& baseline, std::string_view file);

}  // namespace rapport::eval
