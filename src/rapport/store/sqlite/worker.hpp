#pragma once

#include <filesystem>
#include <optional>
#include <vector>

#include "rapport/store/executor.hpp"
#include "rapport/store/sqlite/checkpointer.hpp"
#include "rapport/store/sqlite/connection.hpp"
#include "rapport/store/sqlite/sql.hpp"

namespace rapport::sqlite {

/// Runs operations on a connection of its own. Only the writer's ever gets one that writes.
class SqliteWorker final : public Worker {
  public:
    /// `collections` must outlive it.
    SqliteWorker(const std::filesystem::path& file, const std::vector<Collection>& collections)
        : connection_(file), collections_(collections) {}

    Connection& connection() { return connection_; }

    /// Makes this the one that writes, once the file has its tables.
    void become_writer(const std::filesystem::path& file);

    Result run(const Operation& operation, Deadline deadline) override;

    /// One transaction. An operation that fails has changed nothing in it.
    std::vector<Outcome> run_together(const std::vector<const Operation*>& operations,
                                      Deadline deadline) override;

  private:
    Result run(const FindDocuments& find);
    Result run(const AggregateDocuments& aggregate);
    Result run(const EnsureIndexes& ensure);
    Result run(const PlanIndexes& plan);
    Result run(const ForgetRemoved& forget);
    Result run(const Ping& ping);
    Result run(const InspectServer& inspect);
    Result run(const UseNativeHandle& native);
    /// A write: a transaction of its own.
    template <class Write>
    Result run(const Write& write);

    // Inside a transaction.
    Result apply(const InsertDocuments& insert);
    Result apply(const UpdateDocuments& update);
    Result apply(const RemoveDocuments& remove);
    Result apply(const CommitDocuments& commit);
    template <class Other>
    Result apply(const Other& other);

    bool is_stored(const Collection& collection, const Document& document);
    bool create(const Collection& collection, const Document& document);
    /// How many rows a statement changed.
    std::int64_t change(const Collection& collection, const Sql& sql);
    std::string violated_index(const Collection& collection) const;
    void remove_expired_now_and_then();

    Connection connection_;
    const std::vector<Collection>& collections_;
    std::optional<Deadline::Clock::time_point> expired_removed_{};
    std::optional<Checkpointer> checkpointer_{};
};

}  // namespace rapport::sqlite
