#pragma once

#include <cstdint>
#include <istream>
#include <optional>
#include <string>

#include "rapport/core/time.hpp"
#include "rapport/repository/backup_frame.hpp"
#include "rapport/repository/snapshot.hpp"

namespace rapport {

/// What a backup says of itself.
struct BackupInfo {
    Timestamp made_at{};
    /// `mongodb` or `sqlite`
    std::string engine{};
};

/// Writes records as a backup file: see docs/backup.md.
class BackupWriter {
  public:
    BackupWriter(Sink sink, const BackupInfo& info);

    void write(const Record& record);
    void finish();

    const ContentCount& count() const { return count_; }

  private:
    BackupEncoder file_;
    ContentCount count_{};
};

/// Reads the records of a backup file, in bounded memory. What it gives is known to be good only
/// once next() has said that there is no more: read the file to its end, then again. Everything
/// throws InvalidDocument, which names the file.
class BackupReader {
  public:
    /// `in` is seekable; it is read from its beginning.
    BackupReader(std::istream& in, std::string name);

    const BackupInfo& info() const { return info_; }
    std::optional<Record> next();
    const ContentCount& count() const { return count_; }

  private:
    Document read_document();
    void read_head();
    void check_end(const BsonElement& end);

    BackupDecoder file_;
    BackupInfo info_{};
    ContentCount count_{};
    bool ended_ = false;
};

}  // namespace rapport
