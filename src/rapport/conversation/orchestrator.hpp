#pragma once

#include <atomic>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "rapport/conversation/agents.hpp"
#include "rapport/conversation/followup_policy.hpp"
#include "rapport/conversation/planner.hpp"
#include "rapport/conversation/turn_plan.hpp"
#include "rapport/core/keyed_mutex.hpp"
#include "rapport/repository/database_manager.hpp"
#include "rapport/repository/lead_repository.hpp"
#include "rapport/repository/message_repository.hpp"

namespace rapport {

/// A conversation that has just been given to our people.
struct HandoffNotice {
    std::string lead_id;
    std::optional<std::string> full_name;
    std::string reason;
    Timestamp requested_at;
};

/// What is known of a message besides its text.
struct MessageDetails {
    /// The channel's id: with it a message that is delivered again is answered as it was before.
    std::optional<std::string> external_id{};
    /// When it was written; without it, now.
    std::optional<Timestamp> timestamp{};
    std::optional<Attachment> attachment{};
    /// Agents get what the commit leaves of it.
    Deadline deadline{};
};

/// What became of a message.
struct OrchestrationResult {
    /// To be sent to the lead; absent where a person has the conversation.
    std::optional<std::string> outbound_message{};
    /// Absent where nobody was asked: a person has the conversation, or the message was answered
    /// before.
    std::optional<Classification> classification{};
    std::optional<Strategy> strategy{};
    /// Absent also where the lead is handed over: the answer says so then.
    std::optional<Execution> execution{};
    std::int64_t total_duration_ms = 0;
    Lead lead_updated{};  ///< as it is stored
    /// A person was asked for in this turn.
    bool handoff_triggered = false;
    /// The message had been answered before: that answer is in outbound_message, and nothing was
    /// written.
    bool replayed = false;
    Usage usage{};
};

struct OrchestratorOptions {
    std::function<Timestamp()> clock = now;
    /// Hears of a hand-off, once, after it is stored. What it throws is logged.
    std::function<void(const HandoffNotice&)> notifier = [](const HandoffNotice&) {};
    FollowupPolicy followup{};
    /// What a lead is told who is handed over to a person.
    LanguageTexts handoff_texts = load_language_texts({}, kHandoffFile);
    /// Where phone numbers without a country code belong (ISO 3166). Empty: as in the manager's
    /// settings. With repositories it must be theirs; empty is MX then, as it is with them.
    std::string default_region{};
};

/// Takes a message through classification, strategy and execution, and stores what comes of it as
/// one turn. Messages of one lead are taken one after another in a process, those of different
/// leads side by side; when another process changed the lead meanwhile, what the agents said is
/// applied to the lead as it is then, and they are not asked again. Must outlive its calls.
class ConversationOrchestrator {
  public:
    /// On the manager's database, which initialize() connects and shutdown() disconnects.
    ConversationOrchestrator(DatabaseManager& manager, Agents agents,
                             OrchestratorOptions options = {});
    /// On repositories whose database somebody else keeps connected.
    ConversationOrchestrator(LeadRepository leads, MessageRepository messages, Agents agents,
                             OrchestratorOptions options = {});

    /// Before anything else. Throws as DatabaseManager::connect() and create_indexes() do.
    Async<void> initialize();
    /// Takes no more messages and waits for those under way.
    Async<void> shutdown();

    /// The lead with this number, made where there is none, with what a crash left settled and the
    /// last 20 messages in recent_history, counted or not.
    Async<Lead> start_conversation(std::string phone, std::optional<std::string> full_name = {},
                                   Deadline deadline = {});

    /// Answers a message of the lead with this number (any spelling), who is made where there is
    /// none. Throws InvalidArgument for content and details that cannot be stored, before any agent
    /// is asked, for an external_id under which another text is stored, and for an agent's answer
    /// that is not valid, NotConnected outside initialize() and shutdown(), and what
    /// LeadRepository::commit_turn() throws, but VersionConflict; nothing is answered then, and the
    /// message may be delivered again.
    Async<OrchestrationResult> process_message(std::string content, std::string phone,
                                               MessageDetails details = {});
    /// The same for a copy of the lead, whose changed members are stored with the turn. Where the
    /// copy is stale they are not: the turn is then made on the lead as it is stored.
    Async<OrchestrationResult> process_message(std::string content, Lead lead,
                                               MessageDetails details = {});

    struct Incoming {
        std::string phone;
        std::string content;
        MessageDetails details{};
    };
    struct Answered {
        std::exception_ptr error{};  ///< null where there is a result
        OrchestrationResult result{};
    };
    /// Answers many, those of one lead in their order. An outcome for each, in the same order: what
    /// is wrong with one fails no other.
    Async<std::vector<Answered>> process_batch(std::vector<Incoming> messages);

  private:
    struct Repositories {
        LeadRepository leads;
        MessageRepository messages;
    };
    struct Batch {
        explicit Batch(std::vector<Incoming> given)
            : messages(std::move(given)), answers(messages.size()) {}
        std::vector<Incoming> messages;
        std::vector<Answered> answers;
    };
    class UnderWay;

    Async<OrchestrationResult> process(std::string content, std::string phone,
                                       MessageDetails details);
    Async<OrchestrationResult> answer(Lead lead, Message incoming, Deadline deadline);
    Async<std::optional<TurnResult>> look_up(Lead lead, Message incoming, Deadline deadline);
    static OrchestrationResult replayed(TurnResult before, std::int64_t took);
    OrchestrationResult answered(TurnResult stored, std::optional<TurnPlan> plan,
                                 std::int64_t took) const;
    Async<void> answer_in_order(std::shared_ptr<const UnderWay> under_way,
                                std::shared_ptr<Batch> batch, std::vector<std::size_t> positions,
                                KeyedMutex::Lock lock);
    Async<Lead> load(std::string lead_id, Deadline deadline);
    Async<Lead> load_again(std::string lead_id, Deadline deadline);
    Async<void> fill_working_memory(Lead& lead, const std::optional<std::string>& delivered,
                                    Deadline deadline);
    Async<TurnPlan> plan_for(Lead lead, Message incoming, Deadline deadline);
    Message incoming_message(std::string content, const std::string& lead_id,
                             const MessageDetails& details) const;
    void notify(const Lead& lead) const;

    DatabaseManager* manager_ = nullptr;
    std::optional<Repositories> repositories_;
    Planner planner_;
    OrchestratorOptions options_;
    KeyedMutex conversations_;
    std::atomic<bool> open_ = false;
    std::atomic<int> under_way_ = 0;
};

}  // namespace rapport
