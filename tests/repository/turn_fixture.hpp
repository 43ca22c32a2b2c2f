#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "rapport/repository/turn.hpp"
#include "tests/repository/repository_test.hpp"

namespace rapport::testing {

/// Turns of one lead, and what a crash may leave of them.
class TurnTest : public RepositoryTest {
  protected:
    Lead loaded() { return await(leads.get_by_phone(kPhone)).value(); }

    Turn turn_of(Lead lead, const std::vector<std::string>& texts,
                 std::optional<std::string> external_id = {}) {
        Turn turn{std::move(lead), {}};
        for (const std::string& text : texts) {
            turn.messages.push_back(said(text, std::chrono::milliseconds(next_++)));
        }
        turn.messages.front().external_id = std::move(external_id);
        return turn;
    }
    TurnResult commit(const std::vector<std::string>& texts,
                      std::optional<std::string> external_id = {}) {
        return await(leads.commit_turn(turn_of(loaded(), texts, std::move(external_id))));
    }
    std::vector<Message> stored() { return await(messages.get_recent_messages(kPhone, 0)); }

    LeadRepository another_process() { return LeadRepository(engine.store()); }
    void forget(const std::vector<Message>& lost) {
        for (const Message& message : lost) await(messages.delete_by_id(message.id.to_string()));
    }
    /// As a crash leaves the lead whose messages after these were not stored.
    void leave_unsettled(std::int64_t settled = 0) {
        Update<Lead> as_left;
        as_left.set(where(&Lead::settled_count), settled);
        await(leads.update_many(where(&Lead::lead_id) == kPhone, as_left));
    }

    std::int64_t next_ = 0;
};

}  // namespace rapport::testing
