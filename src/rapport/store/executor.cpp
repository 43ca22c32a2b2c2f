#include "rapport/store/executor.hpp"

#include <algorithm>
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
#include <iterator>
#include <optional>
#include <utility>

#include "rapport/core/error.hpp"
#include "rapport/store/executor_state.hpp"

namespace rapport {
namespace asio = boost::asio;

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

/// The calls of one event loop that have their outcome.
class Executor::Pending::Answers {
  public:
    Answers(boost::asio::any_io_executor executor, std::shared_ptr<State> state)
        : executor_(std::move(executor)), state_(std::move(state)) {
        if (state_) state_->answering();
    }
    Answers(Answers&&) = default;
    Answers& operator=(Answers&&) = default;
    ~Answers() {
        if (state_) state_->answered();
    }

    const boost::asio::any_io_executor& executor() const { return executor_; }
    void add(std::shared_ptr<Pending> call) { calls_.push_back(std::move(call)); }
    void post() && {
        const auto executor = executor_;
        asio::post(executor, std::move(*this));
    }

    void operator()() {
        try {
            while (next_ < calls_.size()) std::exchange(calls_[next_++], {})->complete();
        } catch (...) {
            // What one caller lets through to its event loop is not for the others to pay.
            std::move(*this).post();
            throw;
        }
    }

  private:
    boost::asio::any_io_executor executor_;
    std::shared_ptr<State> state_;
    std::vector<std::shared_ptr<Pending>> calls_{};
    std::size_t next_ = 0;
};

void Executor::Pending::answer(const std::shared_ptr<Pending>& call, Outcome outcome) {
    if (!call->claim()) return;
    call->outcome_ = std::move(outcome);
    Answers answers(call->executor(), {});
    answers.add(call);
    std::move(answers).post();
}

void Executor::Pending::answer_all(const std::vector<std::shared_ptr<Pending>>& calls,
                                   std::vector<Outcome> outcomes,
                                   const std::shared_ptr<State>& state) {
    std::vector<Answers> by_executor;
    for (std::size_t i = 0; i < calls.size(); ++i) {
        Pending& call = *calls[i];
        if (!call.claim()) continue;
        call.outcome_ = std::move(outcomes[i]);
        auto same = std::ranges::find(by_executor, call.executor(), &Answers::executor);
        if (same == by_executor.end()) {
            by_executor.emplace_back(call.executor(), state);
            same = std::prev(by_executor.end());
        }
        same->add(calls[i]);
    }
    for (Answers& answers : by_executor) std::move(answers).post();
}

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
                answer(call, {std::make_exception_ptr(
                                 boost::system::system_error(asio::error::operation_aborted))});
            });
        }
        timer_->async_wait([weak](const boost::system::error_code& error) {
            const auto call = error ? nullptr : weak.lock();
            if (!call) return;
            answer(call, {std::make_exception_ptr(
                             Timeout("the operation's deadline passed; a write may or may not have "
                                     "happened: read before you repeat it"))});
        });
    }

    /// While nobody has claimed the call.
    asio::any_io_executor executor() const override { return *executor_; }

  private:
    void complete() override {
        asio::get_associated_cancellation_slot(handler_).clear();
        Handler handler = std::move(handler_);
        // The queue may keep the call for long: it must not keep the caller's context at work.
        timer_.reset();
        executor_.reset();
        std::move(handler)(std::move(outcome_.error), std::move(outcome_.result));
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
    : state_(std::make_shared<State>(max_waiting, std::move(lanes))) {
    for (auto& worker : workers) {
        threads_.emplace_back([this, own = std::move(worker)]() mutable {
            work(*own);
            own.reset();
        });
    }
}

Executor::~Executor() { finish(); }

void Executor::finish() {
    state_->finish();
    for (std::jthread& thread : threads_) {
        if (thread.joinable()) thread.join();
    }
}

StoreCounters Executor::counters() const { return state_->counters(); }

/// Runs the calls of a batch that still wait for an answer, and gives it to them.
void Executor::run(Worker& worker, const std::vector<std::shared_ptr<Pending>>& batch) {
    std::vector<const Operation*> operations;
    std::vector<std::shared_ptr<Pending>> calls;
    Deadline latest(Deadline::Clock::time_point::min());
    for (const auto& call : batch) {
        if (call->answered()) continue;
        if (call->deadline().passed()) {
            Pending::answer(
                call,
                {std::make_exception_ptr(Timeout("the deadline passed before the operation's turn "
                                                 "came; nothing was done"))});
            continue;
        }
        operations.push_back(&call->operation());
        calls.push_back(call);
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
    Pending::answer_all(calls, std::move(outcomes), state_);
}

void Executor::work(Worker& worker) {
    while (true) {
        const State::Batch batch = state_->next();
        if (batch.calls.empty()) return;
        run(worker, batch.calls);
        state_->done(batch);
    }
}

Async<Result> Executor::submit_to(std::shared_ptr<State> state, Operation operation,
                                  Deadline deadline) {
    auto initiate = [state = std::move(state)]<class Handler>(Handler handler, Operation op,
                                                              Deadline until) mutable {
        // Once armed, another thread may answer and end the coroutine, and this lambda with it.
        const std::shared_ptr<State> own = std::move(state);
        auto call =
            std::make_shared<PendingCall<Handler>>(std::move(op), until, std::move(handler));
        // Likewise the handler, which it moves away.
        const auto executor = call->executor();
        call->arm();
        own->enqueue(call);
        // A batch answers many callers at once, and each of them asks for its next operation in
        // turn. Behind them in their event loop a worker finds them all.
        asio::post(executor, [own] { own->publish(); });
    };
    co_return co_await asio::async_initiate<const asio::use_awaitable_t<>&,
                                            void(std::exception_ptr, Result)>(
        initiate, asio::use_awaitable, std::move(operation), deadline);
}

}  // namespace rapport
