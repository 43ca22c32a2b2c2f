#pragma once

#include <functional>
#include <random>

#include "benchmarks/measure.hpp"

namespace rapport::bench {

/// Conversations that each do one thing after another, served by threads: one that is due waits for
/// a free thread, and its latency counts that wait. Measures for some seconds after a warm-up.
struct ThreadLoop {
    /// Does the next thing for so many conversations at once.
    using Step = std::function<void(int conversations, std::mt19937& random)>;

    int conversations = 1;
    int threads = 1;
    int at_once = 1;  ///< most conversations that a thread takes
    double seconds = 1;

    /// Calls `prepare` in each thread, for the step that the thread then repeats.
    Report run(const std::function<Step()>& prepare) const;
};

}  // namespace rapport::bench
