#include "rapport/repository/retry.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace rapport {

bool leaves_open(const Error& error) {
    return error.code() == ErrorCode::kUnavailable || error.code() == ErrorCode::kTimeout;
}

Async<void> pause() {
    boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor, kRetryPause);
    co_await timer.async_wait(boost::asio::use_awaitable);
}

}  // namespace rapport
