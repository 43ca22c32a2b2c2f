#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace rapport {

/// The text of a file of `config/`, by its path in there: from `folder`, or as it was built in
/// where the folder does not have it or is empty. Throws InvalidArgument that names what cannot be
/// read.
std::string config_text(const std::filesystem::path& folder, std::string_view file);

}  // namespace rapport
