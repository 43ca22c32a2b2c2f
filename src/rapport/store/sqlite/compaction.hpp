#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>

namespace rapport {

struct Compaction {
    std::int64_t bytes_before = 0;  ///< of the file and its log
    std::int64_t bytes_after = 0;
};

/// Writes a SQLite file anew without the gaps that removed rows have left, and gives their space
/// back to the disk; what the query planner knows is brought up to date. Others may read the file
/// meanwhile, and write before and after. Takes up to twice the file's size on its disk while it
/// runs, and bounded memory; sets SQLite's temporary folder, one for the process, to the file's.
/// `stop` is asked many times a second. Throws Timeout when it says yes or another process writes
/// all the time, Unavailable, and Corrupt; the file is as it was then.
Compaction compact_sqlite(const std::filesystem::path& file, const std::function<bool()>& stop);

}  // namespace rapport
