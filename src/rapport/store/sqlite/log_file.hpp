#pragma once

struct sqlite3;

namespace rapport::sqlite {

struct LogFile;

/// The name of a file layer for sqlite3_open_v2 (https://www.sqlite.org/vfs.html): the system's
/// own, except that it lets a LogBatch gather what goes to the write-ahead log. Null where SQLite
/// has no memory for it, which is the name of the system's own.
const char* log_batching_vfs();

/// Stands around a COMMIT. Its pages reach the log in few large writes, where SQLite makes two
/// small ones for each. All have been written when the transaction's last one has, so that what
/// others find in the log's index is in the file. Nothing else waits: behind a transaction that was
/// rolled back another process writes where it stood.
class LogBatch {
  public:
    explicit LogBatch(sqlite3* database);
    ~LogBatch();
    LogBatch(const LogBatch&) = delete;
    LogBatch& operator=(const LogBatch&) = delete;

  private:
    /// Null for a file of another layer.
    LogFile* log_;
};

}  // namespace rapport::sqlite
