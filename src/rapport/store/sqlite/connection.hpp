#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "rapport/core/deadline.hpp"
#include "rapport/core/scalar.hpp"

namespace rapport::sqlite {

struct Finalize {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
/// Prepared statements that are not in use, by their text.
using StatementCache = std::unordered_map<std::string, std::unique_ptr<sqlite3_stmt, Finalize>>;

class Connection;

/// A prepared statement in use. Goes back to its connection, reset, when destroyed.
class Statement {
  public:
    Statement(Connection& connection, StatementCache::node_type node)
        : connection_(connection), node_(std::move(node)) {}
    ~Statement();
    Statement(const Statement&) = delete;
    Statement& operator=(const Statement&) = delete;

    /// `position` counts from 1. Absent is NULL, a date its ISO text, an id its 24 digits.
    void bind(int position, const Scalar& value);
    /// Text as it is, zero bytes included.
    void bind_text(int position, std::string_view text);

    /// True for a row, false at the end. Throws as Connection::check() does.
    bool step();
    /// SQLite's extended code, SQLITE_ROW and SQLITE_DONE included, for callers who expect errors.
    int step_code() { return sqlite3_step(handle()); }

    sqlite3_stmt* handle() const { return node_.mapped().get(); }
    /// A column's value as it is stored; `column` counts from 0.
    int type(int column) const { return sqlite3_column_type(handle(), column); }
    std::int64_t integer(int column) const { return sqlite3_column_int64(handle(), column); }
    double real(int column) const { return sqlite3_column_double(handle(), column); }
    std::string text(int column) const { return std::string(text_view(column)); }
    /// The same, for as long as the row stands.
    std::string_view text_view(int column) const;

  private:
    Connection& connection_;
    StatementCache::node_type node_;
};

/// One connection, for one thread at a time.
class Connection {
  public:
    /// Opens a file that is there, with the settings every connection of ours has. Throws
    /// Unavailable or Corrupt.
    explicit Connection(const std::filesystem::path& file);
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    sqlite3* handle() const { return database_.get(); }

    /// From here on whatever still runs at this moment ends with Timeout, waits for another
    /// process's lock included.
    void set_deadline(Deadline deadline) { deadline_ = deadline; }
    Deadline deadline() const { return deadline_; }

    /// Throws InvalidArgument for a statement beyond SQLite's limits.
    Statement prepare(const std::string& sql);
    /// Statements without a result, one or several.
    void execute(const std::string& sql);
    /// The first column of the first row; 0 without one.
    std::int64_t query_integer(const std::string& sql);

    /// Rows that the last statement changed.
    std::int64_t changes() const { return sqlite3_changes64(database_.get()); }
    /// Rows that all statements so far changed, save those that failed.
    std::int64_t total_changes() const { return sqlite3_total_changes64(database_.get()); }
    bool in_transaction() const { return sqlite3_get_autocommit(database_.get()) == 0; }
    /// Undoes a transaction, if one is open: some errors have ended theirs already.
    void roll_back() noexcept;

    /// Throws the error that a code other than SQLITE_OK, _ROW and _DONE stands for. Never shows
    /// SQLite's own text, which may hold values.
    void check(int code) const;

  private:
    friend class Statement;

    struct Close {
        void operator()(sqlite3* database) const { sqlite3_close_v2(database); }
    };

    std::unique_ptr<sqlite3, Close> database_;
    static int wait_for_lock(void* connection, int waits) noexcept;

    StatementCache idle_statements_;
    Deadline deadline_;
    Deadline lock_patience_;
};

/// A write transaction: rolled back unless committed. Throws Timeout when the lock came too late:
/// the caller may have been told already that nothing was done.
class Transaction {
  public:
    explicit Transaction(Connection& connection);
    ~Transaction();
    Transaction(const Transaction&) = delete;
    Transaction& operator=(const Transaction&) = delete;
    void commit();

  private:
    Connection& connection_;
};

}  // namespace rapport::sqlite
