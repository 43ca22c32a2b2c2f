#pragma once

#include <string_view>

#include "rapport/eval/gate.hpp"
#include "rapport/eval/report.hpp"

namespace rapport::cli {

/// Every turn that failed in some run, with what was expected, what was got and why.
void print_failures(const eval::EvalReport& report);

/// The scores, on one screen.
void print_summary(const eval::EvalReport& report);

/// What is worse and better than the baseline in `file`, and whether the gate lets it pass.
void print_comparison(const eval::Comparison& comparison, std::string_view file);

}  // namespace rapport::cli
