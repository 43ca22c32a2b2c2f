#include "schema.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <set>

#include "rapport/core/error.hpp"
#include "rapport/store/sqlite/sqlite_store.hpp"
#include "sql.hpp"

namespace rapport::sqlite {
namespace {

bool is_ours(const Index& index) { return index.engine != Index::Engine::kMongo; }

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

/// The statement that made an index; empty when there is none.
std::string index_definition(Connection& connection, const std::string& name) {
    Statement find =
        connection.prepare("SELECT sql FROM sqlite_master WHERE type='index' AND name=?");
    find.bind(1, name);
    return find.step() ? find.text(0) : std::string();
}

void ensure_index(Connection& connection, const Collection& collection, const Index& index) {
    const std::string wanted = create_index(collection, index);
    const std::string found = index_definition(connection, index.name);
    if (found == wanted) return;
    if (!found.empty()) connection.execute(fmt::format("DROP INDEX \"{}\"", index.name));
    try {
        connection.execute(wanted);
    } catch (const DuplicateKey&) {
        throw DuplicateKey(fmt::format(
            "{}: stored rows break the unique index {}: remove the duplicates, then try again",
            collection.name, index.name));
    }
}

void remove_expired(Connection& connection, const Collection& collection, const Index& index) {
    constexpr int kRowsAtOnce = 1000;
    const Timestamp limit = now() - *index.expire_after;
    const std::string sql = fmt::format(
        "DELETE FROM \"{0}\" WHERE rowid IN (SELECT rowid FROM \"{0}\" WHERE \"{1}\" < ? LIMIT "
        "{2})",
        collection.name, index.keys.front().path, kRowsAtOnce);
    do {
        Statement remove = connection.prepare(sql);
        remove.bind(1, limit);
        remove.step();
    } while (connection.changes() == kRowsAtOnce);
}

template <class F>
void for_each_expiry(const std::vector<Collection>& collections, F f) {
    for (const Collection& collection : collections) {
        for (const Index& index : collection.indexes) {
            if (index.expire_after) f(collection, index);
        }
    }
}

}  // namespace

void create_file(const std::filesystem::path& file) {
    if (file.empty() || file.string().starts_with(':')) {
        throw InvalidArgument("SQLite: expected the path of a file, e.g. sqlite:rapport.db");
    }
    const int descriptor = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (descriptor < 0) {
        throw Unavailable(
            fmt::format("{}: cannot be opened for writing: {}; check the folder and "
                        "its permissions",
                        file.string(), std::strerror(errno)));
    }
    ::close(descriptor);
}

void ensure_tables(Connection& connection, const std::vector<Collection>& collections) {
    const std::int64_t version = connection.query_integer("PRAGMA user_version");
    if (version > kSqliteSchemaVersion) {
        throw InvalidArgument(fmt::format(
            "the database file was written by a newer Rapport (schema {}; this program knows {}): "
            "use that version or a newer one",
            version, kSqliteSchemaVersion));
    }
    if (version == kSqliteSchemaVersion && is_complete(connection, collections)) return;
    Transaction transaction(connection);
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

void ensure_indexes(Connection& connection, const std::vector<Collection>& collections) {
    Transaction transaction(connection);
    for (const Collection& collection : collections) {
        for (const Index& index : collection.indexes) {
            if (is_ours(index)) ensure_index(connection, collection, index);
        }
        for (const std::string& name : collection.retired_indexes) {
            connection.execute(fmt::format("DROP INDEX IF EXISTS \"{}\"", name));
        }
    }
    transaction.commit();
}

bool expires(Connection& connection, const std::vector<Collection>& collections) {
    bool found = false;
    for_each_expiry(collections, [&](const Collection&, const Index& index) {
        found = found || !index_definition(connection, index.name).empty();
    });
    return found;
}

void remove_expired(Connection& connection, const std::vector<Collection>& collections) {
    for_each_expiry(collections, [&](const Collection& collection, const Index& index) {
        remove_expired(connection, collection, index);
    });
}

}  // namespace rapport::sqlite
