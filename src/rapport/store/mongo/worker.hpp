#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "rapport/store/executor.hpp"
#include "rapport/store/mongo/driver.hpp"

namespace rapport::mongo {

/// Lives until the last worker has given its client back.
using Pool = std::shared_ptr<mongoc_client_pool_t>;

/// Operations that MongoDB takes many of in one command: look-ups by a unique key, first pages in
/// an index's order, inserts, commits.
class MongoLanes final : public Lanes {
  public:
    explicit MongoLanes(std::size_t workers) : workers_(workers) {}
    std::size_t lane_of(const Operation& operation) const override;
    std::size_t most_under_way(std::size_t lane) const override;
    std::size_t most_together(std::size_t lane) const override;
    std::size_t fed_by(std::size_t lane) const override;

  private:
    std::size_t workers_;
};

/// One client of the pool for as long as it lives.
class MongoWorker final : public Worker {
  public:
    /// `collections` must outlive it.
    MongoWorker(Pool pool, std::string database, const std::vector<Collection>& collections);
    ~MongoWorker() override;
    MongoWorker(const MongoWorker&) = delete;
    MongoWorker& operator=(const MongoWorker&) = delete;

    Result run(const Operation& operation, Deadline deadline) override;
    std::vector<Outcome> run_together(const std::vector<const Operation*>& operations,
                                      Deadline deadline) override;

  private:
    Result run(const FindDocuments& find, Deadline deadline);
    Result run(const InsertDocuments& insert, Deadline deadline);
    Result run(const UpdateDocuments& update, Deadline deadline);
    Result run(const RemoveDocuments& remove, Deadline deadline);
    Result run(const CommitDocuments& commit, Deadline deadline);
    Result run(const AggregateDocuments& aggregate, Deadline deadline);
    Result run(const EnsureIndexes& ensure, Deadline deadline);
    Result run(const PlanIndexes& plan, Deadline deadline);
    Result run(const ForgetRemoved& forget, Deadline deadline);
    Result run(const Ping& ping, Deadline deadline);
    Result run(const InspectServer& inspect, Deadline deadline);
    Result run(const UseNativeHandle& native, Deadline deadline);

    Result changed(BsonWriter& command, Deadline deadline);
    std::vector<Document> find_all(const Collection& collection, const Document& filter,
                                   const Document& options, Deadline deadline);
    std::vector<Document> aggregate_all(const Collection& collection, const Document& pipeline,
                                        const Document& options, Deadline deadline);

    // Several operations of one kind on one collection.
    template <class Op>
    using Several = std::span<const Op* const>;
    /// With the exception at hand.
    static void fail_all(std::span<Outcome* const> outcomes);
    void find_together(Several<FindDocuments> finds, std::span<Outcome* const> outcomes,
                       Deadline deadline);
    /// False, with nothing answered, where a document has a list of values at the pages' key: no
    /// page can tell that it is its own.
    bool find_pages(Several<FindDocuments> finds, std::span<Outcome* const> outcomes,
                    Deadline deadline);
    std::vector<Document> read_pages(Several<FindDocuments> pages, Deadline deadline);
    void insert_together(Several<InsertDocuments> inserts, std::span<Outcome* const> outcomes,
                         Deadline deadline);
    void commit_together(Several<CommitDocuments> commits, std::span<Outcome* const> outcomes,
                         Deadline deadline);

    void commit_some(std::span<const Document* const> statements, Several<CommitDocuments> commits,
                     std::span<Outcome* const> outcomes, Deadline deadline);
    Document commit_at_once(const Document& command, Several<CommitDocuments> commits,
                            Sending& of_details, Deadline deadline);
    void store_details(Several<CommitDocuments> commits, std::span<Outcome* const> outcomes,
                       const Sending& sending, Deadline deadline);

    Pool pool_;
    Session session_;
    const std::vector<Collection>& collections_;
    /// False until the server has: see election_of().
    bool tells_election_ = false;
};

}  // namespace rapport::mongo
