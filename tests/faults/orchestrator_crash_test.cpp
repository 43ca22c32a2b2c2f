// The same for conversations: whatever dies in the middle of an answer, each message is answered
// and stored once, and nobody is asked again for what is stored.
#include <algorithm>
#include <map>
#include <set>

#include "tests/faults/crash_test.hpp"

namespace rapport::testing {
namespace {

using std::chrono::milliseconds;

class OrchestratorCrash : public CrashTest {
  protected:
    /// In the order in which a message comes by them.
    const std::vector<std::string>& fault_points() const {
        static const std::vector<std::string> mongodb{
            "agents.classify",      "agents.classified", "agents.decided",     "agents.responded",
            "turn.begun",           "turn.looked_up",    "commit.before_send", "commit.answered",
            "messages.before_send", "messages.answered"};
        static const std::vector<std::string> sqlite{
            "agents.classify",      "agents.classified",   "agents.decided",
            "agents.responded",     "turn.begun",          "turn.looked_up",
            "sqlite.before_change", "sqlite.after_change", "sqlite.after_messages",
            "sqlite.before_commit", "sqlite.after_commit"};
        return database_.is_sqlite() ? sqlite : mongodb;
    }
    /// A message whose process dies there is stored already.
    static bool is_after_the_commit(const std::string& point) {
        static const std::set<std::string> after{"commit.answered", "messages.before_send",
                                                 "messages.answered", "sqlite.after_commit"};
        return after.contains(point);
    }
    /// How often agents were asked for a message for which they had been asked.
    static int asked_again(const WriterProcess& process) {
        std::map<Delivery, int> times;
        for (const Delivery& delivery : process.asked()) ++times[delivery];
        int again = 0;
        for (const auto& [delivery, count] : times) again += count - 1;
        return again;
    }
};

TEST_P(OrchestratorCrash, AtEveryStepOfAnAnswerLosesNothingAndDoublesNothing) {
    int number = 0;
    std::vector<std::unique_ptr<WriterProcess>> processes;
    for (const std::string& point : fault_points()) {
        // One at a time: whoever is killed was at one message.
        const WriterPlan plan{.leads = 3, .writers = 1, .turns = 6, .agents = milliseconds(0)};
        processes.push_back(writer(plan, number++));
        WriterProcess& process = *processes.back();
        const auto times = 1 + random_() % 4;
        SCOPED_TRACE(point + ":" + std::to_string(times));
        process.start(point + ":" + std::to_string(times));
        ASSERT_TRUE(process.wait()) << "it never came by";
        finish(process);
        ASSERT_EQ(fault_in(together(processes)), "");
        const bool may_ask = point != "agents.classify" && !is_after_the_commit(point);
        EXPECT_LE(asked_again(process), may_ask ? 1 : 0);
        // Other transactions than a turn's come by SQLite's points as well.
        if (may_ask && !point.starts_with("sqlite.")) EXPECT_EQ(asked_again(process), 1);
    }
}

/// Several of them for one lead at the same moment.
TEST_P(OrchestratorCrash, ManyProcessesAnswerEachMessageOnce) {
    std::vector<std::unique_ptr<WriterProcess>> processes;
    for (int number = 0; number < 8; ++number) {
        processes.push_back(writer({.leads = 20,
                                    .writers = 4,
                                    .turns = std::min(8 * soak_scale(), 64),
                                    .agents = milliseconds(1)},
                                   number));
    }
    for (const auto& process : processes) process->start();
    for (const auto& process : processes) wait_for_all_of(*process);
    EXPECT_EQ(fault_in(together(processes)), "");
    for (const auto& process : processes) {
        EXPECT_EQ(asked_again(*process), 0) << "a conflict is no reason to ask again";
    }
}

INSTANTIATE_TEST_SUITE_P(ConversationOrchestrator, OrchestratorCrash,
                         ::testing::ValuesIn(engines()),
                         [](const auto& engine) { return engine.param; });

}  // namespace
}  // namespace rapport::testing
