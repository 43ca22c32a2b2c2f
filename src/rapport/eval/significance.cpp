#include "rapport/eval/significance.hpp"

#include <boost/math/distributions/hypergeometric.hpp>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>

namespace rapport::eval {
namespace {

/// Below it a difference is one of rounding.
constexpr double kRounding = 1e-9;

double variance_of_mean(const Measured& figure) {
    return figure.deviation * figure.deviation / static_cast<double>(figure.runs);
}

}  // namespace

double chance_of_fall(Measured before, Measured after, double tolerance) {
    const double fall = before.mean - after.mean - tolerance;
    if (fall <= kRounding) return 1;
    if (before.runs < 2) before.deviation = after.deviation;
    if (after.runs < 2) after.deviation = before.deviation;
    const double error = std::sqrt(variance_of_mean(before) + variance_of_mean(after));
    if (error <= kRounding) return 0;
    const auto freedom = static_cast<double>(before.runs + after.runs - 2);
    return cdf(complement(boost::math::students_t_distribution<>(freedom), fall / error));
}

double chance_of_fall(Passed before, Passed after) {
    const auto count = [](std::int64_t number) { return static_cast<unsigned>(number); };
    const boost::math::hypergeometric_distribution<> passes_after(
        count(before.passes + after.passes), count(after.runs), count(before.runs + after.runs));
    return cdf(passes_after, count(after.passes));
}

}  // namespace rapport::eval
