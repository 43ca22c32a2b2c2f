#pragma once

#include <array>
#include <atomic>
#include <boost/asio/any_io_executor.hpp>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "rapport/store/executor.hpp"

namespace rapport {

/// An operation in the queue. Whoever claims it first, of the worker, the deadline and a
/// cancellation, gives the caller its answer; the others' come to nothing.
class Executor::Pending {
  public:
    Pending(Operation operation, Deadline deadline)
        : operation_(std::move(operation)), deadline_(deadline) {}
    virtual ~Pending() = default;

    const Operation& operation() const { return operation_; }
    Deadline deadline() const { return deadline_; }
    Deadline::Clock::time_point queued_at() const { return queued_at_; }
    bool answered() const { return claimed_; }
    /// True for one: who gets it answers, and nobody else.
    bool claim() { return !claimed_.exchange(true); }

    /// Gives one caller its answer, unless it has one.
    static void answer(const std::shared_ptr<Pending>& call, Outcome outcome);
    /// The same for the calls of a batch. Those of one event loop hear in one go: none of them can
    /// ask for its next operation before the others can.
    static void answer_all(const std::vector<std::shared_ptr<Pending>>& calls,
                           std::vector<Outcome> outcomes, const std::shared_ptr<State>& state);

  protected:
    Outcome outcome_{};

  private:
    class Answers;

    virtual boost::asio::any_io_executor executor() const = 0;
    /// Hands the outcome over, on the caller's executor.
    virtual void complete() = 0;

    Operation operation_;
    Deadline deadline_;
    const Deadline::Clock::time_point queued_at_ = Deadline::Clock::now();
    std::atomic<bool> claimed_{false};
};

/// The queues, and the workers that have nothing to do.
class Executor::State {
  public:
    struct Batch {
        std::size_t lane = Lanes::kAlone;
        std::vector<std::shared_ptr<Pending>> calls{};
    };

    State(std::size_t max_waiting, std::unique_ptr<const Lanes> lanes)
        : max_waiting_(max_waiting), lanes_(std::move(lanes)) {}

    /// Takes the call in, or refuses it. No worker sees it before publish().
    void enqueue(const std::shared_ptr<Pending>& call);
    /// Lets the workers have all that came in.
    void publish();
    /// The next batch; empty when there is nothing left to do.
    Batch next();
    void done(const Batch& batch);
    /// Callers are being answered: they may have more to ask for. Each is followed by answered().
    void answering();
    void answered();
    void finish();
    StoreCounters counters() const;

  private:
    struct Queue {
        std::deque<std::shared_ptr<Pending>> calls{};
        std::size_t batches_under_way = 0;
        std::size_t calls_under_way = 0;
    };
    struct Idle {
        std::condition_variable woken{};
        bool is_woken = false;
    };

    void publish_arrived();
    Queue* ready_queue();
    bool is_ready(std::size_t lane) const;
    std::size_t most_of_batch(std::size_t lane) const;
    Batch take(Queue& queue);
    void wake_one();
    void wake_all();
    void wake(Idle& idle);

    const std::size_t max_waiting_;
    const std::unique_ptr<const Lanes> lanes_;
    mutable std::mutex mutex_;
    std::vector<std::pair<std::size_t, std::shared_ptr<Pending>>> arrived_{};
    std::array<Queue, Lanes::kCount> queues_{};
    /// The last one to fall idle is the first to be woken: its connection is the warmest.
    std::vector<Idle*> idle_{};
    /// Event loops that have not heard the answers for them yet.
    std::size_t answering_ = 0;
    /// Workers that are awake and have not looked at the queues yet.
    std::size_t looking_ = 0;
    std::size_t waiting_ = 0;
    StoreCounters counters_;
    bool finishing_ = false;
};

}  // namespace rapport
