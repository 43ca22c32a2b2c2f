#pragma once

#include <cstdint>

#include "rapport/store/store.hpp"

namespace rapport::testing {

/// So many leads with so many messages each, on average.
struct ContentSize {
    int leads = 30;
    int messages = 10;
};

/// Fills a database with what turns leave, but faster: leads with signals, names and hand-offs,
/// messages with ids of their channel and attachments. Of every tenth lead the last turn is in the
/// lead alone, as a crash leaves it; after every tenth there is a message that no lead has counted.
/// Returns how many messages that makes.
std::int64_t fill(Store& store, ContentSize size, std::uint32_t seed = 1);

}  // namespace rapport::testing
