#pragma once

#include <filesystem>
#include <map>
#include <string>

namespace rapport {

struct EnvEntry {
    std::string value;
    int line;  ///< from 1
};

/// Reads a `.env` file: `NAME=value` a line, `export` before it, blank lines, comments after `#`,
/// values bare, in '…' (taken as they are) or in "…" (with \n, \r, \t, \", \\ and \$). A value in
/// quotes may take several lines. The last line of a name counts. Empty where there is no such
/// file. Throws InvalidArgument with file and line, never the value.
std::map<std::string, EnvEntry> read_env_file(const std::filesystem::path& file);

}  // namespace rapport
