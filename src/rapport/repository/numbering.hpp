#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "rapport/core/object_id.hpp"
#include "rapport/core/time.hpp"
#include "rapport/domain/message.hpp"

namespace rapport {

/// What its place in a conversation depends on.
struct PlacedMessage {
    Timestamp timestamp{};
    ObjectId id{};
    MessageRole role{};
    std::optional<std::int64_t> seq{};
};

/// The `seq` of messages of a lead that have none: the lead's count goes up to `message_count`,
/// turns have taken its last numbers, and those before belong to these messages, the newest first
/// served; what is left over when they run out stays without. Returns positions in `messages`
/// (which are all of the lead's, in any order) and numbers.
///
/// Whoever asks, after any part of the answer was carried out, gets the rest of the same answer: so
/// it needs no lock, and no record of how far somebody came.
std::vector<std::pair<std::size_t, std::int64_t>> number_messages(
    const std::vector<PlacedMessage>& messages, std::int64_t message_count);

}  // namespace rapport
