#include "rapport/conversation/model/circuit_breaker.hpp"

namespace rapport {

std::optional<CircuitBreaker::Permit> CircuitBreaker::ask() {
    const std::scoped_lock lock(mutex_);
    if (state_ == State::kClosed) return Permit(*this, era_);
    if (state_ == State::kHalfOpen || clock_() - opened_at_ < rules_.pause) return std::nullopt;
    become(State::kHalfOpen);
    return Permit(*this, era_);
}

CircuitBreaker::State CircuitBreaker::state() const {
    const std::scoped_lock lock(mutex_);
    return state_;
}

void CircuitBreaker::end(std::uint64_t era, Permit::Outcome outcome) {
    const std::scoped_lock lock(mutex_);
    if (era != era_) return;
    switch (outcome) {
        case Permit::Outcome::kSuccess:
            failures_ = 0;
            if (state_ == State::kHalfOpen) become(State::kClosed);
            break;
        case Permit::Outcome::kFailure:
            ++failures_;
            if (state_ == State::kHalfOpen || failures_ >= rules_.failures_to_open) {
                opened_at_ = clock_();
                become(State::kOpen);
            }
            break;
        case Permit::Outcome::kUnknown:
            // Open, with its pause over: the next one to ask is the probe.
            if (state_ == State::kHalfOpen) become(State::kOpen);
            break;
    }
}

void CircuitBreaker::become(State state) {
    state_ = state;
    ++era_;
    if (state == State::kClosed) failures_ = 0;
}

}  // namespace rapport
