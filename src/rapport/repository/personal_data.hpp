#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rapport/repository/archive.hpp"
#include "rapport/repository/audit.hpp"
#include "rapport/repository/lead_repository.hpp"
#include "rapport/repository/message_repository.hpp"
#include "rapport/repository/signal_page.hpp"
#include "rapport/repository/sink.hpp"

namespace rapport {

/// How much a database holds on a person.
struct Holdings {
    /// Several where an earlier system spelled the number otherwise.
    std::int64_t leads = 0;
    std::int64_t messages = 0;
    std::int64_t signals = 0;

    bool nothing() const { return leads == 0 && messages == 0; }
    bool operator==(const Holdings&) const = default;
};

/// What erase_lead() has done.
struct ErasedPerson {
    /// Finished, with what was removed.
    AuditEntry audit;
    /// False where SQLite's file still holds what was removed; see Erased::from_log.
    bool from_log = true;
};

/// An import holds a person who was erased.
class PersonErased : public InvalidArgument {
  public:
    PersonErased(std::string_view lead_id, const AuditStanding& standing);
};

/// Called with how many messages are dealt with.
using MessageProgress = std::function<void(std::int64_t messages)>;

/// Everything that a database holds on one person: given out as one document, taken in again, and
/// removed with a record that does not say whose it was. docs/privacy.md has the formats. A phone
/// number is taken in any spelling; memory stays bounded however many messages there are.
class PersonalData {
  public:
    /// `audit_key` as the setting AUDIT_KEY has it; export_lead() and count() need none.
    /// `default_region` as for LeadRepository. `archive_dir` as the setting ARCHIVE_DIR: what is
    /// held there on the person counts, is given out and removed as what the database holds. Each
    /// waits for others who are at work there, and throws Timeout where they are to the deadline
    /// (export_lead() waits 30 s). Everything throws InvalidDocument for a file there that is
    /// altered, cut short or renamed. Nothing has changed then. Reading them blocks the thread.
    PersonalData(Store& store, std::string audit_key, std::string default_region = "MX",
                 std::string archive_dir = {});

    /// Reads only.
    Async<Holdings> count(std::string phone, Deadline deadline = {});

    /// Writes one JSON document: the lead and its messages as they are stored, with members that
    /// other systems added, and what is derived from them. Messages that come in meanwhile are left
    /// out. False, and nothing is written, where nothing is held. What `sink` throws ends it.
    /// Throws VersionConflict where several leads have the number: migrate() makes them one.
    Async<bool> export_lead(std::string phone, Sink sink, MessageProgress progress = {});

    /// Removes the person (see LeadRepository::erase), with an entry in the audit that is made
    /// first: what is cut short counts as erased for imports, and is finished by the next call.
    /// Absent where nothing is held and no erasure is left to finish. Throws InvalidArgument
    /// without a key, or for a `by` that AuditLog::begin() refuses; nothing has changed then.
    Async<std::optional<ErasedPerson>> erase_lead(std::string phone, std::string by,
                                                  Deadline deadline = {});

    struct RestoreOptions {
        /// Somebody erased is taken in all the same, with an entry in the audit.
        bool erased = false;
        /// Who does it.
        std::string by{};
    };
    /// The next message of an export; absent at the end.
    using MessageSource = std::function<std::optional<Message>()>;

    /// What `rapport export` gives out of a lead, but for its messages.
    struct ExportedLead {
        Lead lead{};
        std::vector<SignalPage> signal_pages{};
    };

    /// Stores an exported lead and its messages as they were, and returns how many were not there.
    /// Doing it again after a crash goes on. Somebody who was erased gets another `_id`, to which
    /// their messages then refer: nothing from before the erasure can match it. Throws PersonErased
    /// for those without `erased`, VersionConflict where another lead has the number or the lead
    /// was erased meanwhile (nothing of it is left then), and InvalidArgument for what cannot be
    /// stored.
    Async<std::int64_t> restore_lead(ExportedLead exported, MessageSource messages,
                                     RestoreOptions options, MessageProgress progress = {});

    /// The `_id` that a lead is stored under again: its own, or for somebody who was erased another
    /// one, the same each time, to which nothing from before the erasure refers.
    Async<ObjectId> new_identity(ObjectId id, AuditStanding standing);

  private:
    Async<std::vector<Document>> find_leads(std::string lead_id, Deadline deadline);
    Async<Holdings> count_of(std::string lead_id, Deadline deadline);
    Async<std::vector<ArchivedMessage>> next_archived(ArchiveReader& archived);
    Async<std::int64_t> export_archived(std::string lead_id, const Sink& sink,
                                        const MessageProgress& progress);
    Async<std::string> export_head(const Document& lead);
    Async<void> export_messages(std::string lead_id, const std::optional<Document>& lead,
                                std::int64_t archived, const Sink& sink,
                                const MessageProgress& progress);
    Async<void> require_free(const Lead& lead);
    Async<std::int64_t> restore_messages(const Lead& lead, ObjectId exported_id,
                                         const MessageSource& messages,
                                         const MessageProgress& progress);
    Async<std::int64_t> store_batch(std::vector<Message> batch);
    Async<void> remove_remains(const Lead& lead);

    Store& store_;
    AuditLog audit_;
    LeadRepository leads_;
    MessageRepository messages_;
    std::string default_region_;
    std::optional<MessageArchive> archive_{};
};

}  // namespace rapport
