#include "rapport/store/sqlite/worker.hpp"

#include <fmt/format.h>

#include <chrono>

#include "rapport/core/error.hpp"
#include "rapport/core/fault_point.hpp"
#include "rapport/store/sqlite/indexes.hpp"
#include "rapport/store/sqlite/inspection.hpp"
#include "rapport/store/sqlite/rows.hpp"
#include "rapport/store/sqlite/schema.hpp"

namespace rapport::sqlite {
namespace {

constexpr std::chrono::hours kBetweenRemovals{1};

void bind_all(Statement& statement, const Sql& sql) {
    for (std::size_t i = 0; i < sql.values.size(); ++i) {
        statement.bind(static_cast<int>(i) + 1, sql.values[i]);
    }
}

void check_sizes(const InsertDocuments& insert) {
    for (const Document& document : insert.documents) {
        if (document.bytes().size() > kMaxDocumentBytes) {
            throw InvalidArgument(fmt::format("{}: a document of {} bytes, where {} are the most",
                                              insert.collection->name, document.bytes().size(),
                                              kMaxDocumentBytes));
        }
    }
}

/// What a stored value of this member is read as; nested members have no column of their own.
ColumnType type_at(const Collection& collection, std::string_view path) {
    const Column* column = collection.find_column(path);
    return column == nullptr ? ColumnType::kText : column->type;
}

bool is_duplicate(int code) {
    return code == SQLITE_CONSTRAINT_PRIMARYKEY || code == SQLITE_CONSTRAINT_UNIQUE;
}

}  // namespace

void SqliteWorker::become_writer(const std::filesystem::path& file) {
    // In KiB. What a transaction changes stays in memory, or it would be written out early and
    // again. What is only read does not: a commit may walk through the whole cache.
    connection_.execute("PRAGMA cache_size=-8192; PRAGMA cache_spill=-65536");
    checkpointer_.emplace(file, connection_);
}

Result SqliteWorker::run(const Operation& operation, Deadline deadline) {
    connection_.set_deadline(deadline);
    return std::visit([this](const auto& one) { return run(one); }, operation);
}

Result SqliteWorker::run(const FindDocuments& find) {
    const Sql sql = select_rows(find);
    Statement rows = connection_.prepare(sql.text);
    bind_all(rows, sql);
    std::vector<Document> documents;
    while (rows.step()) documents.push_back(read_row(rows, *find.collection));
    return documents;
}

template <class Write>
Result SqliteWorker::run(const Write& write) {
    remove_expired_now_and_then();
    Transaction transaction(connection_);
    Result result = apply(write);
    transaction.commit();
    return result;
}

std::vector<Outcome> SqliteWorker::run_together(const std::vector<const Operation*>& operations,
                                                Deadline deadline) {
    connection_.set_deadline(deadline);
    // Finds are given to a reader, and among themselves.
    if (std::holds_alternative<FindDocuments>(*operations.front())) {
        return run_one_by_one(operations, deadline);
    }
    remove_expired_now_and_then();
    std::vector<Outcome> outcomes;
    outcomes.reserve(operations.size());
    Transaction transaction(connection_);
    for (const Operation* operation : operations) {
        const std::int64_t changes = connection_.total_changes();
        Outcome outcome;
        try {
            outcome.result = std::visit([this](const auto& one) { return apply(one); }, *operation);
        } catch (...) {
            outcome.error = std::current_exception();
        }
        fault_point("sqlite.in_batch");
        // A savepoint for each would write every page twice, so one that failed half-way, which
        // takes an error of the file itself, and what ended the whole transaction, as a full disk
        // does, send all of them back to a transaction of their own.
        const bool half_done = outcome.error && connection_.total_changes() != changes;
        if (half_done || !connection_.in_transaction()) {
            connection_.roll_back();
            return run_one_by_one(operations, deadline);
        }
        outcomes.push_back(std::move(outcome));
    }
    transaction.commit();
    return outcomes;
}

/// Only writes share a transaction: see the store's lanes.
template <class Other>
Result SqliteWorker::apply(const Other& other) {
    return run(other);
}

Result SqliteWorker::apply(const InsertDocuments& insert) {
    check_sizes(insert);
    std::vector<Duplicate> duplicates;
    const std::string sql = insert_row(*insert.collection);
    for (std::size_t i = 0; i < insert.documents.size(); ++i) {
        Statement row = connection_.prepare(sql);
        bind_document(row, *insert.collection, insert.documents[i]);
        // A constraint ends this statement only; the transaction stands.
        const int code = row.step_code();
        if (is_duplicate(code)) {
            std::string index = violated_index(*insert.collection);
            // Of several keys that are taken SQLite names any; the document itself comes first.
            if (is_stored(*insert.collection, insert.documents[i])) index = "_id";
            duplicates.push_back({i, std::move(index)});
        } else {
            connection_.check(code);
        }
    }
    return duplicates;
}

Result SqliteWorker::apply(const UpdateDocuments& update) {
    return change(*update.collection, update_rows(update));
}

Result SqliteWorker::apply(const RemoveDocuments& remove) {
    return change(*remove.collection, delete_rows(remove));
}

Result SqliteWorker::apply(const CommitDocuments& commit) {
    check_sizes(commit.details);
    fault_point("sqlite.before_change");
    Committed committed;
    committed.happened = commit.create
                             ? create(*commit.change.collection, *commit.create)
                             : change(*commit.change.collection, update_rows(commit.change)) > 0;
    fault_point("sqlite.after_change");
    committed.details_stored = committed.happened;
    if (committed.happened && !commit.details.documents.empty()) {
        committed.duplicates = std::get<std::vector<Duplicate>>(apply(commit.details));
        fault_point("sqlite.after_messages");
    }
    return committed;
}

/// False when another document has the key. One of the same `_id` is this one, stored before.
bool SqliteWorker::create(const Collection& collection, const Document& document) {
    const auto duplicates =
        std::get<std::vector<Duplicate>>(apply(InsertDocuments{&collection, {document}}));
    return duplicates.empty() || duplicates.front().index == "_id";
}

/// One with its `_id` is there.
bool SqliteWorker::is_stored(const Collection& collection, const Document& document) {
    const Compare same_id{"_id", CompareOp::kEqual, scalar_at(document, "_id")};
    const Result found = run(FindDocuments{&collection, FilterNode(same_id), {}, 1});
    return !std::get<std::vector<Document>>(found).empty();
}

std::int64_t SqliteWorker::change(const Collection& collection, const Sql& sql) {
    Statement statement = connection_.prepare(sql.text);
    bind_all(statement, sql);
    const int code = statement.step_code();
    if (is_duplicate(code)) {
        throw DuplicateKey(fmt::format("{}: another document holds this key ({})", collection.name,
                                       violated_index(collection)));
    }
    connection_.check(code);
    return connection_.changes();
}

Result SqliteWorker::run(const AggregateDocuments& aggregate) {
    const Sql sql = select_groups(aggregate);
    Statement rows = connection_.prepare(sql.text);
    bind_all(rows, sql);
    const ColumnType key = type_at(*aggregate.collection, aggregate.group_by);
    std::vector<Group> groups;
    while (rows.step()) {
        groups.push_back({read_scalar(rows, 0, key), rows.integer(1), rows.integer(2)});
    }
    return groups;
}

Result SqliteWorker::run(const EnsureIndexes&) {
    ensure_indexes(connection_, collections_);
    while (!remove_expired(connection_, collections_)) {
    }
    expired_removed_ = Deadline::Clock::now();
    return {};
}

Result SqliteWorker::run(const PlanIndexes&) { return plan_indexes(connection_, collections_); }

Result SqliteWorker::run(const InspectServer&) { return inspect_file(connection_); }

Result SqliteWorker::run(const ForgetRemoved&) {
    const int code = sqlite3_wal_checkpoint_v2(connection_.handle(), nullptr,
                                               SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr);
    if (code == SQLITE_BUSY || code == SQLITE_LOCKED) return std::int64_t{0};
    connection_.check(code);
    return std::int64_t{1};
}

Result SqliteWorker::run(const Ping&) {
    connection_.query_integer("SELECT count(*) FROM sqlite_master");
    return ServerInfo{"sqlite", sqlite3_libversion(), "embedded"};
}

Result SqliteWorker::run(const UseNativeHandle& native) try {
    native.use(connection_.handle());
    connection_.roll_back();
    return {};
} catch (...) {
    connection_.roll_back();
    throw;
}

/// SQLite names the columns whose uniqueness broke in the error's text and nowhere else:
/// `UNIQUE constraint failed: messages.lead_id, messages.external_id`; or, where keys lie inside
/// JSON, `UNIQUE constraint failed: index 'name'`.
std::string SqliteWorker::violated_index(const Collection& collection) const {
    const std::string_view text = sqlite3_errmsg(connection_.handle());
    if (text.ends_with(fmt::format(": {}._id", collection.name))) return "_id";
    for (const Index& index : collection.indexes) {
        std::string columns;
        for (const SortKey& key : index.keys) {
            columns +=
                fmt::format("{}{}.{}", columns.empty() ? ": " : ", ", collection.name, key.path);
        }
        if (!index.unique) continue;
        if (text.ends_with(columns) || text.ends_with(fmt::format(": index '{}'", index.name))) {
            return index.name;
        }
    }
    return "an index of another program";
}

/// SQLite has no expiry of its own: whoever writes clears away, a little at a time.
void SqliteWorker::remove_expired_now_and_then() {
    const auto at = Deadline::Clock::now();
    if (expired_removed_ && at - *expired_removed_ < kBetweenRemovals) return;
    if (remove_expired(connection_, collections_)) expired_removed_ = at;
}

}  // namespace rapport::sqlite
