#pragma once

#include <cstdint>
#include <functional>

#include "rapport/core/await.hpp"
#include "rapport/core/time.hpp"
#include "rapport/repository/archive.hpp"
#include "rapport/store/store.hpp"

namespace rapport {

/// What archive_due() has done.
struct Retained {
    std::int64_t archived = 0;  ///< messages that have moved to the archive
    std::int64_t files = 0;
    /// Messages that were in the archive already, by a run that was cut short or since a backup
    /// brought them back, and have left the database now.
    std::int64_t finished = 0;
    /// Messages that stay in the database, since the archive holds none like them: those of another
    /// system whose `_id` is no ObjectId, or on SQLite whose `created_at` is no date.
    std::int64_t skipped = 0;
};

/// How many messages were stored before this.
Async<std::int64_t> count_due(Store& store, Timestamp before);

/// Moves the messages that were stored before `before` to the archive: a file of them is on the
/// disk before they, and no others, are removed from the database. What was cut short is finished
/// by the next call: nothing is archived twice or lost. `progress` hears how many
/// have left the database, and 0 while a file is written; what it throws ends the run, which then
/// has left nothing half done. Throws VersionConflict while another process is at work in the
/// archive, and InvalidDocument for an altered file of it. Blocks the thread while it writes.
Async<Retained> archive_due(Store& store, const MessageArchive& archive, Timestamp before,
                            std::function<void(std::int64_t left)> progress = {});

}  // namespace rapport
