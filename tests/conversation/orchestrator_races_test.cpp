// What happens while agents think.
#include <gmock/gmock-matchers.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/execution.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <functional>
#include <memory>
#include <mutex>
#include <type_traits>
#include <utility>

#include "rapport/core/error.hpp"
#include "tests/conversation/orchestrator_test.hpp"

namespace rapport::testing {
namespace {

namespace asio = boost::asio;
using ::testing::ElementsAre;

Async<void> yield() {
    co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable);
}

class Races : public OrchestratorTest {
  protected:
    /// Does something once, in another process's name, while the agents think.
    void meanwhile(const std::function<Async<void>(Lead)>& change) {
        agents->thinking = [this, change](const Conversation& conversation) -> Async<void> {
            if (!std::exchange(done_, true)) co_await change(conversation.lead);
        };
    }
    LeadRepository other{engine.store()};

  private:
    bool done_ = false;
};

ON_EVERY_ENGINE(ConversationOrchestrator, Races);

TEST_P(Races, AConflictAppliesWhatWasSaidToTheLeadAsItIsAndAsksNobodyAgain) {
    say("hola");
    meanwhile([this](Lead lead) -> Async<void> {
        co_await other.commit_turn({std::move(lead), {said("from elsewhere")}});
    });
    agents->strategy.suggested_stage_transition = SalesStage::kQualified;
    const OrchestrationResult result = say("precio?");
    EXPECT_EQ(result.outbound_message, "an answer");
    EXPECT_EQ(agents->asked, 2);
    EXPECT_EQ(loaded().current_stage, SalesStage::kQualified);
    EXPECT_EQ(
        contents(loaded().recent_history),
        (std::vector<std::string>{"hola", "an answer", "from elsewhere", "precio?", "an answer"}));
}

TEST_P(Races, ThePersonWhoTakesOverMeanwhileIsNotTalkedOver) {
    say("hola");
    meanwhile([this](Lead lead) -> Async<void> {
        lead.assign_handoff("Luis");
        co_await other.save(std::move(lead));
    });
    EXPECT_EQ(say("precio?").outbound_message, std::nullopt);
    EXPECT_THAT(conversation(), ElementsAre("lead: hola", "assistant: an answer", "lead: precio?"));
}

TEST_P(Races, ThePersonWhoAnswersMeanwhileIsNotTalkedOver) {
    say("hola");
    agents->usage.prompt_tokens = 7;
    meanwhile([this](Lead lead) -> Async<void> {
        co_await other.commit_turn(
            {std::move(lead), {said("Luis here", std::chrono::seconds(1), MessageRole::kHuman)}});
    });
    const OrchestrationResult silent = say("precio?");
    EXPECT_EQ(silent.outbound_message, std::nullopt);
    EXPECT_EQ(silent.usage.prompt_tokens, 3 * 7) << "the agents were paid";
    EXPECT_EQ(loaded().message_count, 4);
    EXPECT_EQ(say("gracias").outbound_message, "an answer");
}

TEST_P(Races, MessagesOnOneCopyOfANewLeadAreEachAnsweredOnce) {
    agents->reply = "echo";
    Lead copy;
    copy.lead_id = kPhone;
    std::vector<Async<OrchestrationResult>> all;
    for (const std::string text : {"one", "two", "three"}) {
        all.push_back(orchestrator->process_message(text, copy));
    }
    for (auto& answered : run_together(std::move(all))) answered.get();
    EXPECT_EQ(loaded().message_count, 6);
    EXPECT_EQ(contents(loaded().recent_history),
              (std::vector<std::string>{"one", "re: one", "two", "re: two", "three", "re: three"}));
    EXPECT_EQ(conversation().size(), 6U);
}

TEST_P(Races, AMessageAnsweredByAnotherProcessMeanwhileIsNotAnsweredTwice) {
    const auto process = another();
    await(process->initialize());
    agents->usage.prompt_tokens = 7;
    meanwhile([&](const Lead&) -> Async<void> {
        co_await process->process_message("hola", kPhone, {.external_id = "wamid.1"});
    });
    const OrchestrationResult result = say("hola", {.external_id = "wamid.1"});
    EXPECT_TRUE(result.replayed);
    EXPECT_EQ(result.outbound_message, "an answer");
    EXPECT_EQ(result.usage.prompt_tokens, 3 * 7) << "the agents were paid";
    EXPECT_EQ(loaded().message_count, 2);
}

TEST_P(Races, WhoeverIsErasedMeanwhileIsANewPerson) {
    say("hola");
    meanwhile([this](const Lead&) -> Async<void> { co_await other.erase(kPhone); });
    say("precio?");
    EXPECT_EQ(contents(loaded().recent_history),
              (std::vector<std::string>{"precio?", "an answer"}));
    EXPECT_EQ(loaded().message_count, 2);
}

TEST_P(Races, TheStaleCopyOfWhoeverWasErasedDoesNotStopAMessageThatIsDeliveredAgain) {
    const Lead copy = say("hola", {.external_id = "wamid.1"}).lead_updated;
    await(other.erase(kPhone));
    const OrchestrationResult result =
        await(orchestrator->process_message("hola", copy, {.external_id = "wamid.1"}));
    EXPECT_FALSE(result.replayed);
    EXPECT_EQ(result.outbound_message, "an answer");
    EXPECT_EQ(loaded().message_count, 2);
}

TEST_P(Races, MessagesOfOneLeadWaitForEachOther) {
    agents->reply = "echo";
    agents->thinking = [](const Conversation&) -> Async<void> { co_await yield(); };
    std::vector<Async<OrchestrationResult>> all;
    std::vector<std::string> expected;
    for (int i = 0; i < 8; ++i) {
        const std::string text = std::to_string(i);
        all.push_back(orchestrator->process_message(text, kPhone));
        expected.insert(expected.end(), {text, "re: " + text});
    }
    for (auto& answered : run_together(std::move(all))) answered.get();
    EXPECT_EQ(contents(loaded().recent_history), expected);
    EXPECT_EQ(agents->asked, 8);
}

/// Each agent waits until all are at work, which only happens when no lead waits for another.
TEST_P(Races, DifferentLeadsDoNotWaitForEachOther) {
    constexpr int kLeads = 64;
    int at_work = 0;
    agents->thinking = [&at_work](const Conversation&) -> Async<void> {
        ++at_work;
        while (at_work < kLeads) co_await yield();
    };
    std::vector<Async<OrchestrationResult>> all;
    for (int i = 0; i < kLeads; ++i) {
        all.push_back(orchestrator->process_message("hola", numbered_phone(i)));
    }
    for (auto& answered : run_together(std::move(all))) {
        EXPECT_EQ(answered.get().outbound_message, "an answer");
    }
}

TEST_P(Races, TheEndWaitsForWhatIsUnderWay) {
    bool ended = false;
    agents->thinking = [&](const Conversation&) -> Async<void> {
        asio::co_spawn(co_await asio::this_coro::executor, orchestrator->shutdown(),
                       [&ended](const std::exception_ptr&) { ended = true; });
        for (int i = 0; i < 10; ++i) co_await yield();
        EXPECT_FALSE(ended);
    };
    EXPECT_EQ(say("hola").outbound_message, "an answer");
    EXPECT_TRUE(ended);
    EXPECT_EQ(loaded().message_count, 2);
}

TEST_P(Races, TheEndWaitsForAllOfABatch) {
    bool ended = false;
    agents->thinking = [&](const Conversation& conversation) -> Async<void> {
        if (conversation.incoming.content != "one") co_return;
        asio::co_spawn(co_await asio::this_coro::executor, orchestrator->shutdown(),
                       [&ended](const std::exception_ptr&) { ended = true; });
        for (int i = 0; i < 10; ++i) co_await yield();
    };
    asio::io_context loop;
    std::vector<ConversationOrchestrator::Answered> answers;
    asio::co_spawn(loop,
                   orchestrator->process_batch({{kPhone, "one"}, {kPhone, "two"}, {"?", "lost"}}),
                   [&answers](const std::exception_ptr&, auto all) { answers = std::move(all); });
    loop.run();
    EXPECT_TRUE(ended);
    ASSERT_EQ(answers.size(), 3U);
    EXPECT_EQ(answers[0].result.outbound_message, "an answer");
    EXPECT_EQ(answers[1].result.outbound_message, "an answer");
    EXPECT_TRUE(answers[2].error);
    EXPECT_THROW(say("late"), NotConnected);
}

/// An event loop that takes up last what waits longest: the threads of one keep no order either.
class LastFirst {
  public:
    asio::execution_context& query(asio::execution::context_t) const noexcept {
        return queue_->timers;
    }
    static constexpr asio::execution::blocking_t query(asio::execution::blocking_t) noexcept {
        return asio::execution::blocking.never;
    }
    template <class Work>
    void execute(Work&& work) const {
        const auto own = std::make_shared<std::decay_t<Work>>(std::forward<Work>(work));
        const std::scoped_lock lock(queue_->mutex);
        queue_->waiting.emplace_back([own] { (*own)(); });
    }
    bool operator==(const LastFirst&) const noexcept = default;

    bool empty() const {
        const std::scoped_lock lock(queue_->mutex);
        return queue_->waiting.empty();
    }
    /// False when nothing waits.
    bool run_one() const {
        std::function<void()> work;
        {
            const std::scoped_lock lock(queue_->mutex);
            if (queue_->waiting.empty()) return false;
            work = std::move(queue_->waiting.back());
            queue_->waiting.pop_back();
        }
        work();
        return true;
    }
    void run_timers() const {
        queue_->timers.restart();
        queue_->timers.poll();
    }

  private:
    struct Queue {
        std::mutex mutex;
        std::vector<std::function<void()>> waiting;
        asio::io_context timers;
    };
    std::shared_ptr<Queue> queue_ = std::make_shared<Queue>();
};

/// Whoever waits for it is cancelled, and gone, before any message's turn has come.
TEST_P(Races, TheEndWaitsForABatchThatNobodyWaitsForAnyMore) {
    const LastFirst loop;
    bool gone = false;
    bool ended = false;
    asio::cancellation_signal cancel;
    asio::co_spawn(
        loop, orchestrator->process_batch({{kPhone, "hola"}}),
        asio::bind_cancellation_slot(
            cancel.slot(), [&gone](const std::exception_ptr&, const auto&) { gone = true; }));
    loop.run_one();
    cancel.emit(asio::cancellation_type::terminal);
    while (!gone && loop.run_one()) {
    }
    ASSERT_TRUE(gone);
    ASSERT_FALSE(loop.empty());
    asio::co_spawn(loop, orchestrator->shutdown(), [&](const std::exception_ptr&) {
        ended = true;
        EXPECT_EQ(loaded().message_count, 2);
    });
    while (!ended || !loop.empty()) {
        if (!loop.run_one()) loop.run_timers();
    }
    EXPECT_EQ(agents->asked, 1);
}

TEST_P(Races, ADeadlineThatPassesWhileAnotherMessageIsAnsweredIsATimeout) {
    agents->thinking = [](const Conversation& conversation) -> Async<void> {
        if (conversation.incoming.content != "first") co_return;
        const Deadline until = Deadline::in(std::chrono::milliseconds(50));
        while (!until.passed()) co_await yield();
    };
    std::vector<Async<OrchestrationResult>> all;
    all.push_back(orchestrator->process_message("first", kPhone));
    all.push_back(orchestrator->process_message(
        "second", kPhone, {.deadline = Deadline::in(std::chrono::milliseconds(5))}));
    auto answers = run_together(std::move(all));
    EXPECT_EQ(answers[0].get().outbound_message, "an answer");
    EXPECT_THROW(answers[1].get(), Timeout);
    EXPECT_EQ(loaded().message_count, 2);
}

}  // namespace
}  // namespace rapport::testing
