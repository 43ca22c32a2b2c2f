#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <vector>

#include "rapport/core/update.hpp"
#include "rapport/domain/lead.hpp"

namespace rapport {

/// One step of a conversation: what was said, and what it changes about the lead.
struct Turn {
    /// As get_by_phone() or get_or_create() gave it, or a new one. Members the turn changes (stage,
    /// follow-up, hand-off, name) are changed here; history, signals and counts are not touched:
    /// what was added to them is InvalidArgument.
    Lead lead;
    /// 1 to kMost, in their order. The first one's `external_id`, where it has one, is the turn's:
    /// a turn is stored once, however often its message is delivered. The others have none.
    /// A message that has an `_id` keeps it: its caller has looked, since the lead was loaded, that
    /// the lead has no such message yet.
    std::vector<Message> messages;
    /// To be added to the lead's.
    std::vector<Signal> signals{};
    /// True where find_turn() has said of this copy of the lead that its message is new: then it is
    /// not looked up again, since a turn in between would have changed the lead's version.
    bool looked_up = false;

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

/// What a turn may change about a lead by assigning it.
template <auto... kMembers>
struct LeadMembers {
    /// Sets those that differ from what the lead was loaded with; all of them when that is unknown.
    static void set_changed(Update<Lead>& update, const Lead& lead, const Lead* loaded) {
        const auto set = [&](auto member, auto field) {
            if (loaded == nullptr || lead.*member != loaded->*member) {
                update.set(field, lead.*member);
            }
        };
        (set(kMembers, where(kMembers)), ...);
    }
    static Lead copy(const Lead& lead) {
        Lead only;
        ((only.*kMembers = lead.*kMembers), ...);
        return only;
    }
};
using TurnMembers = LeadMembers<&Lead::full_name, &Lead::current_stage, &Lead::next_followup_at,
                                &Lead::handoff_status, &Lead::handoff_requested_at,
                                &Lead::handoff_reason, &Lead::handoff_assigned_to>;

/// What this process knows of the leads it has loaded or changed, so that it need not ask whether
/// they are settled, nor write what a turn leaves as it is. Thread-safe and of bounded size.
class KnownLeads {
  public:
    /// True when all that this copy has counted is known to be stored.
    bool settled(const Lead& lead) const;
    void remember_settled(const Lead& lead);

    /// The TurnMembers of this version of the lead, as they were stored; absent when unknown.
    /// Throws InvalidArgument where messages or signals were added to this copy: no turn would
    /// store them.
    std::optional<Lead> as_stored(const Lead& lead) const;
    void remember_stored(const Lead& lead);

  private:
    struct Hash {
        std::size_t operator()(const ObjectId& id) const;
    };
    struct Known {
        /// Of the settled ones. Not how many there were: a count may come back, as an `_id` that
        /// a caller has made may.
        ObjectId last_message{};
        std::int64_t last_turn = 0;
        std::int64_t version = 0;
        Lead members{};
        std::int64_t messages = 0;
        std::size_t signals = 0;
    };
    Known& entry(const Lead& lead);

    mutable std::mutex mutex_;
    std::unordered_map<ObjectId, Known, Hash> leads_;
};

}  // namespace rapport
