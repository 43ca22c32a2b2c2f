#pragma once

#include <filesystem>
#include <optional>
#include <vector>

#include "rapport/store/executor.hpp"
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

    Result run(const Operation& operation, Deadline deadline) override;

  private:
    Result run(const FindDocuments& find);
    Result run(const InsertDocuments& insert);
    Result run(const UpdateDocuments& update);
    Result run(const RemoveDocuments& remove);
    Result run(const AggregateDocuments& aggregate);
    Result run(const EnsureIndexes& ensure);
    Result run(const Ping& ping);
    Result run(const UseNativeHandle& native);

    /// Runs one statement as a transaction: how many rows it changed.
    Result change(const Collection& collection, const Sql& sql);
    std::string violated_index(const Collection& collection) const;
    void remove_expired_now_and_then();

    Connection connection_;
    const std::vector<Collection>& collections_;
    std::optional<Deadline::Clock::time_point> expired_removed_{};
};

}  // namespace rapport::sqlite
