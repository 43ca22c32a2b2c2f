#pragma once

#include <optional>
#include <type_traits>
#include <utility>

#include <boost/asio/awaitable.hpp>

namespace rapport {

/// What every operation returns: lazy, so nothing happens until it is awaited, and cancellable
/// through Asio's cancellation slots (it then throws boost::system::system_error with
/// operation_aborted).
template <class T>
using Async = boost::asio::awaitable<T>;

/// Runs one operation to its end on this thread and throws its error.
void await(Async<void> operation);

/// Runs one operation to its end on this thread and returns its result or throws its error: for
/// scripts and tests. A service spawns coroutines on its own io_context instead.
template <class T>
    requires(!std::is_void_v<T>)
T await(Async<T> operation) {
    std::optional<T> result;
    await([](Async<T> asked, std::optional<T>& into) -> Async<void> {
        into.emplace(co_await std::move(asked));
    }(std::move(operation), result));
    return *std::move(result);
}

}  // namespace rapport
