#pragma once

#include <cstdint>

namespace rapport::testing {

/// The seed of this run: RAPPORT_SOAK_SEED, else a new one. Printed once, so that a failing run can
/// be had again.
std::uint32_t soak_seed();

/// How much longer than usual the random runs are: RAPPORT_SOAK_SCALE, else 1.
int soak_scale();

}  // namespace rapport::testing
