#pragma once

#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <thread>

#include "rapport/store/sqlite/connection.hpp"

namespace rapport::sqlite {

/// Copies the write-ahead log into the database file on a thread and a connection of its own, so
/// that writes do not wait for that. The writer itself only does the little that is left when the
/// log is long enough to begin anew (https://www.sqlite.org/wal.html, section 3).
class Checkpointer {
  public:
    /// `writer` is the connection whose commits are watched; it must outlive this.
    Checkpointer(const std::filesystem::path& file, Connection& writer);
    ~Checkpointer();
    Checkpointer(const Checkpointer&) = delete;
    Checkpointer& operator=(const Checkpointer&) = delete;

  private:
    static int on_commit(void* self, sqlite3* writer, const char* database, int pages) noexcept;
    void log_has(int pages);
    void restart_log();
    void run(const std::stop_token& stop);

    Connection& writer_;
    Connection own_;
    std::mutex mutex_;
    std::condition_variable_any wanted_;
    bool is_wanted_ = false;
    /// Pages of the log that are in the file.
    int copied_ = 0;
    /// The log's length at which the writer does what is left, however much it is.
    int most_;
    std::jthread thread_;
};

}  // namespace rapport::sqlite
