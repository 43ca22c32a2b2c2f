#include "rapport/store/sqlite/schema.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <set>
#include <thread>

#include "rapport/core/error.hpp"
#include "rapport/store/sqlite/sql.hpp"
#include "rapport/store/sqlite/sqlite_store.hpp"

namespace rapport::sqlite {
namespace {

std::set<std::string> column_names(Connection& connection, const Collection& collection) {
    std::set<std::string> names;
    Statement columns = connection.prepare("SELECT name FROM pragma_table_info(?)");
    columns.bind(1, collection.name);
    while (columns.step()) names.insert(columns.text(0));
    return names;
}

bool is_complete(Connection& connection, const std::vector<Collection>& collections) {
    for (const Collection& collection : collections) {
        const auto names = column_names(connection, collection);
        for (const Column& column : collection.columns) {
            if (!names.contains(column.name)) return false;
        }
    }
    return true;
}

bool has_index(Connection& connection, const std::string& name) {
    Statement find =
        connection.prepare("SELECT 1 FROM sqlite_master WHERE type='index' AND name=?");
    find.bind(1, name);
    return find.step();
}

/// How many rows one step of clearing away removes, so that the write behind it waits briefly.
constexpr std::int64_t kRowsAtOnce = 1000;

std::int64_t remove_expired(Connection& connection, const Collection& collection,
                            const Index& index) {
    Statement remove =
        connection.prepare(fmt::format("DELETE FROM \"{0}\" WHERE rowid IN "
                                       "(SELECT rowid FROM \"{0}\" WHERE \"{1}\" < ? LIMIT {2})",
                                       collection.name, index.keys.front().path, kRowsAtOnce));
    remove.bind(1, now() - *index.expire_after);
    remove.step();
    return connection.changes();
}

/// The file's schema version; 0 for a new one.
std::int64_t checked_version(Connection& connection) {
    const std::int64_t version = connection.query_integer("PRAGMA user_version");
    if (version > kSqliteSchemaVersion) {
        throw InvalidArgument(
            fmt::format("the database file was written by a newer Rapport (schema {}; this "
                        "program knows {})",
                        version, kSqliteSchemaVersion),
            "upgrade this program");
    }
    return version;
}

}  // namespace

void create_file(const std::filesystem::path& file) {
    if (file.empty() || file.string().starts_with(':')) {
        throw InvalidArgument("SQLite: expected the path of a file, e.g. sqlite:rapport.db");
    }
    // A file that is there is never opened here: closing it would let go of the locks that another
    // store of this process may hold on it (POSIX, fcntl).
    const int descriptor = ::open(file.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    const int problem = errno;
    if (descriptor >= 0) {
        ::close(descriptor);
    } else if (problem != EEXIST || std::filesystem::is_directory(file)) {
        throw Unavailable(
            fmt::format("{}: cannot be made or opened as a database file, {}", file.string(),
                        problem == EEXIST ? "it is a folder" : std::strerror(problem)),
            "check the folder and its permissions");
    }
}

void check_is_ours(Connection& connection, const std::vector<Collection>& collections,
                   const std::filesystem::path& file) {
    const auto stands = [&](const Collection& collection) {
        return !column_names(connection, collection).empty();
    };
    if (checked_version(connection) > 0 && std::ranges::any_of(collections, stands)) return;
    if (connection.query_integer("SELECT count(*) FROM sqlite_master") == 0) return;
    throw InvalidArgument(file.string() + ": a database of another program",
                          "give the file of a Rapport database, or the name of a new one");
}

void use_write_ahead_log(Connection& connection) {
    // The change needs the file for itself for a moment, and SQLite does not wait for that.
    const Deadline patience = Deadline::in(std::chrono::seconds(5));
    while (true) {
        try {
            return connection.execute("PRAGMA journal_mode=WAL");
        } catch (const Unavailable&) {
            if (patience.passed()) throw;
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
        }
    }
}

void ensure_tables(Connection& connection, const std::vector<Collection>& collections) {
    const bool current = checked_version(connection) == kSqliteSchemaVersion;
    if (current && is_complete(connection, collections)) return;
    Transaction transaction(connection);
    // Another process may have come first.
    checked_version(connection);
    for (const Collection& collection : collections) {
        connection.execute(create_table(collection));
        const auto names = column_names(connection, collection);
        for (const Column& column : collection.columns) {
            if (!names.contains(column.name)) connection.execute(add_column(collection, column));
        }
    }
    connection.execute(fmt::format("PRAGMA user_version={}", kSqliteSchemaVersion));
    transaction.commit();
}

bool remove_expired(Connection& connection, const std::vector<Collection>& collections) {
    bool all = true;
    for (const Collection& collection : collections) {
        for (const Index& index : collection.indexes) {
            const bool expires = index.expire_after && index.keys.size() == 1;
            if (!expires || !has_index(connection, index.name)) continue;
            all = remove_expired(connection, collection, index) < kRowsAtOnce && all;
        }
    }
    return all;
}

}  // namespace rapport::sqlite
