#include "rapport/core/keyed_mutex.hpp"

#include <atomic>
#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>
#include <deque>
#include <exception>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <utility>

#include "rapport/core/error.hpp"

namespace rapport {
namespace asio = boost::asio;

/// One who waits for a key, until the key, its deadline or its cancellation comes first.
class KeyedMutex::Waiter : public std::enable_shared_from_this<Waiter> {
  public:
    using Handler = asio::any_completion_handler<void(std::exception_ptr, Lock)>;

    template <class Awaiting>
    Waiter(Awaiting handler, Deadline deadline)
        // The caller's run() must not return while it waits.
        : executor_(asio::prefer(asio::get_associated_executor(handler),
                                 asio::execution::outstanding_work.tracked)),
          timer_(std::in_place, executor_, deadline.at()),
          handler_(std::move(handler)) {}

    /// Once: from here on another thread may answer.
    void arm() {
        const auto weak = weak_from_this();
        auto slot = asio::get_associated_cancellation_slot(handler_);
        if (slot.is_connected()) {
            slot.assign([weak](asio::cancellation_type) {
                if (const auto waiter = weak.lock()) {
                    waiter->fail(boost::system::system_error(asio::error::operation_aborted));
                }
            });
        }
        timer_->async_wait([weak](const boost::system::error_code& error) {
            const auto waiter = error ? nullptr : weak.lock();
            if (waiter) waiter->fail(Timeout("the deadline passed while others had their turn"));
        });
    }

    /// False when it does not wait any more; the lock is then still the caller's.
    bool give(Lock& lock) {
        if (claimed_.exchange(true)) return false;
        answer({}, std::move(lock));
        return true;
    }

  private:
    template <class Error>
    void fail(Error error) {
        if (!claimed_.exchange(true)) answer(std::make_exception_ptr(std::move(error)), {});
    }

    void answer(std::exception_ptr error, Lock lock) {
        asio::post(executor_, [self = shared_from_this(), error = std::move(error),
                               lock = std::move(lock)]() mutable {
            asio::get_associated_cancellation_slot(self->handler_).clear();
            Handler handler = std::move(self->handler_);
            // It may stay in the queue for long: it must not keep the caller's context at work.
            self->timer_.reset();
            self->executor_ = {};
            std::move(handler)(std::move(error), std::move(lock));
        });
    }

    std::atomic<bool> claimed_ = false;
    asio::any_io_executor executor_;
    std::optional<asio::basic_waitable_timer<Deadline::Clock>> timer_;
    Handler handler_;
};

/// A key that is there is held.
class KeyedMutex::State {
  public:
    bool take(const std::string& key) {
        const std::scoped_lock guard(mutex_);
        return waiting_.try_emplace(key).second;
    }

    /// True when the key was free after all, and is the caller's.
    bool take_or_wait(const std::string& key, std::shared_ptr<Waiter> waiter) {
        const std::scoped_lock guard(mutex_);
        const auto [found, free] = waiting_.try_emplace(key);
        if (!free) found->second.push_back(std::move(waiter));
        return free;
    }

    /// The next one who waits for the key; none when it is free now.
    std::shared_ptr<Waiter> next(const std::string& key) {
        const std::scoped_lock guard(mutex_);
        const auto found = waiting_.find(key);
        if (found->second.empty()) {
            waiting_.erase(found);
            return nullptr;
        }
        auto waiter = std::move(found->second.front());
        found->second.pop_front();
        return waiter;
    }

  private:
    std::mutex mutex_;
    std::unordered_map<std::string, std::deque<std::shared_ptr<Waiter>>> waiting_;
};

KeyedMutex::KeyedMutex() : state_(std::make_shared<State>()) {}

KeyedMutex::Lock& KeyedMutex::Lock::operator=(Lock&& other) noexcept {
    release();
    state_ = std::move(other.state_);
    key_ = std::move(other.key_);
    return *this;
}

void KeyedMutex::Lock::release() {
    if (!state_) return;
    Lock passed_on(std::exchange(state_, {}), std::move(key_));
    while (const auto waiter = passed_on.state_->next(passed_on.key_)) {
        if (waiter->give(passed_on)) return;
    }
    passed_on.state_.reset();
}

Async<KeyedMutex::Lock> KeyedMutex::lock_in(std::shared_ptr<State> state, std::string key,
                                            Deadline deadline) {
    if (state->take(key)) co_return Lock(std::move(state), std::move(key));
    auto initiate = [state = std::move(state), deadline]<class Handler>(
                        Handler handler, std::string wanted) mutable {
        // Once armed, another thread may answer and end the coroutine, and this lambda with it.
        const std::shared_ptr<State> own = std::move(state);
        const auto waiter = std::make_shared<Waiter>(std::move(handler), deadline);
        waiter->arm();
        if (!own->take_or_wait(wanted, waiter)) return;
        Lock lock(own, std::move(wanted));
        waiter->give(lock);
    };
    co_return co_await asio::async_initiate<const asio::use_awaitable_t<>&,
                                            void(std::exception_ptr, Lock)>(
        initiate, asio::use_awaitable, std::move(key));
}

}  // namespace rapport
