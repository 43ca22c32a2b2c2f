#pragma once

#include <string>

#include "rapport/eval/report.hpp"

namespace rapport::eval {

/// The report as one HTML file that needs no network: `report.html` with the report's JSON in it.
std::string to_html(const EvalReport& report);

}  // namespace rapport::eval
