#include "rapport/eval/golden_runner.hpp"

#include <fmt/format.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <exception>
#include <string>
#include <utility>

#include "rapport/conversation/orchestrator.hpp"
#include "rapport/eval/judge.hpp"
#include "rapport/eval/recording.hpp"

namespace rapport::eval {
namespace {

namespace asio = boost::asio;

class Runner {
  public:
    Runner(DatabaseManager& database, const Agents& agents,
           std::span<const GoldenConversation> conversations, std::int64_t runs,
           const std::function<void()>& on_turn)
        : database_(database),
          agents_(agents),
          conversations_(conversations),
          on_turn_(on_turn),
          runs_(static_cast<std::size_t>(runs), std::vector<Outcomes>(conversations.size())) {}

    std::vector<std::vector<Outcomes>> run() {
        constexpr int kAtOnce = 8;
        std::exception_ptr first;
        for (int i = 0; i < kAtOnce; ++i) {
            asio::co_spawn(context_, work(), [&](const std::exception_ptr& error) {
                if (error && !first) first = error;
            });
        }
        context_.run();
        if (first) std::rethrow_exception(first);
        return std::move(runs_);
    }

  private:
    Async<void> work() {
        while (next_ < runs_.size() * conversations_.size()) {
            const std::size_t run = next_ / conversations_.size();
            const std::size_t which = next_++ % conversations_.size();
            runs_[run][which] = co_await hold(conversations_[which], run);
        }
    }

    Async<Outcomes> hold(const GoldenConversation& conversation, std::size_t run) {
        Timestamp clock{};
        OrchestratorOptions options;
        options.clock = [&clock] { return clock; };
        ConversationOrchestrator orchestrator(LeadRepository(database_.database()),
                                              MessageRepository(database_.database()), agents_,
                                              std::move(options));
        co_await orchestrator.initialize();
        const std::string lead_id = golden_lead_id(conversation.name, run);
        co_await orchestrator.start_conversation(lead_id, conversation.full_name);
        Outcomes outcomes;
        for (const GoldenTurn& turn : conversation.turns) {
            clock = turn.at;
            outcomes.push_back(co_await take(orchestrator, turn, lead_id));
            if (on_turn_) on_turn_();
        }
        co_await orchestrator.shutdown();
        co_return outcomes;
    }

    static Async<TurnOutcome> take(ConversationOrchestrator& orchestrator, const GoldenTurn& turn,
                                   const std::string& lead_id) {
        const auto begun = std::chrono::steady_clock::now();
        TurnOutcome outcome;
        try {
            outcome = outcome_of(co_await orchestrator.process_message(
                turn.says, lead_id, {.timestamp = turn.at, .attachment = turn.attachment}));
        } catch (const NotRecorded&) {
            throw;
        } catch (const std::exception& error) {
            outcome.error = error.what();
        }
        outcome.duration_ms =
            std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begun)
                .count();
        outcome.failed = judge(turn.expect, outcome);
        co_return outcome;
    }

    static TurnOutcome outcome_of(OrchestrationResult result) {
        if (result.classification) {
            // Ids are new in each run.
            for (Signal& signal : result.classification->new_signals) {
                signal.source_message_id.clear();
            }
        }
        return {.reply = std::move(result.outbound_message),
                .classification = std::move(result.classification),
                .strategy = std::move(result.strategy),
                .stage = result.lead_updated.current_stage,
                .handoff = result.handoff_triggered,
                .prompt_tokens = result.usage.prompt_tokens,
                .completion_tokens = result.usage.completion_tokens,
                .cost_usd = result.usage.cost_usd};
    }

    DatabaseManager& database_;
    const Agents& agents_;
    std::span<const GoldenConversation> conversations_;
    const std::function<void()>& on_turn_;
    asio::io_context context_{1};
    std::vector<std::vector<Outcomes>> runs_;
    std::size_t next_ = 0;
};

}  // namespace

std::vector<std::vector<Outcomes>> run_golden(DatabaseManager& database, const Agents& agents,
                                              std::span<const GoldenConversation> conversations,
                                              std::int64_t runs,
                                              const std::function<void()>& on_turn) {
    return Runner(database, agents, conversations, runs, on_turn).run();
}

}  // namespace rapport::eval
