#include "rapport/conversation/orchestrator.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/this_coro.hpp>
#include <utility>

#include "rapport/core/error.hpp"
#include "rapport/domain/phone_number.hpp"
#include "rapport/repository/retry.hpp"

namespace rapport {
namespace asio = boost::asio;
namespace {

using Clock = Deadline::Clock;

std::int64_t milliseconds_since(Clock::time_point begun) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - begun).count();
}

std::optional<std::string> answer_among(const std::vector<Message>& messages) {
    const auto found = std::ranges::find(messages, MessageRole::kAssistant, &Message::role);
    if (found == messages.end()) return std::nullopt;
    return found->content;
}

/// Messages of one moment stay in the order in which they came.
void sort_by_time(std::vector<Message>& messages) {
    for (std::size_t i = 0; i < messages.size(); ++i)
        messages[i].seq = static_cast<std::int64_t>(i);
    std::ranges::sort(messages, {}, [](const Message& m) { return std::pair(m.timestamp, m.seq); });
    for (Message& message : messages) message.seq.reset();
}

/// Absent where the lead has changed since it was loaded.
Async<std::optional<TurnResult>> try_commit(LeadRepository leads, Turn turn, Deadline deadline) {
    try {
        co_return co_await leads.commit_turn(std::move(turn), deadline);
    } catch (const VersionConflict&) {
        co_return std::nullopt;
    }
}

OrchestratorOptions in_region(OrchestratorOptions options, const std::string& region) {
    if (options.default_region.empty()) options.default_region = region;
    return options;
}

}  // namespace

/// A message that shutdown() waits for.
class ConversationOrchestrator::UnderWay {
  public:
    explicit UnderWay(ConversationOrchestrator& of) : count_(of.under_way_) {
        ++count_;
        if (of.open_) return;
        --count_;
        throw NotConnected("orchestrator: call initialize() first");
    }
    ~UnderWay() { --count_; }
    UnderWay(const UnderWay&) = delete;
    UnderWay& operator=(const UnderWay&) = delete;

  private:
    std::atomic<int>& count_;
};

ConversationOrchestrator::ConversationOrchestrator(DatabaseManager& manager, Agents agents,
                                                   OrchestratorOptions options)
    : manager_(&manager),
      planner_(std::move(agents), options.handoff_texts),
      options_(in_region(std::move(options), manager.settings().default_region)) {}

ConversationOrchestrator::ConversationOrchestrator(LeadRepository leads, MessageRepository messages,
                                                   Agents agents, OrchestratorOptions options)
    : repositories_({std::move(leads), std::move(messages)}),
      planner_(std::move(agents), options.handoff_texts),
      options_(in_region(std::move(options), "MX")) {}

Async<void> ConversationOrchestrator::initialize() {
    if (manager_) {
        co_await manager_->connect();
        co_await manager_->create_indexes();
        // Messages may be under way on those that are there; they are of the same store.
        if (!repositories_) {
            Store& store = manager_->database();
            repositories_.emplace(LeadRepository(store, options_.default_region),
                                  MessageRepository(store, options_.default_region));
        }
    }
    open_ = true;
}

Async<void> ConversationOrchestrator::shutdown() {
    open_ = false;
    while (under_way_ > 0) co_await pause();
    if (manager_) co_await manager_->disconnect();
}

Async<Lead> ConversationOrchestrator::start_conversation(std::string phone,
                                                         std::optional<std::string> full_name,
                                                         Deadline deadline) {
    const UnderWay under_way(*this);
    Lead lead = co_await repositories_->leads.get_or_create(phone, std::move(full_name), deadline);
    co_await fill_working_memory(lead, deadline);
    co_return lead;
}

Async<OrchestrationResult> ConversationOrchestrator::process_message(std::string content,
                                                                     std::string phone,
                                                                     MessageDetails details) {
    const UnderWay under_way(*this);
    std::string lead_id = normalize_lead_id(phone, options_.default_region);
    Message incoming = incoming_message(std::move(content), lead_id, details);
    const auto lock = co_await conversations_.lock(lead_id, details.deadline);
    Lead lead = co_await load(std::move(lead_id), details.deadline);
    co_return co_await answer(std::move(lead), std::move(incoming), details.deadline);
}

Async<OrchestrationResult> ConversationOrchestrator::process_message(std::string content, Lead lead,
                                                                     MessageDetails details) {
    const UnderWay under_way(*this);
    lead.lead_id = normalize_lead_id(lead.lead_id, options_.default_region);
    Message incoming = incoming_message(std::move(content), lead.lead_id, details);
    const auto lock = co_await conversations_.lock(lead.lead_id, details.deadline);
    co_return co_await answer(std::move(lead), std::move(incoming), details.deadline);
}

Async<OrchestrationResult> ConversationOrchestrator::answer(Lead lead, Message incoming,
                                                            Deadline deadline) {
    const auto begun = Clock::now();
    std::optional<TurnPlan> plan;
    std::int64_t counted_before = 0;
    while (true) {
        if (incoming.external_id) {
            auto before = co_await repositories_->leads.find_turn(lead, incoming, deadline);
            if (before) co_return replayed(std::move(*before), milliseconds_since(begun));
        }
        const bool silent =
            is_with_a_person(lead) || (plan && has_person_answered(lead, incoming, counted_before));
        if (!silent && !plan) {
            counted_before = lead.message_count;
            plan = co_await plan_for(lead, incoming, deadline);
        }
        Turn turn = silent ? silent_turn(std::move(lead), incoming)
                           : planned_turn(*plan, std::move(lead), incoming, options_.followup,
                                          options_.clock());
        turn.looked_up = incoming.external_id.has_value();
        auto stored = co_await try_commit(repositories_->leads, std::move(turn), deadline);
        if (stored) {
            const Usage spent = plan ? plan->usage : Usage{};
            auto result = answered(std::move(*stored), silent ? std::nullopt : std::move(plan),
                                   milliseconds_since(begun));
            // What the agents cost, though a person was faster, or another process.
            result.usage = spent;
            co_return result;
        }
        if (deadline.passed()) throw Timeout("orchestrator: others kept changing the lead");
        lead = co_await load(incoming.lead_id, deadline);
    }
}

OrchestrationResult ConversationOrchestrator::replayed(TurnResult before, std::int64_t took) {
    OrchestrationResult result;
    result.outbound_message = answer_among(before.messages);
    result.lead_updated = std::move(before.lead);
    result.replayed = true;
    result.total_duration_ms = took;
    return result;
}

/// With what is stored: `plan` is absent where the agent kept silent.
OrchestrationResult ConversationOrchestrator::answered(TurnResult stored,
                                                       std::optional<TurnPlan> plan,
                                                       std::int64_t took) const {
    OrchestrationResult result;
    result.outbound_message = answer_among(stored.messages);
    result.lead_updated = std::move(stored.lead);
    result.replayed = stored.replayed;
    result.total_duration_ms = took;
    if (!plan || stored.replayed) return result;
    result.handoff_triggered = plan->handoff_reason.has_value();
    result.classification = std::move(plan->classification);
    result.strategy = std::move(plan->strategy);
    result.execution = std::move(plan->execution);
    if (result.handoff_triggered) notify(result.lead_updated);
    return result;
}

void ConversationOrchestrator::notify(const Lead& lead) const {
    try {
        options_.notifier({lead.lead_id, lead.full_name, lead.handoff_reason.value_or(""),
                           lead.handoff_requested_at.value_or(Timestamp{})});
    } catch (const std::exception& error) {
        spdlog::error("lead {}: a hand-off is stored, but its notice failed: {}",
                      mask_phone(lead.lead_id), error.what());
    }
}

/// The lead as it is stored; a new one where there is none.
Async<Lead> ConversationOrchestrator::load(std::string lead_id, Deadline deadline) {
    auto found = co_await read_until(
        deadline, [&] { return repositories_->leads.get_by_phone(lead_id, deadline); });
    if (found) co_return std::move(*found);
    Lead lead;
    lead.lead_id = std::move(lead_id);
    co_return lead;
}

/// Makes recent_history the last messages, in the order in which the lead counted them. A lead that
/// an earlier system wrote, or an import, may not hold them itself.
Async<void> ConversationOrchestrator::fill_working_memory(Lead& lead, Deadline deadline) {
    constexpr auto kWindow = static_cast<std::int64_t>(Lead::kHistoryWindow);
    if (std::ssize(lead.recent_history) >= std::min(kWindow, lead.message_count)) co_return;
    lead.recent_history = co_await read_until(deadline, [&] {
        return repositories_->messages.get_recent_messages(lead.lead_id, kWindow, deadline);
    });
}

Async<TurnPlan> ConversationOrchestrator::plan_for(Lead lead, Message incoming, Deadline deadline) {
    co_await fill_working_memory(lead, deadline);
    sort_by_time(lead.recent_history);
    const Conversation conversation{std::move(lead), std::move(incoming), options_.clock()};
    co_return co_await planner_.plan(conversation, deadline);
}

Message ConversationOrchestrator::incoming_message(std::string content, const std::string& lead_id,
                                                   const MessageDetails& details) const {
    Message message;
    message.id = ObjectId::generate();
    message.lead_id = lead_id;
    message.role = MessageRole::kLead;
    message.content = std::move(content);
    message.timestamp = details.timestamp ? *details.timestamp : options_.clock();
    message.external_id = details.external_id;
    message.attachment = details.attachment;
    validate(message);
    return message;
}

Async<std::vector<ConversationOrchestrator::Answered>> ConversationOrchestrator::process_batch(
    std::vector<Incoming> messages) {
    // Also that of its parts, which go on when it is cancelled.
    const auto under_way = std::make_shared<const UnderWay>(*this);
    const auto batch = std::make_shared<Batch>(std::move(messages));
    std::map<std::string, std::vector<std::size_t>> by_lead;
    for (std::size_t i = 0; i < batch->messages.size(); ++i) {
        try {
            by_lead[normalize_lead_id(batch->messages[i].phone, options_.default_region)].push_back(
                i);
        } catch (const InvalidArgument&) {
            batch->answers[i].error = std::current_exception();
        }
    }
    const KeyedMutex busy;
    const auto executor = co_await asio::this_coro::executor;
    const Deadline never(Clock::time_point::max());
    for (auto& [lead_id, positions] : by_lead) {
        auto lock = co_await busy.lock(lead_id, never);
        asio::co_spawn(executor,
                       answer_in_order(under_way, batch, std::move(positions), std::move(lock)),
                       asio::detached);
    }
    for (const auto& [lead_id, positions] : by_lead) co_await busy.lock(lead_id, never);
    co_return std::move(batch->answers);
}

/// The messages of one lead; the lock goes when all are answered.
Async<void> ConversationOrchestrator::answer_in_order(std::shared_ptr<const UnderWay>,
                                                      std::shared_ptr<Batch> batch,
                                                      std::vector<std::size_t> positions,
                                                      KeyedMutex::Lock) {
    for (const std::size_t i : positions) {
        Incoming& message = batch->messages[i];
        try {
            batch->answers[i].result = co_await process_message(
                std::move(message.content), std::move(message.phone), std::move(message.details));
        } catch (...) {
            batch->answers[i].error = std::current_exception();
        }
    }
}

}  // namespace rapport
