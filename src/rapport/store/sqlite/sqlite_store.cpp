#include "rapport/store/sqlite/sqlite_store.hpp"

#include <algorithm>
#include <mutex>
#include <utility>

#include "rapport/core/error.hpp"
#include "rapport/store/executor.hpp"
#include "rapport/store/key_lookup.hpp"
#include "rapport/store/sqlite/schema.hpp"
#include "rapport/store/sqlite/worker.hpp"

namespace rapport {
namespace {

using sqlite::SqliteWorker;

bool only_reads(const Operation& operation) {
    return std::holds_alternative<FindDocuments>(operation) ||
           std::holds_alternative<AggregateDocuments>(operation) ||
           std::holds_alternative<Ping>(operation) ||
           std::holds_alternative<PlanIndexes>(operation) ||
           std::holds_alternative<InspectServer>(operation);
}

/// Writes that wait share a transaction, and so its flush to the disk.
class WriterLanes final : public Lanes {
  public:
    std::size_t lane_of(const Operation& operation) const override {
        const auto* update = std::get_if<UpdateDocuments>(&operation);
        // What may take long runs alone: stopped at its deadline it would take its neighbours
        // along.
        const bool is_short = std::holds_alternative<InsertDocuments>(operation) ||
                              std::holds_alternative<CommitDocuments>(operation) ||
                              (update != nullptr && !update->many);
        return is_short ? 1 : kAlone;
    }
};

/// Look-ups by key that wait are read in one go.
class ReaderLanes final : public Lanes {
  public:
    std::size_t lane_of(const Operation& operation) const override {
        const auto* find = std::get_if<FindDocuments>(&operation);
        return find != nullptr && asks_by_unique_key(*find) ? 1 : kAlone;
    }
    /// Half of what is asked, so that the one half is read while the other is written.
    std::size_t most_under_way(std::size_t) const override { return 2; }
};

class SqliteStore final : public Store {
  public:
    explicit SqliteStore(SqliteOptions options) : options_(std::move(options)) {}
    ~SqliteStore() override { SqliteStore::close(); }

    void open() override {
        const std::scoped_lock lock(mutex_);
        if (writer_) return;
        sqlite::create_file(options_.file);
        auto writer = std::make_unique<SqliteWorker>(options_.file, options_.collections);
        sqlite::check_is_ours(writer->connection(), options_.collections, options_.file);
        sqlite::use_write_ahead_log(writer->connection());
        sqlite::ensure_tables(writer->connection(), options_.collections);
        writer->become_writer(options_.file);
        std::vector<std::unique_ptr<Worker>> writers;
        writers.push_back(std::move(writer));
        std::vector<std::unique_ptr<Worker>> readers;
        for (std::size_t i = 0; i < std::max<std::size_t>(options_.readers, 1); ++i) {
            readers.push_back(std::make_unique<SqliteWorker>(options_.file, options_.collections));
        }
        reader_ = std::make_shared<Executor>(std::move(readers), options_.max_waiting,
                                             std::make_unique<ReaderLanes>());
        writer_ = std::make_shared<Executor>(std::move(writers), options_.max_waiting,
                                             std::make_unique<WriterLanes>());
    }

    void close() override {
        std::unique_lock lock(mutex_);
        const auto writer = std::exchange(writer_, {});
        const auto reader = std::exchange(reader_, {});
        lock.unlock();
        // The last connection to go empties the write-ahead log into the file.
        if (reader) reader->finish();
        if (writer) writer->finish();
    }

    Async<Result> run(Operation operation, Deadline deadline) override {
        const auto executor = executor_for(operation);
        return executor->submit(std::move(operation), deadline);
    }

    const std::vector<Collection>& collections() const override { return options_.collections; }

    bool commits_as_one() const override { return true; }

    StoreCounters counters() const override {
        const std::scoped_lock lock(mutex_);
        if (!writer_) return {};
        StoreCounters counters = writer_->counters();
        counters.add(reader_->counters());
        return counters;
    }

  private:
    std::shared_ptr<Executor> executor_for(const Operation& operation) {
        const std::scoped_lock lock(mutex_);
        auto executor = only_reads(operation) ? reader_ : writer_;
        if (!executor) throw NotConnected("the database is disconnected");
        return executor;
    }

    const SqliteOptions options_;
    mutable std::mutex mutex_;
    std::shared_ptr<Executor> writer_;
    std::shared_ptr<Executor> reader_;
};

}  // namespace

void count_no_memory_in_sqlite() { sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0); }

std::unique_ptr<Store> make_sqlite_store(SqliteOptions options) {
    return std::make_unique<SqliteStore>(std::move(options));
}

}  // namespace rapport
