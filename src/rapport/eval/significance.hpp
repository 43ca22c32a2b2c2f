#pragma once

#include <cstdint>

namespace rapport::eval {

/// A figure measured in some runs.
struct Measured {
    double mean = 0;
    double deviation = 0;  ///< of a run; that of a single run is not known
    std::int64_t runs = 1;
};

/// How often something passed.
struct Passed {
    std::int64_t passes = 0;
    std::int64_t runs = 1;
};

/// How probable it is that `after` is by chance as much lower than `before` as it is, less
/// `tolerance`, were both the same: Welch's statistic with the degrees of freedom of both sides,
/// one-sided. A single run is taken to spread as the other side does. 0 for what fell where no run
/// differs from another, 1 for what did not fall by more than the tolerance.
double chance_of_fall(Measured before, Measured after, double tolerance);

/// How probable it is to see `after` pass so seldom were nothing different: Fisher's exact test,
/// one-sided.
double chance_of_fall(Passed before, Passed after);

}  // namespace rapport::eval
