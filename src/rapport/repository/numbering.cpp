#include "rapport/repository/numbering.hpp"

#include <algorithm>
#include <functional>
#include <numeric>
#include <tuple>

namespace rapport {
namespace {

using Numbers = std::vector<std::pair<std::size_t, std::int64_t>>;

/// A run of numbers that no message has, `highest` down to `lowest`.
struct Gap {
    std::int64_t highest;
    std::int64_t lowest;
};

/// From the top. Beyond a few, one is as good as the last: turns of which many are gone.
std::vector<Gap> gaps_of(std::vector<std::int64_t> taken, std::int64_t message_count) {
    constexpr std::size_t kMost = 32;
    std::ranges::sort(taken, std::greater());
    std::vector<Gap> gaps;
    std::int64_t next = message_count;
    for (const std::int64_t seq : taken) {
        if (seq > next) continue;
        if (seq < next && gaps.size() < kMost) gaps.push_back({next, seq + 1});
        next = seq - 1;
    }
    if (next > 0) gaps.push_back({next, 1});
    return gaps;
}

/// The number of the newest message that has none above `gap`, were the gap where numbering got
/// to: those that have one below must stand in line. Absent where they do not.
std::optional<std::int64_t> number_of_newest(const std::vector<const PlacedMessage*>& newest_first,
                                             const Gap& gap) {
    std::optional<std::int64_t> newest;
    std::int64_t rank = 0;
    for (const PlacedMessage* message : newest_first) {
        if (message->seq && *message->seq >= gap.lowest) continue;
        if (message->seq) {
            const std::int64_t needed = *message->seq + rank;
            if (newest.value_or(needed) != needed) return std::nullopt;
            newest = needed;
        }
        ++rank;
    }
    if (!newest) return gap.highest;
    return *newest == gap.highest ? newest : std::nullopt;
}

}  // namespace

Numbers number_messages(const std::vector<PlacedMessage>& messages, std::int64_t message_count) {
    std::vector<std::int64_t> taken;
    std::vector<const PlacedMessage*> newest_first;
    newest_first.reserve(messages.size());
    for (const PlacedMessage& message : messages) {
        newest_first.push_back(&message);
        if (message.seq) taken.push_back(*message.seq);
    }
    if (taken.size() == messages.size()) return {};
    std::ranges::sort(newest_first, std::greater(), [](const PlacedMessage* message) {
        return std::tuple(message->timestamp, message->id);
    });
    const std::vector<Gap> gaps = gaps_of(std::move(taken), message_count);
    for (const Gap& gap : gaps) {
        const auto newest = number_of_newest(newest_first, gap);
        if (!newest) continue;
        Numbers numbers;
        std::int64_t seq = *newest;
        for (const PlacedMessage* message : newest_first) {
            if (seq < 1) break;
            if (message->seq && *message->seq >= gap.lowest) continue;
            if (!message->seq) {
                numbers.emplace_back(static_cast<std::size_t>(message - messages.data()), seq);
            }
            --seq;
        }
        return numbers;
    }
    return {};
}

}  // namespace rapport
