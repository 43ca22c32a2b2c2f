#pragma once

namespace rapport::sqlite {

/// The name of a file layer for sqlite3_open_v2 (https://www.sqlite.org/vfs.html): the system's
/// own, except that the pages which a transaction adds to the write-ahead log reach it in few large
/// writes, where SQLite makes two small ones for each. All of them have been written when the
/// transaction's last one has, so that what others find in the log's index is in the file. Null
/// where SQLite has no memory for it, which is the name of the system's own.
const char* log_batching_vfs();

}  // namespace rapport::sqlite
