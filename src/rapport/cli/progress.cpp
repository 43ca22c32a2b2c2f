#include "rapport/cli/progress.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <utility>

#include "rapport/core/fault_point.hpp"

namespace rapport::cli {

Progress::Progress(std::string what, std::int64_t total, std::string when_stopped)
    : what_(std::move(what)),
      total_(std::max<std::int64_t>(total, 1)),
      when_stopped_(std::move(when_stopped)),
      visible_(isatty(STDERR_FILENO) != 0),
      start_(std::chrono::steady_clock::now()),
      drawn_(start_) {}

Progress::~Progress() {
    if (visible_) fmt::print(stderr, "\r\x1b[K");
}

void Progress::advance(std::int64_t by) {
    constexpr std::chrono::milliseconds kBetween{100};
    done_ += by;
    fault_point("progress");
    if (Interruption::requested()) {
        throw Interrupted(
            fmt::format("stopped {} after {} of {}: {}", what_, done_, total_, when_stopped_));
    }
    const auto now = std::chrono::steady_clock::now();
    if (!visible_ || now - drawn_ < kBetween) return;
    drawn_ = now;
    draw();
}

void Progress::draw() {
    constexpr std::int64_t kBar = 24;
    const std::chrono::duration<double> spent = drawn_ - start_;
    const double rate = static_cast<double>(done_) / std::max(spent.count(), 0.001);
    const double left = static_cast<double>(total_ - done_) / std::max(rate, 0.001);
    std::string bar;
    for (std::int64_t i = 0; i < kBar; ++i) bar += i < done_ * kBar / total_ ? "█" : "░";
    fmt::print(stderr, "\r\x1b[K{} {} {}/{}  {:.0f}/s  {:.0f} s left", what_, bar, done_, total_,
               rate, left);
    std::fflush(stderr);
}

}  // namespace rapport::cli
