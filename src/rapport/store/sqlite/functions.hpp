#pragma once

#include <sqlite3.h>

namespace rapport::sqlite {

/// Adds `rapport_push(list, items, keep)` to the connection: the JSON array `list` (NULL is empty)
/// with `items` appended, of which the last `keep` stay (0: all). Only statements use it, never the
/// schema, so that any SQLite tool can work with the file.
void add_functions(sqlite3* database);

}  // namespace rapport::sqlite
