#pragma once

#include <chrono>

namespace rapport {

/// Until when an operation may take. After it the caller gets Timeout, whatever the server does.
class Deadline {
  public:
    using Clock = std::chrono::steady_clock;
    static constexpr std::chrono::seconds kDefault{30};

    /// 30 s from now.
    Deadline() : Deadline(Clock::now() + kDefault) {}
    explicit Deadline(Clock::time_point at) : at_(at) {}
    /// However long: what the clock cannot tell is never.
    static Deadline in(Clock::duration time) {
        const Clock::time_point now = Clock::now();
        return Deadline(time < Clock::time_point::max() - now ? now + time
                                                              : Clock::time_point::max());
    }

    Clock::time_point at() const { return at_; }
    bool passed() const { return Clock::now() >= at_; }
    /// Whole milliseconds left, never less than 0.
    std::chrono::milliseconds left() const {
        const auto time = std::chrono::ceil<std::chrono::milliseconds>(at_ - Clock::now());
        return time.count() > 0 ? time : std::chrono::milliseconds(0);
    }

  private:
    Clock::time_point at_;
};

}  // namespace rapport
