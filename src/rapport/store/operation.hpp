#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "rapport/core/filter.hpp"
#include "rapport/core/sort.hpp"
#include "rapport/core/update.hpp"
#include "rapport/store/collection.hpp"
#include "rapport/store/index_plan.hpp"

namespace rapport {

/// What a store can be asked to do. Operations are plain values, not calls, so that a worker can
/// look at those that wait and run compatible ones as one command. A Collection named by one
/// outlives the store.

/// Documents that match, in order. Result: std::vector<Document>.
struct FindDocuments {
    const Collection* collection;
    FilterNode filter;
    std::vector<SortKey> sort{};
    std::int64_t limit = 0;  ///< 0: all
    std::int64_t skip = 0;
};

/// Stores new documents, each with its `_id`. A duplicate key keeps back that document alone.
/// Result: std::vector<Duplicate>, empty when all were stored.
struct InsertDocuments {
    const Collection* collection;
    std::vector<Document> documents;
};

/// Changes the documents that match; with `many` false at most one of them.
/// Result: std::int64_t, how many matched.
struct UpdateDocuments {
    const Collection* collection;
    FilterNode filter;
    std::vector<Change> changes;
    bool many = false;
};

/// Result: std::int64_t, how many were removed.
struct RemoveDocuments {
    const Collection* collection;
    FilterNode filter;
};

/// Counts the documents that match and adds up one member of them, by group where one is named.
/// Result: std::vector<Group>, in no order; without `group_by` exactly one group.
struct AggregateDocuments {
    const Collection* collection;
    FilterNode filter;
    std::string group_by{};  ///< path; empty: all in one group
    std::string sum{};       ///< path of whole numbers, absent ones count as 0; empty: no sum
};

/// Changes one document under a guard, or creates it, and stores the documents that this accounts
/// for: how a conversation's turn is kept. Without details it is a guarded change alone. The change
/// is one statement; the details follow in the same transaction where Store::commits_as_one(), else
/// once the primary has the change, and a majority acknowledges both together. Idempotent for a
/// creation (by `_id`) and for the details; a change is so only by its guard. Result: Committed.
struct CommitDocuments {
    /// Changes the document that matches; the filter names a text that never changes, like a key
    /// (`lead_id`), by equality. Unused when there is something to create.
    UpdateDocuments change;
    std::optional<Document> create{};
    InsertDocuments details{};
    /// Acknowledged before the details are sent: for a change that is looked for as soon as whoever
    /// made it has died.
    bool acknowledged_first = false;
};

/// Makes the indexes of every collection as declared: builds what is missing (before it drops what
/// it replaces), applies a changed expiry, drops retired ones. Safe to repeat, and from two
/// processes at once. Result: none. Throws DuplicateKey when stored documents break a unique index.
struct EnsureIndexes {};

/// What EnsureIndexes would do now; changes nothing. Result: IndexPlan.
struct PlanIndexes {};

/// Lets nothing of what was removed stay in the engine's files: SQLite copies its log into the
/// database, where removed rows are overwritten, and empties it. Result: std::int64_t, 0 where
/// somebody who reads kept it from doing so: ask again later.
struct ForgetRemoved {};

/// Asks the server who it is: a round trip, so it also proves the connection. Result: ServerInfo.
struct Ping {};

/// Looks at the server and at what keeps the data, as ServerState says; on SQLite at every page of
/// the file. Result: ServerState.
struct InspectServer {};

/// Runs the caller's function on a worker's thread with the driver's own handle:
/// `mongoc_client_t*` on MongoDB, the writer's `sqlite3*` on SQLite. Result: none.
struct UseNativeHandle {
    std::function<void(void*)> use;
};

using Operation = std::variant<FindDocuments, InsertDocuments, UpdateDocuments, RemoveDocuments,
                               CommitDocuments, AggregateDocuments, EnsureIndexes, PlanIndexes,
                               ForgetRemoved, Ping, InspectServer, UseNativeHandle>;

/// A document that was not stored because another one has its key.
struct Duplicate {
    std::size_t position;  ///< in InsertDocuments::documents
    std::string index;     ///< the violated index's name; `_id` for the id
};

/// What CommitDocuments came to.
struct Committed {
    /// False when nothing matches any more, or another document has the key of the new one.
    bool happened = false;
    /// The details are stored, but for `duplicates`. False, after a change that happened, when the
    /// server could not say: store them again.
    bool details_stored = false;
    std::vector<Duplicate> duplicates{};
};

struct Group {
    Scalar key;
    std::int64_t count = 0;
    std::int64_t sum = 0;
};

struct ServerInfo {
    std::string engine;    ///< `mongodb` or `sqlite`
    std::string version;   ///< e.g. `6.0.5`
    std::string topology;  ///< `standalone`, `replica set rs0`, `sharded cluster`; `embedded`
};

/// What a database is like, for those who look after it.
struct ServerState {
    ServerInfo info;
    /// Of the fastest of some round trips.
    std::chrono::microseconds round_trip{0};
    /// How far its clock is ahead of ours, as far as the round trip lets one tell. Absent where it
    /// has no clock of its own.
    std::optional<std::chrono::milliseconds> clock_ahead{};
    /// Of the file system that holds the data; absent where the server does not say.
    std::optional<std::uint64_t> free_bytes{};
    std::optional<std::uint64_t> total_bytes{};
    /// False when it can only be read.
    bool is_writable = true;
    /// Places that the engine's own check found damaged; always 0 on MongoDB, which has no check
    /// that leaves it serving.
    std::int64_t damaged_places = 0;
};

using Result =
    std::variant<std::monostate, std::vector<Document>, std::vector<Duplicate>, std::int64_t,
                 Committed, std::vector<Group>, ServerInfo, IndexPlan, ServerState>;

/// What a store has done since open().
struct StoreCounters {
    std::uint64_t operations = 0;
    /// Commands and transactions that ran them.
    std::uint64_t batches = 0;
    /// [i]: batches of 2^i to 2^(i+1) - 1 operations.
    std::array<std::uint64_t, 10> batch_sizes{};
    /// Operations in the queue now.
    std::size_t waiting = 0;
    /// How long operations stood in the queue, all together.
    std::chrono::nanoseconds waited{0};

    void count_batch(std::size_t size) {
        operations += size;
        ++batches;
        const auto bucket = static_cast<std::size_t>(std::bit_width(size) - 1);
        ++batch_sizes.at(std::min(bucket, batch_sizes.size() - 1));
    }
    void add(const StoreCounters& other) {
        operations += other.operations;
        batches += other.batches;
        for (std::size_t i = 0; i < batch_sizes.size(); ++i) batch_sizes[i] += other.batch_sizes[i];
        waiting += other.waiting;
        waited += other.waited;
    }
};

/// The most bytes a document may have (MongoDB's limit; SQLite keeps to it too, so that data can
/// move). A bigger one is refused with InvalidArgument before anything is sent.
inline constexpr std::size_t kMaxDocumentBytes = std::size_t{16} * 1024 * 1024;

}  // namespace rapport
