#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <random>

#include "benchmarks/measure.hpp"
#include "rapport/core/await.hpp"

namespace rapport::bench {

/// Conversations that each do one thing after another, for some seconds after a warm-up.
class ClosedLoop {
  public:
    using Step = std::function<Async<void>(int turn, std::mt19937& random)>;

    /// Throws what a step throws.
    Report run(int conversations, double seconds, const Step& step);

  private:
    Async<void> converse(int number, const Step& step);
    Async<void> watch(double seconds);

    boost::asio::io_context context_{1};
    Report report_{};
    bool measuring_ = false;
    bool stopped_ = false;
};

}  // namespace rapport::bench
