#pragma once

#include <cstdint>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "rapport/domain/lead.hpp"

namespace rapport {

/// One step of a conversation: what was said, and what it changes about the lead.
struct Turn {
    /// As get_by_phone() or get_or_create() gave it, or a new one. Members the turn changes (stage,
    /// follow-up, hand-off, name) are changed here; history, signals and counts are not touched.
    Lead lead;
    /// 1 to kMost, in their order. The first one's `external_id`, where it has one, is the turn's:
    /// a turn is stored once, however often its message is delivered. The others have none.
    std::vector<Message> messages;
    /// To be added to the lead's.
    std::vector<Signal> signals{};

    static constexpr std::size_t kMost = 20;
};

struct TurnResult {
    Lead lead;                      ///< as it is stored now
    std::vector<Message> messages;  ///< as they are stored
    /// True when the turn had been stored before: these are that turn's messages, and nothing was
    /// written.
    bool replayed = false;
};

/// The ring's entry for messages that make a version: what is needed to store them again.
TurnRecord make_turn_record(std::int64_t version, const std::vector<Message>& messages);

/// Leaves in these entries what a stored history holds.
void keep_as_stored(std::vector<Message>& history);

/// Up to which message this process knows the leads to be settled, so that it need not ask.
/// Thread-safe and of bounded size.
class SettledLeads {
  public:
    /// True when all that this copy has counted is known to be stored.
    bool knows(const Lead& lead) const;
    void remember(const Lead& lead);

  private:
    struct Hash {
        std::size_t operator()(const ObjectId& id) const;
    };
    mutable std::mutex mutex_;
    /// The last message of a lead, not how many there were: a count may come back.
    std::unordered_map<ObjectId, ObjectId, Hash> last_messages_;
};

}  // namespace rapport
