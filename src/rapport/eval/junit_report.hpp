#pragma once

#include <string>

#include "rapport/eval/report.hpp"

namespace rapport::eval {

/// The report as JUnit XML: a suite a conversation, a case a turn. A case fails where its turn
/// passes in no run; where it passes in some the case says so in its output.
std::string to_junit(const EvalReport& report);

}  // namespace rapport::eval
