#pragma once

#include <utility>
#include <vector>

#include "rapport/core/await.hpp"
#include "rapport/core/deadline.hpp"
#include "rapport/store/operation.hpp"

namespace rapport {

/// The one port between the repositories and a database. Both engines keep this contract:
///
/// - A document that matches a filter on one engine matches on the other; absent and null are one.
/// - Every operation ends by its deadline. A write that had started may still take effect then.
/// - A write is durable when its awaitable returns: on MongoDB acknowledged by a majority with its
///   journal, on SQLite committed with synchronous=FULL. Reads see every write that has returned.
/// - Cancelling drops an operation that has not started; one that has started finishes.
/// - Operations that wait at the same time may run as one command or transaction. Each has its own
///   result, and what is wrong with one never fails another.
/// - A store may be used from any number of threads and coroutines.
///
/// Errors, besides those an operation names: InvalidArgument for a document that is too large,
/// Timeout, Overloaded when too many operations wait (nothing was done), Unavailable when the
/// database cannot be reached or refuses us, NotConnected before open() and after close(), Corrupt.
class Store {
  public:
    virtual ~Store() = default;

    /// Connects, checks that the database answers and that its schema is one we know, and starts
    /// the workers. Throws Unavailable, with what to do, when that fails.
    virtual void open() = 0;

    /// Finishes what was asked for, then lets go of the database. Blocks meanwhile. open() may be
    /// called again afterwards; in between run() throws NotConnected.
    virtual void close() = 0;

    virtual Async<Result> run(Operation operation, Deadline deadline) = 0;

    /// What it was made to hold, expiries included.
    virtual const std::vector<Collection>& collections() const = 0;

    /// True when CommitDocuments is one transaction, so that its details are stored whenever its
    /// change happened.
    virtual bool commits_as_one() const = 0;

    /// What it has done since open(); nothing before.
    virtual StoreCounters counters() const = 0;

    Async<std::vector<Document>> find(FindDocuments operation, Deadline deadline = {}) {
        return typed<std::vector<Document>>(std::move(operation), deadline);
    }
    Async<std::vector<Duplicate>> insert(InsertDocuments operation, Deadline deadline = {}) {
        return typed<std::vector<Duplicate>>(std::move(operation), deadline);
    }
    Async<std::int64_t> update(UpdateDocuments operation, Deadline deadline = {}) {
        return typed<std::int64_t>(std::move(operation), deadline);
    }
    Async<std::int64_t> remove(RemoveDocuments operation, Deadline deadline = {}) {
        return typed<std::int64_t>(std::move(operation), deadline);
    }
    Async<Committed> commit(CommitDocuments operation, Deadline deadline = {}) {
        return typed<Committed>(std::move(operation), deadline);
    }
    Async<std::vector<Group>> aggregate(AggregateDocuments operation, Deadline deadline = {}) {
        return typed<std::vector<Group>>(std::move(operation), deadline);
    }
    Async<IndexPlan> plan_indexes(Deadline deadline = {}) {
        return typed<IndexPlan>(PlanIndexes{}, deadline);
    }
    Async<ServerState> inspect(Deadline deadline = {}) {
        return typed<ServerState>(InspectServer{}, deadline);
    }
    Async<std::int64_t> forget_removed(Deadline deadline = {}) {
        return typed<std::int64_t>(ForgetRemoved{}, deadline);
    }
    Async<ServerInfo> ping(Deadline deadline = {}) { return typed<ServerInfo>(Ping{}, deadline); }

  private:
    template <class R>
    Async<R> typed(Operation operation, Deadline deadline) {
        co_return std::get<R>(co_await run(std::move(operation), deadline));
    }
};

}  // namespace rapport
