#include "rapport/channel/jsonl_file.hpp"

#include <fmt/format.h>

#include <array>
#include <string_view>

#include "rapport/core/error.hpp"
#include "rapport/core/utf8.hpp"

namespace rapport {
namespace {

constexpr std::string_view kBlanks = " \t\r\n";
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

}  // namespace

bool is_jsonl_file(const std::filesystem::path& file) {
    std::error_code error;
    if (!std::filesystem::is_regular_file(file, error)) return false;
    std::ifstream in(file, std::ios::binary);
    std::array<char, 4096> start{};
    in.read(start.data(), start.size());
    std::string_view text(start.data(), static_cast<std::size_t>(in.gcount()));
    if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
    const std::size_t first = text.find_first_not_of(kBlanks);
    return first != std::string_view::npos && text[first] == '{';
}

JsonlFile::JsonlFile(std::filesystem::path file)
    : file_(std::move(file)), in_(file_, std::ios::binary) {
    if (!in_) throw InvalidArgument(fmt::format("{}: cannot be read", file_.string()));
}

std::optional<JsonlFile::Line> JsonlFile::next() {
    std::string bytes;
    while (std::getline(in_, bytes)) {
        const std::int64_t offset = position_;
        position_ += static_cast<std::int64_t>(bytes.size()) + 1;
        ++number_;
        std::string_view record = bytes;
        if (offset == 0 && record.starts_with(kByteOrderMark)) {
            record.remove_prefix(kByteOrderMark.size());
        }
        if (record.find_first_not_of(kBlanks) == std::string_view::npos) continue;
        RepairedText repaired = repair_utf8(record);
        replaced_ += repaired.replaced;
        return Line{number_, offset, std::move(repaired.text)};
    }
    if (in_.bad()) {
        throw InvalidArgument(fmt::format("{}: cannot be read to its end", file_.string()));
    }
    return std::nullopt;
}

void JsonlFile::go_to(std::int64_t offset) {
    // Seeking throws away what is read ahead, and most often the next line is asked for.
    if (offset == position_) return;
    in_.clear();
    in_.seekg(offset);
    position_ = offset;
}

}  // namespace rapport
