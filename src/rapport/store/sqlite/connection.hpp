#pragma once

#include <sqlite3.h>

#include <filesystem>
#include <memory>
#include <string>
#include <unordered_map>

#include "rapport/core/deadline.hpp"
#include "rapport/core/scalar.hpp"

namespace rapport::sqlite {

/// A prepared statement in use; reset when it goes.
class Statement {
  public:
    Statement(sqlite3* database, sqlite3_stmt* handle) : database_(database), handle_(handle) {}
    ~Statement();
    Statement(const Statement&) = delete;
    Statement& operator=(const Statement&) = delete;

    /// `position` counts from 1.
    void bind(int position, const Scalar& value);
    void bind_text(int position, std::string_view text);

    /// True for a row, false at the end. Throws what translate() makes of an error.
    bool step();
    /// SQLite's extended code, SQLITE_ROW and SQLITE_DONE included, for callers who expect errors.
    int step_code() { return sqlite3_step(handle_); }

    sqlite3_stmt* handle() const { return handle_; }
    std::int64_t integer(int column) const { return sqlite3_column_int64(handle_, column); }
    std::string text(int column) const;

  private:
    sqlite3* database_;
    sqlite3_stmt* handle_;
};

/// One connection, for one thread at a time.
class Connection {
  public:
    /// Opens a file that is there, with the settings every connection of ours has. Throws
    /// Unavailable or Corrupt.
    explicit Connection(const std::filesystem::path& file);

    sqlite3* handle() const { return database_.get(); }

    /// From here on statements end at this moment with Timeout.
    void set_deadline(Deadline deadline);

    /// Prepared once a text and kept.
    Statement prepare(const std::string& sql);
    /// Statements without a result, one or several.
    void execute(const std::string& sql);
    /// The first column of the first row.
    std::int64_t query_integer(const std::string& sql);

    int changes() const { return sqlite3_changes(database_.get()); }
    bool in_transaction() const { return sqlite3_get_autocommit(database_.get()) == 0; }

  private:
    struct Close {
        void operator()(sqlite3* database) const { sqlite3_close_v2(database); }
    };
    struct Finalize {
        void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
    };

    std::unique_ptr<sqlite3, Close> database_;
    std::unordered_map<std::string, std::unique_ptr<sqlite3_stmt, Finalize>> statements_;
    Deadline deadline_;
};

/// A write transaction: rolled back unless committed.
class Transaction {
  public:
    explicit Transaction(Connection& connection);
    ~Transaction();
    Transaction(const Transaction&) = delete;
    Transaction& operator=(const Transaction&) = delete;
    void commit() { connection_.execute("COMMIT"); }

  private:
    Connection& connection_;
};

/// Throws the error that SQLite's code stands for; never shows SQLite's own text, which may hold
/// values.
[[noreturn]] void translate(int code);

}  // namespace rapport::sqlite
