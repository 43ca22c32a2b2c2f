#include "rapport/conversation/config_text.hpp"

#include <fmt/format.h>

#include <fstream>
#include <iterator>

#include "rapport/conversation/built_in_files.hpp"
#include "rapport/core/error.hpp"
#include "rapport/core/utf8.hpp"

namespace rapport {

std::string config_text(const std::filesystem::path& folder, std::string_view file) {
    const std::filesystem::path path = folder / file;
    if (folder.empty() || !std::filesystem::exists(path)) {
        return std::string(built_in_file(file));
    }
    std::ifstream in(path, std::ios::binary);
    std::string text(std::istreambuf_iterator<char>(in), {});
    if (!in.is_open() || in.bad() || !is_valid_utf8(text)) {
        throw InvalidArgument(fmt::format("{}: cannot be read, or is not UTF-8", path.string()));
    }
    return text;
}

}  // namespace rapport
