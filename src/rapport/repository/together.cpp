#include "rapport/repository/together.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstddef>
#include <exception>
#include <utility>

namespace rapport {
namespace {

namespace asio = boost::asio;

Async<void> all_of(std::vector<Async<void>> operations) {
    const auto executor = co_await asio::this_coro::executor;
    std::size_t open = operations.size();
    std::exception_ptr first;
    asio::steady_timer ended(executor, asio::steady_timer::time_point::max());
    for (Async<void>& operation : operations) {
        asio::co_spawn(executor, std::move(operation), [&](const std::exception_ptr& error) {
            if (error && !first) first = error;
            if (--open == 0) ended.cancel();
        });
    }
    while (open > 0) {
        boost::system::error_code cancelled;
        co_await ended.async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
    }
    if (first) std::rethrow_exception(first);
}

}  // namespace

Async<void> together(std::vector<Async<void>> operations) {
    co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
    const auto strand = asio::make_strand(co_await asio::this_coro::executor);
    co_await asio::co_spawn(strand, all_of(std::move(operations)), asio::use_awaitable);
}

}  // namespace rapport
