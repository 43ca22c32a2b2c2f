#include "rapport/store/sqlite/compaction.hpp"

#include "rapport/core/fault_point.hpp"
#include "rapport/store/sqlite/connection.hpp"

namespace rapport {
namespace {

constexpr int kStepsBetweenQuestions = 1000;

int ask(void* stop) {
    fault_point("compact.at_work");
    return (*static_cast<const std::function<bool()>*>(stop))() ? 1 : 0;
}

std::int64_t bytes_of(const std::filesystem::path& file) {
    std::int64_t bytes = 0;
    for (const char* part : {"", "-wal"}) {
        std::error_code none;
        const auto size = std::filesystem::file_size(file.string() + part, none);
        if (!none) bytes += static_cast<std::int64_t>(size);
    }
    return bytes;
}

}  // namespace

/// https://www.sqlite.org/lang_vacuum.html: in the mode that Rapport uses the new file goes through
/// the log, so that a crash leaves the old one. https://www.sqlite.org/c3ref/temp_directory.html
Compaction compact_sqlite(const std::filesystem::path& file, const std::function<bool()>& stop) {
    sqlite::Connection connection(file);
    Compaction done{.bytes_before = bytes_of(file)};
    connection.set_deadline(Deadline(Deadline::Clock::time_point::max()));
    auto asked = stop;
    sqlite3_progress_handler(connection.handle(), kStepsBetweenQuestions, ask, &asked);
    sqlite3_free(sqlite3_temp_directory);
    const auto folder = std::filesystem::absolute(file).parent_path();
    sqlite3_temp_directory = sqlite3_mprintf("%s", folder.c_str());
    connection.execute("PRAGMA temp_store=FILE; VACUUM; PRAGMA optimize");
    connection.check(sqlite3_wal_checkpoint_v2(connection.handle(), nullptr,
                                               SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr));
    done.bytes_after = bytes_of(file);
    return done;
}

}  // namespace rapport
