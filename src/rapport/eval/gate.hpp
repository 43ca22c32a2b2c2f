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
    /// The turns of which other checks fail than did, in more than half of the runs. They do not
    /// count: a turn may be worse by chance, or for what makes others better.
    std::vector<std::string> changed_turns{};
    /// What passes in some runs and fails in others.
    std::vector<std::string> flaky{};
};
BOOST_DESCRIBE_STRUCT(Comparison, (), (regressions, improvements, changed_turns, flaky))

/// How probable it is that a comparison of the same agents finds a regression of a class, or of a
/// conversation that did not pass all of its runs.
inline constexpr double kFalseAlarms = 0.01;

/// Regressions are what would be seen by chance with less than `kFalseAlarms`, divided by how many
/// figures differ from run to run (Bonferroni's correction); and every conversation that passed in
/// all runs and passes in none. Throws InvalidArgument that names the conversations, `file` and
/// what to do where the baseline was made of others.
Comparison compare(const EvalReport& report, const Baseline& baseline, std::string_view file);

}  // namespace rapport::eval
