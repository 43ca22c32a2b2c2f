#pragma once

#include <cstdint>
#include <deque>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string_view>

#include "rapport/core/bson.hpp"
#include "rapport/core/json.hpp"

namespace rapport {

/// True for a file that begins as a document of `rapport export` does: an object whose first
/// member is `"format": "rapport-export"`. False where it cannot be read.
bool is_lead_export(const std::filesystem::path& file);

/// Reads a document of `rapport export` in bounded memory, its messages one by one:
///
///     LeadExportReader reader(file);
///     while (auto message = reader.next()) …
///     reader.rest();  // the lead, and what else there is
///
/// Throws InvalidArgument that names the file: it is not there, not JSON, cut short, of another
/// format or of a newer version, or has not as many messages as it says itself.
class LeadExportReader {
  public:
    explicit LeadExportReader(std::filesystem::path file);

    /// Absent at the end of the document, which is then known to be whole.
    std::optional<Document> next();
    /// The document without its messages, once next() has come to its end.
    const Document& rest() const { return rest_; }

  private:
    [[noreturn]] void refuse(std::string_view why) const;
    void read_piece();
    void check() const;

    std::filesystem::path file_;
    std::ifstream in_;
    std::deque<Document> waiting_{};
    std::int64_t messages_ = 0;
    bool ended_ = false;
    Document rest_{};
    JsonListReader reader_;
};

}  // namespace rapport
