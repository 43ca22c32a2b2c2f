#include "connection.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "rapport/core/error.hpp"

namespace rapport::sqlite {
namespace {

constexpr std::chrono::milliseconds kBusyTimeout{5000};
constexpr std::size_t kMaxStatements = 256;

int stop_at_deadline(void* deadline) { return static_cast<Deadline*>(deadline)->passed() ? 1 : 0; }

}  // namespace

void translate(int code) {
    switch (code & 0xFF) {
        case SQLITE_INTERRUPT:
            throw Timeout("the deadline passed while the database was at work");
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
            throw Unavailable(
                "the database file is locked: another process has been writing for too long; try "
                "again");
        case SQLITE_CORRUPT:
            throw Corrupt("the database file is damaged: restore it from a copy");
        case SQLITE_NOTADB:
            throw Corrupt("the file is not a SQLite database: choose another one");
        case SQLITE_FULL:
            throw Unavailable("no room left on the disk for the database file");
        case SQLITE_READONLY:
        case SQLITE_PERM:
        case SQLITE_CANTOPEN:
        case SQLITE_IOERR:
            throw Unavailable(fmt::format(
                "the database file cannot be read or written (SQLite error {}): check its folder "
                "and its permissions",
                code));
        case SQLITE_TOOBIG:
            throw InvalidArgument("a value is too large for the database");
        case SQLITE_CONSTRAINT:
            throw DuplicateKey("another document holds this key");
        default:
            throw Unavailable(
                fmt::format("the database refused the operation (SQLite error {})", code));
    }
}

Statement::~Statement() {
    sqlite3_reset(handle_);
    sqlite3_clear_bindings(handle_);
}

void Statement::bind_text(int position, std::string_view text) {
    const int code = sqlite3_bind_text64(handle_, position, text.data(), text.size(),
                                         SQLITE_TRANSIENT, SQLITE_UTF8);
    if (code != SQLITE_OK) translate(code);
}

void Statement::bind(int position, const Scalar& value) {
    std::visit(
        [&]<class X>(const X& x) {
            if constexpr (std::is_same_v<X, std::monostate>) {
                sqlite3_bind_null(handle_, position);
            } else if constexpr (std::is_same_v<X, bool> || std::is_same_v<X, std::int64_t>) {
                sqlite3_bind_int64(handle_, position, static_cast<std::int64_t>(x));
            } else if constexpr (std::is_same_v<X, double>) {
                sqlite3_bind_double(handle_, position, x);
            } else if constexpr (std::is_same_v<X, Timestamp>) {
                bind_text(position, to_iso8601(x));
            } else if constexpr (std::is_same_v<X, ObjectId>) {
                bind_text(position, x.to_string());
            } else {
                bind_text(position, x);
            }
        },
        value);
}

bool Statement::step() {
    const int code = step_code();
    if (code == SQLITE_ROW) return true;
    if (code != SQLITE_DONE) translate(sqlite3_extended_errcode(database_));
    return false;
}

std::string Statement::text(int column) const {
    const auto* bytes = sqlite3_column_text(handle_, column);
    const auto size = static_cast<std::size_t>(sqlite3_column_bytes(handle_, column));
    return {reinterpret_cast<const char*>(bytes), size};
}

Connection::Connection(const std::filesystem::path& file) {
    sqlite3* opened = nullptr;
    const int code = sqlite3_open_v2(file.c_str(), &opened,
                                     SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nullptr);
    database_.reset(opened);
    if (code != SQLITE_OK) translate(code);
    sqlite3_extended_result_codes(opened, 1);
    set_deadline(Deadline());
    sqlite3_progress_handler(opened, 4000, stop_at_deadline, &deadline_);
    execute("PRAGMA synchronous=FULL; PRAGMA secure_delete=ON");
}

void Connection::set_deadline(Deadline deadline) {
    deadline_ = deadline;
    sqlite3_busy_timeout(handle(),
                         static_cast<int>(std::min(kBusyTimeout, deadline.left()).count()));
}

Statement Connection::prepare(const std::string& sql) {
    auto known = statements_.find(sql);
    if (known == statements_.end()) {
        sqlite3_stmt* made = nullptr;
        const int code = sqlite3_prepare_v3(handle(), sql.data(), static_cast<int>(sql.size()),
                                            SQLITE_PREPARE_PERSISTENT, &made, nullptr);
        if (code != SQLITE_OK) translate(code);
        if (statements_.size() >= kMaxStatements) statements_.clear();
        known = statements_.emplace(sql, made).first;
    }
    return {handle(), known->second.get()};
}

void Connection::execute(const std::string& sql) {
    const int code = sqlite3_exec(handle(), sql.c_str(), nullptr, nullptr, nullptr);
    if (code != SQLITE_OK) translate(code);
}

std::int64_t Connection::query_integer(const std::string& sql) {
    Statement statement = prepare(sql);
    return statement.step() ? statement.integer(0) : 0;
}

Transaction::Transaction(Connection& connection) : connection_(connection) {
    connection_.execute("BEGIN IMMEDIATE");
}

Transaction::~Transaction() {
    // Some errors have ended the transaction already.
    if (connection_.in_transaction()) {
        sqlite3_exec(connection_.handle(), "ROLLBACK", nullptr, nullptr, nullptr);
    }
}

}  // namespace rapport::sqlite
