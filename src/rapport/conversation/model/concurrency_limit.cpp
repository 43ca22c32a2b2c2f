#include "rapport/conversation/model/concurrency_limit.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>
#include <deque>
#include <mutex>

#include "rapport/core/error.hpp"

namespace rapport {
namespace asio = boost::asio;

struct ConcurrencyLimit::Waiter {
    Waiter(const asio::any_io_executor& executor, Deadline deadline)
        : timer(executor, deadline.at()) {}

    /// Goes off at the deadline; cancelled where there is a place. Touched by its executor only.
    asio::steady_timer timer;
    bool has_place = false;
};

class ConcurrencyLimit::Line {
  public:
    explicit Line(std::size_t most) : free_(most) {}

    /// True where a place is free and nobody waits for it; else the waiter stands in line.
    bool enter(const std::shared_ptr<Waiter>& waiter) {
        const std::scoped_lock lock(mutex_);
        if (free_ > 0) {
            --free_;
            return true;
        }
        waiting_.push_back(waiter);
        return false;
    }

    /// Hands the place to the first in line.
    void release() {
        const std::scoped_lock lock(mutex_);
        if (waiting_.empty()) {
            ++free_;
            return;
        }
        const auto next = std::move(waiting_.front());
        waiting_.pop_front();
        next->has_place = true;
        asio::post(next->timer.get_executor(), [next] { next->timer.cancel(); });
    }

    /// Takes the waiter out of the line; true where it had been given a place.
    bool leave(const std::shared_ptr<Waiter>& waiter) {
        const std::scoped_lock lock(mutex_);
        std::erase(waiting_, waiter);
        return std::exchange(waiter->has_place, false);
    }

  private:
    std::mutex mutex_;
    std::size_t free_;
    /// Those who wait; never any while a place is free.
    std::deque<std::shared_ptr<Waiter>> waiting_{};
};

/// A place in the line: left, and what it brought given on, however the coroutine ends.
class ConcurrencyLimit::Place {
  public:
    Place(std::shared_ptr<Line> line, std::shared_ptr<Waiter> waiter)
        : line_(std::move(line)), waiter_(std::move(waiter)) {}
    ~Place() {
        if (line_->leave(waiter_)) line_->release();
    }
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;

    bool leave() { return line_->leave(waiter_); }

  private:
    std::shared_ptr<Line> line_;
    std::shared_ptr<Waiter> waiter_;
};

ConcurrencyLimit::ConcurrencyLimit(std::size_t most) : line_(std::make_shared<Line>(most)) {}

ConcurrencyLimit::Permit::~Permit() {
    if (line_) line_->release();
}

Async<ConcurrencyLimit::Permit> ConcurrencyLimit::acquire(Deadline deadline) {
    const auto line = line_;
    const auto waiter = std::make_shared<Waiter>(co_await asio::this_coro::executor, deadline);
    if (line->enter(waiter)) co_return Permit(line);
    Place place(line, waiter);
    boost::system::error_code error;
    co_await waiter->timer.async_wait(asio::redirect_error(asio::use_awaitable, error));
    if (place.leave()) co_return Permit(line);
    if (error) throw boost::system::system_error(error);
    throw Overloaded("too many calls at once: no place became free by the deadline");
}

}  // namespace rapport
