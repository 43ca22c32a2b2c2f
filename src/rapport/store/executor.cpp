#include "rapport/store/executor.hpp"

#include <atomic>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>
#include <exception>
#include <optional>

#include "rapport/core/error.hpp"

namespace rapport {
namespace asio = boost::asio;

namespace {

/// The most operations of one batch.
constexpr std::size_t kMostTogether = 256;

}  // namespace

std::vector<Outcome> Worker::run_one_by_one(const std::vector<const Operation*>& operations,
                                            Deadline deadline) {
    std::vector<Outcome> outcomes;
    outcomes.reserve(operations.size());
    for (const Operation* operation : operations) {
        try {
            outcomes.push_back({{}, run(*operation, deadline)});
        } catch (...) {
            outcomes.push_back({std::current_exception(), {}});
        }
    }
    return outcomes;
}

std::vector<Outcome> Worker::run_together(const std::vector<const Operation*>& operations,
                                          Deadline deadline) {
    return run_one_by_one(operations, deadline);
}

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

    void answer(std::exception_ptr error, Result result) {
        if (!claimed_.exchange(true)) deliver(std::move(error), std::move(result));
    }

  private:
    virtual void deliver(std::exception_ptr error, Result result) = 0;

    Operation operation_;
    Deadline deadline_;
    const Deadline::Clock::time_point queued_at_ = Deadline::Clock::now();
    std::atomic<bool> claimed_{false};
};

template <class Handler>
class Executor::PendingCall final : public Pending,
                                    public std::enable_shared_from_this<PendingCall<Handler>> {
  public:
    PendingCall(Operation operation, Deadline deadline, Handler handler)
        : Pending(std::move(operation), deadline),
          handler_(std::move(handler)),
          // The caller's run() must not return while its operation is under way.
          executor_(asio::prefer(asio::get_associated_executor(handler_),
                                 asio::execution::outstanding_work.tracked)),
          timer_(std::in_place, *executor_, deadline.at()) {}

    /// Arms the caller's cancellation and the deadline, both without owning the call. The deadline
    /// comes last: it may be over, and another thread of the caller's at work on the answer.
    void arm() {
        const std::weak_ptr<PendingCall> weak = this->weak_from_this();
        auto slot = asio::get_associated_cancellation_slot(handler_);
        if (slot.is_connected()) {
            slot.assign([weak](asio::cancellation_type) {
                const auto call = weak.lock();
                if (!call) return;
                call->answer(std::make_exception_ptr(
                                 boost::system::system_error(asio::error::operation_aborted)),
                             {});
            });
        }
        timer_->async_wait([weak](const boost::system::error_code& error) {
            const auto call = error ? nullptr : weak.lock();
            if (!call) return;
            call->answer(std::make_exception_ptr(
                             Timeout("the operation's deadline passed; a write may or may not have "
                                     "happened: read before you repeat it")),
                         {});
        });
    }

    auto executor() const { return asio::get_associated_executor(handler_); }

  private:
    void deliver(std::exception_ptr error, Result result) override {
        asio::post(*executor_, [self = this->shared_from_this(), error = std::move(error),
                                result = std::move(result)]() mutable {
            asio::get_associated_cancellation_slot(self->handler_).clear();
            Handler handler = std::move(self->handler_);
            // The queue may keep the call for long: it must not keep the caller's context at work.
            self->timer_.reset();
            self->executor_.reset();
            self.reset();
            std::move(handler)(std::move(error), std::move(result));
        });
    }

    using TrackedExecutor =
        std::decay_t<decltype(asio::prefer(asio::get_associated_executor(std::declval<Handler&>()),
                                           asio::execution::outstanding_work.tracked))>;

    Handler handler_;
    std::optional<TrackedExecutor> executor_;
    std::optional<asio::basic_waitable_timer<Deadline::Clock, asio::wait_traits<Deadline::Clock>,
                                             TrackedExecutor>>
        timer_;
};

Executor::Executor(std::vector<std::unique_ptr<Worker>> workers, std::size_t max_waiting,
                   std::unique_ptr<const Lanes> lanes)
    : max_waiting_(max_waiting), lanes_(std::move(lanes)) {
    for (auto& worker : workers) {
        threads_.emplace_back([this, own = std::move(worker)]() mutable {
            work(*own);
            own.reset();
        });
    }
}

Executor::~Executor() { finish(); }

void Executor::finish() {
    {
        const std::scoped_lock lock(mutex_);
        finishing_ = true;
    }
    ready_->notify_all();
    for (std::jthread& thread : threads_) {
        if (thread.joinable()) thread.join();
    }
}

StoreCounters Executor::counters() const {
    const std::scoped_lock lock(mutex_);
    StoreCounters counters = counters_;
    counters.waiting = waiting_;
    return counters;
}

void Executor::enqueue(const std::shared_ptr<Pending>& call) {
    const std::size_t lane = lanes_->lane_of(call->operation());
    std::exception_ptr refusal;
    {
        const std::scoped_lock lock(mutex_);
        if (finishing_) {
            refusal = std::make_exception_ptr(NotConnected("the database is disconnected"));
        } else if (waiting_ >= max_waiting_) {
            refusal = std::make_exception_ptr(
                Overloaded("too many operations are waiting for the database; nothing was done: "
                           "try again later"));
        } else {
            queues_.at(lane).calls.push_back(call);
            ++waiting_;
        }
    }
    if (refusal) call->answer(std::move(refusal), {});
}

/// The queue whose first call has waited longest, of those a worker may take from now.
Executor::Queue* Executor::ready_queue() {
    Queue* first = nullptr;
    for (std::size_t lane = 0; lane < queues_.size(); ++lane) {
        Queue& queue = queues_.at(lane);
        const bool full = lane != Lanes::kAlone && queue.under_way >= lanes_->most_under_way(lane);
        if (queue.calls.empty() || full) continue;
        if (first == nullptr ||
            queue.calls.front()->queued_at() < first->calls.front()->queued_at()) {
            first = &queue;
        }
    }
    return first;
}

/// Empty when there is nothing left to do.
Executor::Batch Executor::next() {
    std::unique_lock lock(mutex_);
    Queue* queue = nullptr;
    ready_->wait(lock, [&] {
        queue = ready_queue();
        return queue != nullptr || (finishing_ && waiting_ == 0);
    });
    Batch batch;
    if (queue == nullptr) return batch;
    batch.lane = static_cast<std::size_t>(queue - queues_.data());
    const std::size_t most = batch.lane == Lanes::kAlone ? 1 : kMostTogether;
    const auto at = Deadline::Clock::now();
    while (!queue->calls.empty() && batch.calls.size() < most) {
        counters_.waited += at - queue->calls.front()->queued_at();
        batch.calls.push_back(std::move(queue->calls.front()));
        queue->calls.pop_front();
    }
    waiting_ -= batch.calls.size();
    ++queue->under_way;
    counters_.count_batch(batch.calls.size());
    return batch;
}

void Executor::done(const Batch& batch) {
    bool more = false;
    {
        const std::scoped_lock lock(mutex_);
        Queue& queue = queues_.at(batch.lane);
        --queue.under_way;
        more = !queue.calls.empty() || (finishing_ && waiting_ == 0);
    }
    // This worker may go on with another lane.
    if (more) ready_->notify_all();
}

void Executor::run(Worker& worker, const Batch& batch) {
    std::vector<const Operation*> operations;
    std::vector<Pending*> calls;
    Deadline latest(Deadline::Clock::time_point::min());
    for (const auto& call : batch.calls) {
        if (call->answered()) continue;
        if (call->deadline().passed()) {
            call->answer(std::make_exception_ptr(Timeout(
                             "the deadline passed before the operation's turn came; nothing "
                             "was done")),
                         {});
            continue;
        }
        operations.push_back(&call->operation());
        calls.push_back(call.get());
        if (latest.at() < call->deadline().at()) latest = call->deadline();
    }
    // Everyone hears at its own deadline: a neighbour's earlier one must not end the batch.
    std::vector<Outcome> outcomes;
    try {
        if (calls.size() == 1) {
            outcomes.push_back({{}, worker.run(*operations.front(), latest)});
        } else if (!calls.empty()) {
            outcomes = worker.run_together(operations, latest);
        }
    } catch (...) {
        outcomes.assign(calls.size(), {std::current_exception(), {}});
    }
    for (std::size_t i = 0; i < calls.size(); ++i) {
        calls[i]->answer(std::move(outcomes[i].error), std::move(outcomes[i].result));
    }
}

void Executor::work(Worker& worker) {
    while (true) {
        const Batch batch = next();
        if (batch.calls.empty()) return;
        run(worker, batch);
        done(batch);
    }
}

Async<Result> Executor::submit(Operation operation, Deadline deadline) {
    auto initiate = [this]<class Handler>(Handler handler, Operation op, Deadline until) {
        auto call =
            std::make_shared<PendingCall<Handler>>(std::move(op), until, std::move(handler));
        call->arm();
        const auto executor = call->executor();
        enqueue(call);
        // A batch answers many callers at once, and each of them asks for its next operation in
        // turn. Waking a worker comes behind them in their event loop, so that it finds them all.
        asio::post(executor, [ready = ready_] { ready->notify_one(); });
    };
    co_return co_await asio::async_initiate<const asio::use_awaitable_t<>&,
                                            void(std::exception_ptr, Result)>(
        initiate, asio::use_awaitable, std::move(operation), deadline);
}

}  // namespace rapport
