#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <vector>

#include "rapport/store/store.hpp"

namespace rapport {

struct SqliteOptions {
    /// Made, readable by its owner only, when it is not there.
    std::filesystem::path file;
    /// Connections that read, beside the one that writes.
    std::size_t readers = 4;
    /// Operations that may wait for a connection; more are refused with Overloaded.
    std::size_t max_waiting = 10'000;
    std::vector<Collection> collections{};
};

/// The schema this program writes, kept in `user_version`; a file with a greater one is refused.
inline constexpr int kSqliteSchemaVersion = 1;

/// For a program that does not ask SQLite how much memory it holds: that is counted under one lock
/// of all its connections. For the whole process, and before anything in it uses SQLite; later it
/// does nothing.
void count_no_memory_in_sqlite();

/// A store in one SQLite file: a table a collection, a column a member, dates and nested members as
/// text, so that any SQLite tool can read it. Members a newer program added become columns on
/// open(). Several processes may use one file.
std::unique_ptr<Store> make_sqlite_store(SqliteOptions options);

}  // namespace rapport
