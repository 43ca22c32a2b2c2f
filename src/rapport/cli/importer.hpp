#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <string>

#include "rapport/cli/import_plan.hpp"
#include "rapport/repository/lead_repository.hpp"
#include "rapport/repository/message_repository.hpp"

namespace rapport::cli {

/// Stores the messages of imports: each once, however often and from however many processes, also
/// when an earlier import was cut short.
class Importer {
  public:
    Importer(LeadRepository leads, MessageRepository messages)
        : leads_(std::move(leads)), messages_(std::move(messages)) {}

    /// Adds to a lead what it does not have yet. Returns how many messages that were. `progress`
    /// hears how many are dealt with.
    Async<std::int64_t> store(std::string lead_id, LeadMessages of_lead,
                              std::function<void(std::int64_t)> progress);

  private:
    using Ids = std::set<ObjectId>;

    Async<Ids> stored_among(std::string lead_id, std::vector<ObjectId> ids);
    Async<std::int64_t> store_chunk(std::string lead_id, std::vector<Message> chunk);
    Async<void> complete_history(std::string lead_id);

    LeadRepository leads_;
    MessageRepository messages_;
};

}  // namespace rapport::cli
