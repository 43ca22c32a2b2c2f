#pragma once

#include <optional>
#include <string>

#include "rapport/cli/import_plan.hpp"

namespace rapport::cli {

/// Who is who in a chat of two.
struct Sides {
    std::optional<std::string> us{};
    std::optional<std::string> them{};  ///< the lead's author; absent when only we wrote
    std::string lead_id{};
};

/// Tells them by what the caller says, by numbers among the authors and by the file's name. Throws
/// InvalidArgument for a group chat, and where there is no way to tell.
Sides find_sides(const ParsedFile& parsed, const ImportOptions& options);

}  // namespace rapport::cli
