#pragma once

#include <string_view>

namespace rapport {

/// The text of a file of `config/`, by its path in there; empty for any other. The build generates
/// its source from them (cmake/EmbedFiles.cmake).
std::string_view built_in_file(std::string_view name);

}  // namespace rapport
