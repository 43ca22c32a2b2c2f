#include "rapport/eval/golden_runner.hpp"

#include <gmock/gmock-matchers.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "rapport/core/codec.hpp"
#include "rapport/core/error.hpp"
#include "rapport/eval/recording.hpp"
#include "tests/conversation/scripted_agents.hpp"
#include "tests/eval/samples.hpp"
#include "tests/store/temporary_folder.hpp"
#include "tests/support/engine.hpp"

namespace rapport::eval {
namespace {

using ::testing::HasSubstr;

class GoldenRunner : public ::testing::TestWithParam<std::string> {
  protected:
    GoldenRunner() : database_(GetParam()), manager_(database_.settings(), database_.url()) {
        await(manager_.connect());
        await(manager_.create_indexes());
        agents_->classification = *testing::price_answer().classification;
        agents_->strategy = *testing::price_answer().strategy;
        agents_->strategy.suggested_stage_transition = SalesStage::kDiscovery;
    }
    ~GoldenRunner() override { await(manager_.disconnect()); }

    std::vector<std::vector<Outcomes>> run(const Agents& agents, std::int64_t runs = 1) {
        return run_golden(manager_, agents, conversations_, runs);
    }

    testing::OwnDatabase database_;
    DatabaseManager manager_;
    std::shared_ptr<testing::ScriptedAgents> agents_ = std::make_shared<testing::ScriptedAgents>();
    std::vector<GoldenConversation> conversations_{testing::golden("first", 2),
                                                   testing::golden("second", 3)};
};

TEST_P(GoldenRunner, HoldsEveryConversationInEveryRun) {
    const auto runs = run(testing::as_agents(agents_), 3);
    EXPECT_EQ(agents_->asked, 15);
    const EvalReport report = make_report("scripted", conversations_, runs);
    EXPECT_EQ(report.turns, 5);
    EXPECT_EQ(report.passed_turns, (Spread{5, 0}));
    EXPECT_EQ(report.passed_conversations, (Spread{2, 0}));
    EXPECT_EQ(report.fields.at(0).name, "intent");
    EXPECT_EQ(report.fields.at(0).matrix, (std::vector<std::vector<std::int64_t>>{{15}}));
    EXPECT_EQ(report.conversations.at(1).turns.at(2).outcomes.size(), 3U);
}

TEST_P(GoldenRunner, AnswersATurnAtItsTime) {
    run(testing::as_agents(agents_));
    const Lead lead =
        await(LeadRepository(manager_.database()).get_by_phone(golden_lead_id("second", 0)))
            .value();
    EXPECT_EQ(lead.message_count, 6);
    EXPECT_EQ(lead.next_followup_at, conversations_[1].turns.back().at + std::chrono::hours(24));
}

TEST_P(GoldenRunner, CountsATurnThatThrowsAsFailed) {
    agents_->thinking = [](const Conversation& conversation) -> Async<void> {
        if (conversation.incoming.content.ends_with(" 1")) throw Unavailable("the model is away");
        co_return;
    };
    const auto runs = run(testing::as_agents(agents_));
    EXPECT_EQ(runs[0][0][1].error, "the model is away");
    EXPECT_EQ(runs[0][1][1].failed.at(0).check, "error");
    EXPECT_TRUE(runs[0][1][2].failed.empty());
}

TEST_P(GoldenRunner, JudgesARecordingAsItJudgedTheAgents) {
    const testing::TemporaryFolder folder;
    const auto file = folder.path() / "answers.jsonl";
    agents_->usage = {.prompt_tokens = 10, .completion_tokens = 5, .cost_usd = 0.01};
    agents_->fallback = "the breaker is open";
    const auto first = run(recording_agents(testing::as_agents(agents_), "a model", file), 2);
    EXPECT_THROW(recording_agents(testing::as_agents(agents_), "a model", file), InvalidArgument);
    const int asked = agents_->asked;

    testing::OwnDatabase other(GetParam());
    DatabaseManager manager(other.settings(), other.url());
    await(manager.connect());
    await(manager.create_indexes());
    const RecordedAgents recorded = replaying_agents(file);
    EXPECT_EQ(recorded.name, "a model");
    const auto again = run_golden(manager, recorded.agents, conversations_, 2);
    EXPECT_EQ(agents_->asked, asked);
    for (std::size_t turn = 0; turn < 3; ++turn) {
        TurnOutcome before = first[1][1][turn];
        TurnOutcome after = again[1][1][turn];
        before.duration_ms = after.duration_ms = 0;
        EXPECT_EQ(to_json(after), to_json(before));
    }
    await(manager.disconnect());
}

TEST_P(GoldenRunner, SaysWhatARecordingDoesNotHold) {
    const testing::TemporaryFolder folder;
    const auto file = folder.path() / "answers.jsonl";
    run(recording_agents(testing::as_agents(agents_), "a model", file));
    const auto problem = [&] {
        try {
            testing::OwnDatabase other(GetParam());
            DatabaseManager manager(other.settings(), other.url());
            await(manager.connect());
            await(manager.create_indexes());
            run_golden(manager, replaying_agents(file).agents, conversations_, 1);
        } catch (const NotRecorded& error) {
            return std::string(error.what());
        }
        return std::string("none");
    };
    EXPECT_EQ(problem(), "none");
    conversations_[0].turns[1].says = "Something else";
    EXPECT_THAT(problem(),
                HasSubstr("ext:first, run 1 at 2027-01-15T09:00:00.000Z, classifier: the "
                          "lead said something else"));
    conversations_[0].turns[1].at += std::chrono::minutes(1);
    EXPECT_THAT(problem(), HasSubstr("not in the recording; record again"));
}

INSTANTIATE_TEST_SUITE_P(Engines, GoldenRunner, ::testing::ValuesIn(testing::engines()),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace rapport::eval
