#pragma once

#include <filesystem>
#include <vector>

#include "rapport/store/operation.hpp"
#include "rapport/store/sqlite/connection.hpp"

namespace rapport::sqlite {

/// Makes the file, readable by its owner only, unless it is there. Throws Unavailable that says
/// what to do, InvalidArgument for a path that names no file.
void create_file(const std::filesystem::path& file);

/// Throws InvalidArgument for a file that another program, or a newer one, has written; leaves it
/// as it is. A new and empty one is anybody's.
void check_is_ours(Connection& connection, const std::vector<Collection>& collections,
                   const std::filesystem::path& file);

/// Sets write-ahead logging, unless the file has it: then readers and the writer do not wait for
/// each other.
void use_write_ahead_log(Connection& connection);

/// Makes the tables and columns that are missing. Throws InvalidArgument for a file that a newer
/// program has just written.
void ensure_tables(Connection& connection, const std::vector<Collection>& collections);

/// Removes rows that have expired, a bounded number of them: true when none is left. An expiry
/// counts once its index stands, and has one key.
bool remove_expired(Connection& connection, const std::vector<Collection>& collections);

}  // namespace rapport::sqlite
