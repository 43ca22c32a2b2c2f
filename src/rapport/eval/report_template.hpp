#pragma once

#include <string_view>

namespace rapport::eval {

/// The text of `report.html`. The build generates its source (cmake/EmbedFiles.cmake).
std::string_view report_template(std::string_view name);

}  // namespace rapport::eval
