#pragma once

#include <chrono>

#include "rapport/core/await.hpp"
#include "rapport/core/deadline.hpp"
#include "rapport/core/error.hpp"

namespace rapport {

/// Between two attempts at what a server that is away for a moment could not do.
inline constexpr std::chrono::milliseconds kRetryPause{20};

/// Waits for kRetryPause.
Async<void> pause();

/// True for what leaves open whether a write happened.
bool leaves_open(const Error& error);

/// Reads again until the deadline while the database is unavailable: a server that is away for a
/// moment stops nobody. Throws Unavailable when the deadline has passed.
template <class Read>
auto read_until(Deadline deadline, Read read) -> decltype(read()) {
    while (true) {
        try {
            co_return co_await read();
        } catch (const Unavailable&) {
            if (deadline.passed()) throw;
        }
        co_await pause();
    }
}

}  // namespace rapport
