#pragma once

#include <vector>

#include "rapport/core/await.hpp"

namespace rapport {

/// Has all of these under way at once, on one strand, and waits until all have ended; only then
/// throws the first error. Not cancelled: what they refer to is their caller's.
Async<void> together(std::vector<Async<void>> operations);

}  // namespace rapport
