#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "rapport/cli/import_plan.hpp"
#include "rapport/repository/lead_repository.hpp"
#include "rapport/repository/message_repository.hpp"
#include "rapport/repository/personal_data.hpp"

namespace rapport::cli {

/// Stores the messages of imports: each once, however often and from however many processes, also
/// when an earlier import was cut short.
class Importer {
  public:
    Importer(LeadRepository leads, MessageRepository messages, AuditLog audit,
             PersonalData::RestoreOptions restoring)
        : leads_(std::move(leads)),
          messages_(std::move(messages)),
          audit_(std::move(audit)),
          restoring_(std::move(restoring)) {}

    /// Adds to a lead what it does not have yet. Returns how many messages that were. `progress`
    /// hears how many are dealt with. Throws PersonErased for somebody erased who is not to be
    /// restored, and VersionConflict where the lead is erased meanwhile.
    Async<std::int64_t> store(std::string lead_id, LeadMessages of_lead,
                              std::function<void(std::int64_t)> progress);

  private:
    Async<std::optional<AuditEntry>> begin_restoring(std::string lead_id);
    Async<Lead> lead_of(std::string lead_id, std::optional<std::string> full_name);
    // Awaited at once, so what they refer to outlives them.
    Async<std::vector<Message>> missing(const Lead& lead, std::span<const Message> some);
    Async<std::int64_t> store_turn(Lead& lead, std::span<const Message> some);

    LeadRepository leads_;
    MessageRepository messages_;
    AuditLog audit_;
    PersonalData::RestoreOptions restoring_;
};

}  // namespace rapport::cli
