#include "rapport/channel/lead_export.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <utility>

#include "rapport/core/error.hpp"
#include "rapport/core/json.hpp"
#include "rapport/core/scalar.hpp"

namespace rapport {
namespace {

constexpr std::string_view kFormat = "rapport-export";
constexpr std::int64_t kVersion = 1;
constexpr std::size_t kPiece = std::size_t{64} * 1024;

}  // namespace

bool is_lead_export(const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    std::string start(256, '\0');
    in.read(start.data(), static_cast<std::streamsize>(start.size()));
    start.resize(static_cast<std::size_t>(std::max<std::streamsize>(in.gcount(), 0)));
    std::erase_if(start, [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; });
    return start.starts_with(fmt::format("{{\"format\":\"{}\"", kFormat));
}

LeadExportReader::LeadExportReader(std::filesystem::path file)
    : file_(std::move(file)),
      in_(file_, std::ios::binary),
      reader_("messages", [this](Document message) { waiting_.push_back(std::move(message)); }) {
    if (!in_) refuse("cannot be opened: check its name and its permissions");
}

void LeadExportReader::refuse(std::string_view why) const {
    throw InvalidArgument(fmt::format("{}: {}", file_.string(), why));
}

std::optional<Document> LeadExportReader::next() {
    while (waiting_.empty() && !ended_) read_piece();
    if (waiting_.empty()) return std::nullopt;
    Document message = std::move(waiting_.front());
    waiting_.pop_front();
    ++messages_;
    return message;
}

void LeadExportReader::read_piece() {
    std::string piece(kPiece, '\0');
    in_.read(piece.data(), static_cast<std::streamsize>(piece.size()));
    piece.resize(static_cast<std::size_t>(in_.gcount()));
    try {
        if (!piece.empty()) return reader_.read(piece);
        rest_ = reader_.finish();
    } catch (const InvalidArgument& problem) {
        refuse(problem.what());
    }
    ended_ = true;
    check();
}

void LeadExportReader::check() const {
    if (scalar_at(rest_, "format") != Scalar(std::string(kFormat))) {
        refuse("not a document of `rapport export`: its format is not \"rapport-export\"");
    }
    if (scalar_at(rest_, "format_version") != Scalar(kVersion)) {
        refuse("an export of another version: use the Rapport that wrote it, or a newer one");
    }
    if (scalar_at(rest_, "counts.messages") != Scalar(messages_)) {
        refuse("has not as many messages as it says: export again");
    }
}

}  // namespace rapport
