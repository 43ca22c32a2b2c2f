#include "rapport/conversation/orchestrator.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/this_coro.hpp>
#include <utility>

#include "rapport/core/error.hpp"
#include "rapport/core/utf8.hpp"
#include "rapport/domain/phone_number.hpp"
#include "rapport/repository/retry.hpp"
#include "rapport/repository/turn.hpp"

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

/// Absent where the lead has changed, or was erased, since it was loaded.
template <class T>
Async<std::optional<T>> unless_changed(Async<T> step) {
    try {
        co_return co_await std::move(step);
    } catch (const VersionConflict&) {
        co_return std::nullopt;
    }
}

void check_text(const char* name, const std::string& text) {
    if (!is_valid_utf8(text)) throw InvalidArgument(std::string(name) + ": not valid UTF-8");
}

/// What would fail only at the commit, when the agents are paid.
void check_storable(const Message& message) {
    validate(message);
    if (!is_storable(message.timestamp)) {
        throw InvalidArgument("timestamp: must lie in the years 0001 to 9999");
    }
    if (message.external_id) check_text("external_id", *message.external_id);
    if (!message.attachment) return;
    check_text("attachment.kind", message.attachment->kind);
    check_text("attachment.name", message.attachment->name);
}

/// What the agents cost, though a person was faster, or another process.
Usage spent_on(const std::optional<TurnPlan>& plan) { return plan ? plan->usage : Usage{}; }

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
    co_await fill_working_memory(lead, {}, deadline);
    co_return lead;
}

Async<OrchestrationResult> ConversationOrchestrator::process_message(std::string content,
                                                                     std::string phone,
                                                                     MessageDetails details) {
    const UnderWay under_way(*this);
    co_return co_await process(std::move(content), std::move(phone), std::move(details));
}

/// process_message() for those who are waited for already.
Async<OrchestrationResult> ConversationOrchestrator::process(std::string content, std::string phone,
                                                             MessageDetails details) {
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
        auto before = co_await unless_changed(look_up(lead, incoming, deadline));
        if (!before) {
            lead = co_await load_again(incoming.lead_id, deadline);
            continue;
        }
        if (*before) {
            auto result = replayed(std::move(**before), milliseconds_since(begun));
            result.usage = spent_on(plan);
            co_return result;
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
        auto stored =
            co_await unless_changed(repositories_->leads.commit_turn(std::move(turn), deadline));
        if (stored) {
            const Usage spent = spent_on(plan);
            auto result = answered(std::move(*stored), silent ? std::nullopt : std::move(plan),
                                   milliseconds_since(begun));
            result.usage = spent;
            co_return result;
        }
        lead = co_await load_again(incoming.lead_id, deadline);
    }
}

/// The turn that the message began, had it been delivered before.
Async<std::optional<TurnResult>> ConversationOrchestrator::look_up(Lead lead, Message incoming,
                                                                   Deadline deadline) {
    if (!incoming.external_id) co_return std::nullopt;
    co_return co_await repositories_->leads.find_turn(std::move(lead), std::move(incoming),
                                                      deadline);
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
    } catch (...) {
        spdlog::error("lead {}: a hand-off is stored, but its notice failed",
                      mask_phone(lead.lead_id));
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

/// After a conflict. Throws Timeout when the deadline has passed.
Async<Lead> ConversationOrchestrator::load_again(std::string lead_id, Deadline deadline) {
    if (deadline.passed()) throw Timeout("orchestrator: others kept changing the lead");
    co_return co_await load(std::move(lead_id), deadline);
}

/// Makes recent_history the last messages where more are stored than the lead holds: those that an
/// earlier system wrote, and those that were saved without being counted. `delivered`: the
/// external_id of a message that is none of them yet.
Async<void> ConversationOrchestrator::fill_working_memory(
    Lead& lead, const std::optional<std::string>& delivered, Deadline deadline) {
    if (lead.recent_history.size() >= Lead::kHistoryWindow) co_return;
    const Filter<Message> own = where(&Message::lead_id) == lead.lead_id;
    const FindOptions<Message> last{Lead::kHistoryWindow, 0, MessageRepository::newest_first()};
    auto stored = co_await read_until(
        deadline, [&] { return repositories_->messages.find_many(own, last, deadline); });
    std::erase_if(stored, [&](const Message& message) {
        // Of somebody erased, who had the number.
        const bool is_foreign = message.lead_ref && *message.lead_ref != lead.id;
        return is_foreign || (delivered && message.external_id == delivered);
    });
    if (stored.size() <= lead.recent_history.size()) co_return;
    std::ranges::reverse(stored);
    keep_as_stored(stored);
    lead.recent_history = std::move(stored);
}

Async<TurnPlan> ConversationOrchestrator::plan_for(Lead lead, Message incoming, Deadline deadline) {
    co_await fill_working_memory(lead, incoming.external_id, deadline);
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
    check_storable(message);
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
            batch->answers[i].result = co_await process(
                std::move(message.content), std::move(message.phone), std::move(message.details));
        } catch (...) {
            batch->answers[i].error = std::current_exception();
        }
    }
}

}  // namespace rapport
