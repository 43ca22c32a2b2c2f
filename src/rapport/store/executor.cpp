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

/// An operation in the queue. Whoever claims it first, of the worker, the deadline and a
/// cancellation, gives the caller its answer; the others' come to nothing.
class Executor::Pending {
  public:
    Pending(Operation operation, Deadline deadline)
        : operation_(std::move(operation)), deadline_(deadline) {}
    virtual ~Pending() = default;

    const Operation& operation() const { return operation_; }
    Deadline deadline() const { return deadline_; }
    bool answered() const { return claimed_; }

    void answer(std::exception_ptr error, Result result) {
        if (!claimed_.exchange(true)) deliver(std::move(error), std::move(result));
    }

  private:
    virtual void deliver(std::exception_ptr error, Result result) = 0;

    Operation operation_;
    Deadline deadline_;
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

Executor::Executor(std::vector<std::unique_ptr<Worker>> workers, std::size_t max_waiting)
    : max_waiting_(max_waiting) {
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
    ready_.notify_all();
    for (std::jthread& thread : threads_) {
        if (thread.joinable()) thread.join();
    }
}

void Executor::enqueue(const std::shared_ptr<Pending>& call) {
    std::exception_ptr refusal;
    {
        const std::scoped_lock lock(mutex_);
        if (finishing_) {
            refusal = std::make_exception_ptr(NotConnected("the database is disconnected"));
        } else if (waiting_.size() >= max_waiting_) {
            refusal = std::make_exception_ptr(
                Overloaded("too many operations are waiting for the database; nothing was done: "
                           "try again later"));
        } else {
            waiting_.push_back(call);
        }
    }
    if (refusal) {
        call->answer(std::move(refusal), {});
    } else {
        ready_.notify_one();
    }
}

std::shared_ptr<Executor::Pending> Executor::next() {
    std::unique_lock lock(mutex_);
    ready_.wait(lock, [this] { return finishing_ || !waiting_.empty(); });
    if (waiting_.empty()) return nullptr;
    auto call = std::move(waiting_.front());
    waiting_.pop_front();
    return call;
}

void Executor::work(Worker& worker) {
    while (const auto call = next()) {
        if (call->answered()) continue;
        if (call->deadline().passed()) {
            call->answer(std::make_exception_ptr(Timeout(
                             "the deadline passed before the operation's turn came; nothing "
                             "was done")),
                         {});
            continue;
        }
        try {
            call->answer({}, worker.run(call->operation(), call->deadline()));
        } catch (...) {
            call->answer(std::current_exception(), {});
        }
    }
}

Async<Result> Executor::submit(Operation operation, Deadline deadline) {
    auto initiate = [this]<class Handler>(Handler handler, Operation op, Deadline until) {
        auto call =
            std::make_shared<PendingCall<Handler>>(std::move(op), until, std::move(handler));
        call->arm();
        enqueue(call);
    };
    co_return co_await asio::async_initiate<const asio::use_awaitable_t<>&,
                                            void(std::exception_ptr, Result)>(
        initiate, asio::use_awaitable, std::move(operation), deadline);
}

}  // namespace rapport
