#pragma once

#include "rapport/repository/settings.hpp"

namespace rapport::cli {

/// Sends the log to stderr, in the level and the format of the settings.
void start_logging(const Settings& settings);

}  // namespace rapport::cli
