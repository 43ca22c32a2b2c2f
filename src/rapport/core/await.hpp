#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

namespace rapport {

/// What every operation returns: lazy, so nothing happens until it is awaited, and cancellable
/// through Asio's cancellation slots (it then throws boost::system::system_error with
/// operation_aborted).
template <class T>
using Async = boost::asio::awaitable<T>;

/// Runs one operation to its end on this thread and returns its result or throws its error: for
/// scripts and tests. A service spawns coroutines on its own io_context instead.
template <class T>
T await(Async<T> operation) {
    boost::asio::io_context context;
    auto result = boost::asio::co_spawn(context, std::move(operation), boost::asio::use_future);
    context.run();
    return result.get();
}

}  // namespace rapport
