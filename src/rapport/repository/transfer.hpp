#pragma once

#include <cstdint>
#include <functional>
#include <istream>
#include <string>
#include <string_view>
#include <vector>

#include "rapport/repository/backup_file.hpp"
#include "rapport/repository/receiver.hpp"

namespace rapport {

/// How a long piece of work goes on. What these throw ends it, at a place where nothing is half
/// done.
struct TransferProgress {
    /// A step begins, which deals with so many leads and messages.
    std::function<void(std::string_view step, std::int64_t documents)> begin{};
    std::function<void(std::int64_t documents)> advance{};
};

/// Who takes content in, and how.
struct TransferOptions {
    /// As the settings AUDIT_KEY and DEFAULT_REGION have them.
    std::string audit_key{};
    std::string default_region = "MX";
    /// Persons erased in the target since are restored all the same, on record as by `by`.
    bool restore_erased = false;
    std::string by{};
};

/// What a transfer came to.
struct Transferred {
    Received received{};
    /// Leads that were erased in the target because they were erased in the source.
    std::int64_t erased = 0;
    /// What was taken, and whether the target, read again, holds it and nothing else.
    Content content{};
    bool is_verified = false;
};

/// What a backup file holds.
struct BackupSummary {
    BackupInfo info{};
    Content content{};
    std::int64_t others = 0;
    /// The `_id`s of its audit entries, in ascending order.
    std::vector<ObjectId> audit{};
};

/// Writes all that the database holds as a backup file (docs/backup.md), while turns go on.
Async<BackupSummary> write_backup(Store& store, Sink sink, TransferProgress progress = {});

/// Reads a backup file, which is seekable, to its end. Throws InvalidDocument, which names the
/// file, where it is cut short or altered.
BackupSummary check_backup(std::istream& in, const std::string& name,
                           const TransferProgress& progress = {});

/// Stores what a backup holds; `checked` is what check_backup() has said of this file. A database
/// with other leads, or with leads in another state, is refused with VersionConflict, and nothing
/// is written. Cut short, it is done again, and goes on. Persons who were erased since are left
/// out, unless the options say otherwise.
Async<Transferred> restore_backup(Store& to, std::istream& in, std::string name,
                                  BackupSummary checked, TransferOptions options,
                                  TransferProgress progress = {});

/// Copies all that a database holds into another one, while turns go on in the first. As
/// restore_backup(), but that what is there from an earlier run is brought forward: leads that have
/// gone on, and leads that were erased in the source.
Async<Transferred> copy_database(Store& from, Store& to, TransferOptions options,
                                 TransferProgress progress = {});

}  // namespace rapport
