#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "rapport/core/codec.hpp"
#include "rapport/core/object_id.hpp"
#include "rapport/core/time.hpp"
#include "rapport/store/store.hpp"

namespace rapport {

enum class AuditAction : std::uint8_t {
    kErased,    ///< everything held on a person was removed
    kRestored,  ///< somebody erased was imported all the same
};

constexpr auto enum_names(AuditAction) {
    return std::to_array<EnumName<AuditAction>>(
        {{AuditAction::kErased, "erased"}, {AuditAction::kRestored, "restored"}});
}

/// One record of what was done about a person, without anything that says who it is: the number is
/// a hash, keyed with a secret that the database does not hold, since all numbers can be tried.
struct AuditEntry {
    ObjectId id = ObjectId::generate();
    AuditAction action = AuditAction::kErased;
    /// HMAC-SHA-256 of the lead_id, 64 hexadecimal digits.
    std::string person{};
    /// Which key that is, 8 hexadecimal digits.
    std::string key{};
    /// Later than every earlier entry of the person.
    Timestamp at{};
    /// When it was done; absent while it is under way, or when it was cut short.
    std::optional<Timestamp> finished_at{};
    /// Who did it, a name that operators know.
    std::string by{};
    std::int64_t leads = 0;
    std::int64_t messages = 0;
    std::int64_t signals = 0;

    bool operator==(const AuditEntry&) const = default;
};
BOOST_DESCRIBE_STRUCT(AuditEntry, (),
                      (id, action, person, key, at, finished_at, by, leads, messages, signals))

/// The `audit` collection.
const Collection& audit_collection();

/// What the audit says of a person.
struct AuditStanding {
    /// Erased, and not restored since; also where that cannot be told, because there are entries
    /// under another key.
    bool erased = false;
    /// The last erasure, restored or not; absent where there is none under this key.
    std::optional<AuditEntry> erasure{};
};

/// The record of who was erased, and of who came back by an import.
class AuditLog {
  public:
    /// `key` as the setting AUDIT_KEY has it; empty where there is none.
    AuditLog(Store& store, std::string key) : store_(store), key_(std::move(key)) {}

    /// Throws InvalidArgument, with how to make a key, where there is none.
    void require_key() const;

    /// Throws InvalidArgument where there is no key and the record is not empty: then it is a
    /// record of whom we cannot know. `lead_id` is in its one spelling, here and below.
    Async<AuditStanding> standing(std::string lead_id, Deadline deadline = {});

    /// Which key this is, as AuditEntry::key has it. Empty without one.
    std::string key_id() const;

    /// The person's entries under this key, newest first. Needs the key.
    Async<std::vector<AuditEntry>> entries(std::string lead_id, Deadline deadline = {});

    /// The person's last entry under this key. Needs the key.
    Async<std::optional<AuditEntry>> last(std::string lead_id, Deadline deadline = {});

    /// Records that something is about to be done, and returns the entry as stored. `counts` gives
    /// its action, `by` and figures. Throws InvalidArgument without a key, and for a `by` that is
    /// empty, over 256 bytes, not UTF-8 or holds control characters.
    Async<AuditEntry> begin(std::string lead_id, AuditEntry counts, Deadline deadline = {});

    /// Records that it is done, with these figures.
    Async<void> finish(AuditEntry entry, Deadline deadline = {});

  private:
    std::string hash(std::string_view text) const;
    Async<std::vector<AuditEntry>> find(Filter<AuditEntry> filter, Sort<AuditEntry> sort,
                                        std::int64_t limit, Deadline deadline);
    Async<bool> holds_other_keys(Deadline deadline);

    Store& store_;
    std::string key_;
};

}  // namespace rapport
