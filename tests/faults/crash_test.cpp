// What a crash leaves: processes that write turns are killed, started again, and deliver again what
// nobody had acknowledged. Nothing may be lost, doubled or out of order.
#include "tests/faults/crash_test.hpp"

#include <algorithm>

namespace rapport::testing {
namespace {

using std::chrono::milliseconds;

class Crash : public CrashTest {
  protected:
    const std::vector<std::string>& fault_points() const {
        static const std::vector<std::string> mongodb{
            "turn.begun",           "turn.looked_up",    "commit.before_send", "commit.answered",
            "messages.before_send", "messages.answered", "settling.checked",   "settling.stored"};
        static const std::vector<std::string> sqlite{
            "turn.begun",           "turn.looked_up",       "settling.checked",
            "sqlite.before_change", "sqlite.after_change",  "sqlite.after_messages",
            "sqlite.in_batch",      "sqlite.before_commit", "sqlite.after_commit"};
        return database_.is_sqlite() ? sqlite : mongodb;
    }
};

TEST_P(Crash, AtEveryFaultPointLosesNothingAndDoublesNothing) {
    int number = 0;
    std::vector<std::unique_ptr<WriterProcess>> processes;
    for (const std::string& point : fault_points()) {
        processes.push_back(writer({.turns = 10}, number++));
        WriterProcess& process = *processes.back();
        if (point.starts_with("settling.")) {
            // Something to settle comes first.
            process.start(database_.is_sqlite() ? "turn.looked_up:9" : "messages.before_send:2");
            ASSERT_TRUE(process.wait());
        }
        const auto times = point.starts_with("settling.") ? 1 : 1 + random_() % 5;
        SCOPED_TRACE(point + ":" + std::to_string(times));
        process.start(point + ":" + std::to_string(times));
        ASSERT_TRUE(process.wait()) << "it never came by";
        const auto known = process.acknowledged();
        finish(process);
        EXPECT_EQ(process.acknowledged().size(), process.planned().size());
        ASSERT_EQ(fault_in(together(processes)), "");
        EXPECT_LT(known.size(), process.planned().size()) << "it was killed too late";
    }
}

TEST_P(Crash, AtAnyMomentLosesNothingAndDoublesNothing) {
    const auto process = writer({.turns = 100 * soak_scale()});
    const int most = 8 * soak_scale();
    int kills = 0;
    while (kills < most) {
        process->start();
        if (process->has_ended_within(milliseconds(20 + random_() % 100))) break;
        process->kill();
        ASSERT_TRUE(process->wait());
        ++kills;
    }
    EXPECT_GT(kills, 0) << "it was done too soon";
    RecordProperty("kills", kills);
    finish(*process);
    EXPECT_EQ(fault_in(process->planned()), "");
}

/// Channels deliver again what takes too long: the same messages, in two processes at once.
TEST_P(Crash, RedeliveryWhileTheFirstIsInFlightStoresOnce) {
    const auto first = writer({.turns = 20 * soak_scale()});
    WriterPlan same{.turns = 20 * soak_scale(), .seed = soak_seed()};
    WriterProcess second(database_, same, 0, folder_.path() / "second");
    first->start();
    second.start();
    ASSERT_FALSE(second.has_ended_within(milliseconds(random_() % 100)));
    second.kill();
    ASSERT_TRUE(second.wait());
    finish(second);
    wait_for_all_of(*first);
    EXPECT_EQ(fault_in(first->planned()), "");
}

/// Without any crash: writers of four processes meet at the same leads.
TEST_P(Crash, ManyProcessesLoseNoUpdate) {
    std::vector<std::unique_ptr<WriterProcess>> processes;
    for (int number = 0; number < 4; ++number) {
        processes.push_back(writer(
            {.leads = std::min(20 * soak_scale(), 200), .writers = 16, .turns = 4 * soak_scale()},
            number));
    }
    for (const auto& process : processes) process->start();
    for (const auto& process : processes) wait_for_all_of(*process);
    EXPECT_EQ(fault_in(together(processes)), "");
}

INSTANTIATE_TEST_SUITE_P(LeadRepository, Crash, ::testing::ValuesIn(engines()),
                         [](const auto& engine) { return engine.param; });

}  // namespace
}  // namespace rapport::testing
