#include "benchmarks/thread_loop.hpp"

#include <algorithm>
#include <atomic>
#include <deque>
#include <mutex>
#include <thread>

namespace rapport::bench {
namespace {

/// The conversations that wait for a thread, by when they began to.
class Waiting {
  public:
    explicit Waiting(int conversations)
        : since_(static_cast<std::size_t>(conversations), Clock::now()) {}

    /// There is always one: each thread holds at most as many as it has put back.
    std::vector<Clock::time_point> take(int most) {
        const std::scoped_lock lock(mutex_);
        const auto end = since_.begin() + std::min<std::ptrdiff_t>(most, std::ssize(since_));
        std::vector<Clock::time_point> taken(since_.begin(), end);
        since_.erase(since_.begin(), end);
        return taken;
    }

    void put_back(std::size_t count, Clock::time_point since) {
        const std::scoped_lock lock(mutex_);
        since_.insert(since_.end(), count, since);
    }

  private:
    std::mutex mutex_;
    std::deque<Clock::time_point> since_;
};

}  // namespace

Report ThreadLoop::run(const std::function<Step()>& prepare) const {
    Waiting waiting(conversations);
    std::atomic<bool> measuring = false;
    std::atomic<bool> stopped = false;
    std::mutex mutex;
    Report report{.conversations = conversations, .pool = threads};

    const auto serve = [&] {
        const Step step = prepare();
        std::mt19937 random(std::random_device{}());
        std::vector<float> latencies;
        while (!stopped) {
            const auto taken = waiting.take(at_once);
            step(static_cast<int>(taken.size()), random);
            const auto done = Clock::now();
            for (const auto since : taken) {
                if (!measuring) break;
                latencies.push_back(std::chrono::duration<float, std::milli>(done - since).count());
            }
            waiting.put_back(taken.size(), done);
        }
        const std::scoped_lock lock(mutex);
        report.latencies.insert(report.latencies.end(), latencies.begin(), latencies.end());
    };
    std::vector<std::jthread> running;
    const auto needed = static_cast<std::size_t>(std::min(threads, conversations));
    running.reserve(needed);
    while (running.size() < needed) running.emplace_back(serve);

    std::this_thread::sleep_for(kWarmUp);
    const Stopwatch watch;
    measuring = true;
    std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
    measuring = false;
    watch.stop(report);
    stopped = true;
    running.clear();
    report.count = report.latencies.size();
    return report;
}

}  // namespace rapport::bench
