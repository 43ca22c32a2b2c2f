#include "rapport/store/sqlite/connection.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "rapport/core/error.hpp"
#include "rapport/core/fault_point.hpp"
#include "rapport/store/sqlite/functions.hpp"
#include "rapport/store/sqlite/log_file.hpp"

namespace rapport::sqlite {
namespace {

/// How long another process may hold a lock that we want.
constexpr std::chrono::seconds kLockPatience{5};
constexpr std::size_t kMaxIdleStatements = 128;
/// Virtual machine instructions between two looks at the clock: well under a millisecond.
constexpr int kStepsBetweenChecks = 4000;

int stop_at_deadline(void* deadline) { return static_cast<Deadline*>(deadline)->passed() ? 1 : 0; }

/// `file` is named where it is at fault.
[[noreturn]] void translate(int code, bool late, const std::string& file) {
    switch (code & 0xFF) {
        case SQLITE_INTERRUPT:
            throw Timeout("the deadline passed while the database was at work; nothing was done");
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
            if (late) {
                throw Timeout(
                    "the deadline passed while another process held the database's write lock; "
                    "nothing was done");
            }
            throw Unavailable(file + ": another process holds the write lock and does not let go",
                              "try again");
        case SQLITE_CONSTRAINT:
            if (code == SQLITE_CONSTRAINT_UNIQUE || code == SQLITE_CONSTRAINT_PRIMARYKEY) {
                throw DuplicateKey("another document holds this key");
            }
            throw InvalidArgument("a value does not fit its column, or a document has no _id");
        case SQLITE_CORRUPT:
            throw Corrupt(file + ": the database is damaged", "restore it from a copy");
        case SQLITE_NOTADB:
            throw Corrupt(file + ": not a SQLite database", "choose another one");
        case SQLITE_FULL:
            throw Unavailable(file + ": no room is left on the disk",
                              "make room, or move the file");
        case SQLITE_READONLY:
        case SQLITE_PERM:
            throw Unavailable(file + ": may only be read",
                              "give this user write permission on it and on its folder");
        case SQLITE_CANTOPEN:
        case SQLITE_IOERR:
            throw Unavailable(
                fmt::format("{}: cannot be read or written (SQLite error {})", file, code),
                "check its folder, its permissions and the disk");
        case SQLITE_TOOBIG:
            throw InvalidArgument("a value is too large for the database");
        // A statement that was prepared fails like this only when its functions do.
        case SQLITE_ERROR:
            throw InvalidDocument(
                "a stored value does not allow the operation: nested members that are not JSON, or "
                "a sum beyond 64 bits");
        default:
            throw Unavailable(
                fmt::format("the database refused the operation (SQLite error {})", code));
    }
}

}  // namespace

Statement::~Statement() {
    sqlite3_reset(handle());
    sqlite3_clear_bindings(handle());
    StatementCache& idle = connection_.idle_statements_;
    if (idle.size() >= kMaxIdleStatements) idle.erase(idle.begin());
    idle.insert(std::move(node_));
}

void Statement::bind_text(int position, std::string_view text) {
    connection_.check(sqlite3_bind_text64(handle(), position, text.data(), text.size(),
                                          SQLITE_TRANSIENT, SQLITE_UTF8));
}

void Statement::bind(int position, const Scalar& value) {
    std::visit(
        [&]<class X>(const X& x) {
            if constexpr (std::is_same_v<X, std::monostate>) {
                connection_.check(sqlite3_bind_null(handle(), position));
            } else if constexpr (std::is_same_v<X, bool> || std::is_same_v<X, std::int64_t>) {
                connection_.check(
                    sqlite3_bind_int64(handle(), position, static_cast<std::int64_t>(x)));
            } else if constexpr (std::is_same_v<X, double>) {
                connection_.check(sqlite3_bind_double(handle(), position, x));
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
    connection_.check(code);
    return code == SQLITE_ROW;
}

std::string_view Statement::text_view(int column) const {
    const auto* bytes = sqlite3_column_text(handle(), column);
    const auto size = static_cast<std::size_t>(sqlite3_column_bytes(handle(), column));
    return {reinterpret_cast<const char*>(bytes), size};
}

Connection::Connection(const std::filesystem::path& file) {
    sqlite3* opened = nullptr;
    const int code = sqlite3_open_v2(
        file.c_str(), &opened, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, log_batching_vfs());
    database_.reset(opened);
    check(code);
    sqlite3_extended_result_codes(opened, 1);
    sqlite3_busy_handler(opened, wait_for_lock, this);
    sqlite3_progress_handler(opened, kStepsBetweenChecks, stop_at_deadline, &deadline_);
    add_functions(opened);
    execute(
        "PRAGMA synchronous=FULL; PRAGMA secure_delete=ON; PRAGMA temp_store=MEMORY; "
        "PRAGMA wal_autocheckpoint=0");
}

/// In place of SQLite's own time-out, which adds up the sleeps it asked for: on a busy machine
/// those are longer, and the deadline would be missed. `waits` counts those for one lock before
/// this.
int Connection::wait_for_lock(void* connection, int waits) noexcept {
    auto& self = *static_cast<Connection*>(connection);
    if (waits == 0) self.lock_patience_ = Deadline::in(kLockPatience);
    if (self.deadline_.passed() || self.lock_patience_.passed()) return 0;
    constexpr int kLongest = 10;
    sqlite3_sleep(std::min(waits + 1, kLongest));
    return 1;
}

Statement Connection::prepare(const std::string& sql) {
    if (auto idle = idle_statements_.extract(sql)) return {*this, std::move(idle)};
    sqlite3_stmt* made = nullptr;
    const int code = sqlite3_prepare_v3(handle(), sql.c_str(), static_cast<int>(sql.size() + 1),
                                        SQLITE_PREPARE_PERSISTENT, &made, nullptr);
    if (code == SQLITE_ERROR) {
        throw InvalidArgument(
            "SQLite cannot run this: too many values or conditions, or its table is gone");
    }
    check(code);
    StatementCache one;
    one.emplace(sql, made);
    return {*this, one.extract(one.begin())};
}

void Connection::execute(const std::string& sql) {
    check(sqlite3_exec(handle(), sql.c_str(), nullptr, nullptr, nullptr));
}

std::int64_t Connection::query_integer(const std::string& sql) {
    Statement statement = prepare(sql);
    return statement.step() ? statement.integer(0) : 0;
}

void Connection::roll_back() noexcept {
    if (in_transaction()) sqlite3_exec(handle(), "ROLLBACK", nullptr, nullptr, nullptr);
}

void Connection::check(int code) const {
    if (code == SQLITE_OK || code == SQLITE_ROW || code == SQLITE_DONE) return;
    const char* file = sqlite3_db_filename(handle(), nullptr);
    translate(code, deadline_.passed(), file == nullptr || *file == 0 ? "the database file" : file);
}

Transaction::Transaction(Connection& connection) : connection_(connection) {
    connection_.execute("BEGIN IMMEDIATE");
    if (connection_.deadline().passed()) {
        connection_.roll_back();
        connection_.check(SQLITE_INTERRUPT);
    }
}

void Transaction::commit() {
    fault_point("sqlite.before_commit");
    {
        const LogBatch batch(connection_.handle());
        connection_.execute("COMMIT");
    }
    fault_point("sqlite.after_commit");
}

Transaction::~Transaction() { connection_.roll_back(); }

}  // namespace rapport::sqlite
