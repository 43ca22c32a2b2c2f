#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <utility>

namespace rapport {

/// Keeps calls from a service that fails: closed (calls pass) → open (none does) → half-open (one
/// probe passes) → closed again, or open. A state machine without I/O; safe from any thread.
class CircuitBreaker {
  public:
    using Clock = std::chrono::steady_clock;
    enum class State : std::uint8_t { kClosed, kOpen, kHalfOpen };

    struct Rules {
        /// How many calls must fail, with none that succeeds between, before it opens.
        int failures_to_open = 5;
        /// How long it then stays open before it lets a probe through.
        Clock::duration pause = std::chrono::seconds(30);
    };

    /// One call's leave. Tell it how the call went; one that goes without that, because its call
    /// was cancelled or given up, counts as neither, and makes room for another probe.
    class Permit {
      public:
        Permit(Permit&& other) noexcept
            : breaker_(std::exchange(other.breaker_, nullptr)), era_(other.era_) {}
        Permit& operator=(Permit&&) = delete;
        ~Permit() { end(Outcome::kUnknown); }

        void succeeded() { end(Outcome::kSuccess); }
        void failed() { end(Outcome::kFailure); }

      private:
        friend class CircuitBreaker;
        enum class Outcome : std::uint8_t { kUnknown, kSuccess, kFailure };

        Permit(CircuitBreaker& breaker, std::uint64_t era) : breaker_(&breaker), era_(era) {}
        void end(Outcome outcome) {
            if (breaker_ != nullptr) std::exchange(breaker_, nullptr)->end(era_, outcome);
        }

        CircuitBreaker* breaker_;
        std::uint64_t era_;
    };

    explicit CircuitBreaker(Rules rules, std::function<Clock::time_point()> clock = Clock::now)
        : rules_(rules), clock_(std::move(clock)) {}

    /// Absent while it is open, or its probe under way. The breaker outlives its permits.
    std::optional<Permit> ask();

    State state() const;

  private:
    void end(std::uint64_t era, Permit::Outcome outcome);
    void become(State state);

    const Rules rules_;
    const std::function<Clock::time_point()> clock_;
    mutable std::mutex mutex_;
    State state_ = State::kClosed;
    /// Counts the changes of state: how a call from before the last one went says nothing now.
    std::uint64_t era_ = 0;
    int failures_ = 0;
    Clock::time_point opened_at_{};
};

}  // namespace rapport
