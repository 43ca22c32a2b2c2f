#pragma once

#include <cstddef>
#include <exception>
#include <memory>
#include <thread>
#include <vector>

#include "rapport/core/await.hpp"
#include "rapport/core/deadline.hpp"
#include "rapport/store/operation.hpp"

namespace rapport {

/// What became of one operation: its error, or its result.
struct Outcome {
    std::exception_ptr error{};
    Result result{};
};

/// One thread's hold on a database: a pooled client, a connection.
class Worker {
  public:
    virtual ~Worker() = default;

    /// Blocks until the operation is done. Throws as Store says.
    virtual Result run(const Operation& operation, Deadline deadline) = 0;

    /// Runs operations of one lane as one command or transaction. An outcome for each, in their
    /// order: what is wrong with one never fails another.
    virtual std::vector<Outcome> run_together(const std::vector<const Operation*>& operations,
                                              Deadline deadline);

  protected:
    /// For a worker that finds that these cannot be run together after all.
    std::vector<Outcome> run_one_by_one(const std::vector<const Operation*>& operations,
                                        Deadline deadline);
};

/// Which operations a worker may run together.
class Lanes {
  public:
    static constexpr std::size_t kCount = 5;
    /// The lane of operations that run alone, on as many workers as there are.
    static constexpr std::size_t kAlone = 0;

    virtual ~Lanes() = default;
    /// Operations of one lane, but kAlone, may be given to one Worker::run_together.
    virtual std::size_t lane_of(const Operation&) const { return kAlone; }
    /// How many batches of a lane may be under way at once: fewer are larger. Each takes its share
    /// of the operations in the lane, so that none of them stays small.
    virtual std::size_t most_under_way(std::size_t) const { return 1; }
    /// The most operations of one batch.
    virtual std::size_t most_together(std::size_t) const {
        constexpr std::size_t kMost = 256;
        return kMost;
    }
    /// The lane whose callers come to this one next, as those who load come to commit; kAlone for
    /// none. A further batch waits for them while it is small, so that there are few large ones.
    virtual std::size_t fed_by(std::size_t) const { return kAlone; }
};

/// A bounded queue of operations and the threads that run them. A worker takes all that wait in a
/// lane and runs them as one: alone an operation goes at once, under load batches form by
/// themselves. Only the operation crosses threads, never the coroutine that waits for it.
class Executor {
  public:
    /// Starts a thread for each worker. At most `max_waiting` operations wait at once.
    Executor(std::vector<std::unique_ptr<Worker>> workers, std::size_t max_waiting,
             std::unique_ptr<const Lanes> lanes = std::make_unique<Lanes>());
    ~Executor();
    Executor(const Executor&) = delete;
    Executor& operator=(const Executor&) = delete;

    /// Queues the operation and waits for its result. Throws Overloaded at once when the queue is
    /// full, Timeout at the deadline, NotConnected after finish().
    Async<Result> submit(Operation operation, Deadline deadline) {
        return submit_to(state_, std::move(operation), deadline);
    }

    /// Takes no more operations, runs those that wait, and joins the threads. Idempotent.
    void finish();

    StoreCounters counters() const;

  private:
    class Pending;
    template <class Handler>
    class PendingCall;
    class State;

    static Async<Result> submit_to(std::shared_ptr<State> state, Operation operation,
                                   Deadline deadline);
    void work(Worker& worker);
    void run(Worker& worker, const std::vector<std::shared_ptr<Pending>>& batch);

    /// Shared with the callers' event loops, which may outlive this.
    const std::shared_ptr<State> state_;
    std::vector<std::jthread> threads_;
};

}  // namespace rapport
