#pragma once

#include <string>
#include <vector>

#include "rapport/cli/import_plan.hpp"

namespace rapport::cli {

/// What is to be said of a chat with impossible dates. It is told at the first of those lines.
std::string impossible_dates(const WhatsAppExport& chat);

/// True where a chat has impossible dates, which become its problem, unless the caller keeps going:
/// then those lines are text of the message before.
bool refuse_dates(const ParsedFile& parsed, const ImportOptions& options,
                  std::vector<ImportProblem>& problems);

/// Throws InvalidArgument that says why nothing of a file is a message.
[[noreturn]] void refuse_no_message(const ParsedFile& parsed);

}  // namespace rapport::cli
