#include "tests/faults/soak.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>

namespace rapport::testing {

std::uint32_t soak_seed() {
    static const std::uint32_t seed = [] {
        const char* given = std::getenv("RAPPORT_SOAK_SEED");
        const auto chosen = given == nullptr ? std::random_device{}()
                                             : static_cast<std::uint32_t>(std::stoul(given));
        fmt::print("RAPPORT_SOAK_SEED={}\n", chosen);
        std::fflush(stdout);
        return chosen;
    }();
    return seed;
}

int soak_scale() {
    const char* given = std::getenv("RAPPORT_SOAK_SCALE");
    return given == nullptr ? 1 : std::stoi(given);
}

}  // namespace rapport::testing
