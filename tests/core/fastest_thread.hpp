#pragma once

#include <boost/asio/execution.hpp>
#include <boost/asio/io_context.hpp>
#include <thread>
#include <utility>

namespace rapport::testing {

/// Has another thread do what it is given, and lets whoever gives it go on only when that is done:
/// an event loop of several threads of which the others are always faster. Timers never go off.
class FastestThread {
  public:
    explicit FastestThread(boost::asio::io_context& never_run) : context_(&never_run) {}

    boost::asio::execution_context& query(boost::asio::execution::context_t) const noexcept {
        return *context_;
    }
    static constexpr boost::asio::execution::blocking_t query(
        boost::asio::execution::blocking_t) noexcept {
        return boost::asio::execution::blocking.never;
    }
    template <class Work>
    void execute(Work&& work) const {
        const std::jthread other([own = std::forward<Work>(work)]() mutable { own(); });
    }
    bool operator==(const FastestThread&) const noexcept = default;

  private:
    boost::asio::io_context* context_;
};

}  // namespace rapport::testing
