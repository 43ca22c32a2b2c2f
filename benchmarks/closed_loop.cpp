#include "benchmarks/closed_loop.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <exception>
#include <utility>

namespace rapport::bench {

Report ClosedLoop::run(int conversations, double seconds, const Step& step) {
    for (int i = 0; i < conversations; ++i) {
        boost::asio::co_spawn(context_, converse(i, step), [](const std::exception_ptr& error) {
            if (error) std::rethrow_exception(error);
        });
    }
    boost::asio::co_spawn(context_, watch(seconds), boost::asio::detached);
    context_.run();
    report_.count = report_.latencies.size();
    report_.conversations = conversations;
    return std::move(report_);
}

Async<void> ClosedLoop::converse(int number, const Step& step) {
    std::mt19937 random(std::random_device{}() + static_cast<unsigned>(number));
    int turn = number << 20;
    while (!stopped_) {
        const auto start = Clock::now();
        co_await step(turn++, random);
        if (!measuring_) continue;
        report_.latencies.push_back(
            std::chrono::duration<float, std::milli>(Clock::now() - start).count());
    }
}

Async<void> ClosedLoop::watch(double seconds) {
    boost::asio::steady_timer timer(context_);
    timer.expires_after(kWarmUp);
    co_await timer.async_wait(boost::asio::use_awaitable);
    const Stopwatch watch;
    measuring_ = true;
    timer.expires_after(
        std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds)));
    co_await timer.async_wait(boost::asio::use_awaitable);
    measuring_ = false;
    watch.stop(report_);
    stopped_ = true;
}

}  // namespace rapport::bench
