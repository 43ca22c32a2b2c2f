#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "rapport/core/await.hpp"
#include "rapport/core/deadline.hpp"
#include "rapport/store/operation.hpp"

namespace rapport {

/// One thread's hold on a database: a pooled client, a connection. Used and destroyed on its
/// thread.
class Worker {
  public:
    virtual ~Worker() = default;
    /// Blocks until the operation is done. Throws as Store says.
    virtual Result run(const Operation& operation, Deadline deadline) = 0;
};

/// A bounded queue of operations and the threads that run them. Only the operation crosses
/// threads, never the coroutine that waits for it.
class Executor {
  public:
    /// Starts a thread for each worker. At most `max_waiting` operations wait at once.
    Executor(std::vector<std::unique_ptr<Worker>> workers, std::size_t max_waiting);
    ~Executor();
    Executor(const Executor&) = delete;
    Executor& operator=(const Executor&) = delete;

    /// Queues the operation and waits for its result. Throws Overloaded at once when the queue is
    /// full, Timeout at the deadline, NotConnected after finish().
    Async<Result> submit(Operation operation, Deadline deadline);

    /// Takes no more operations, runs those that wait, and joins the threads. Idempotent.
    void finish();

  private:
    class Pending;
    template <class Handler>
    class PendingCall;

    void work(Worker& worker);
    std::shared_ptr<Pending> next();
    void enqueue(const std::shared_ptr<Pending>& call);

    const std::size_t max_waiting_;
    std::mutex mutex_;
    std::condition_variable ready_;
    std::deque<std::shared_ptr<Pending>> waiting_;
    bool finishing_ = false;
    std::vector<std::jthread> threads_;
};

}  // namespace rapport
