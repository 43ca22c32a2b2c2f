// Ctrl-C in long commands: they end after the step they are at, and say what they did.
#include <fmt/format.h>
#include <gmock/gmock-matchers.h>
#include <gtest/gtest.h>

#include <csignal>

#include "tests/cli/program.hpp"

namespace rapport::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::TestWithParam;
using ::testing::ValuesIn;

class InterruptionTest : public TestWithParam<std::string> {
  protected:
    /// Fifty messages each of two leads.
    static std::string conversations() {
        constexpr int kMessages = 50;
        std::string lines;
        for (const char* lead : {kPhone, kOther}) {
            for (int i = 0; i < kMessages; ++i) {
                lines += fmt::format(
                    R"({{"lead_id":"{}","role":"lead","content":"message {}","timestamp":"2026-03-02T16:{:02}:00Z"}})"
                    "\n",
                    lead, i, i);
            }
        }
        return lines;
    }

    /// Runs it, and interrupts it when it comes by a place for the n-th time.
    Outcome interrupted(const std::string& place, std::vector<std::string> arguments) {
        rapport.set("RAPPORT_FAULT", place);
        rapport.set("RAPPORT_FAULT_SIGNAL", std::to_string(SIGINT));
        Outcome outcome = rapport.run(std::move(arguments));
        rapport.set("RAPPORT_FAULT", "nothing:1");
        return outcome;
    }

    std::size_t messages_of(const char* lead) {
        const Outcome history = rapport.run({"--json", "history", lead, "--limit", "1000"});
        if (history.exit_code != 0) return 0;
        return history.json().at("messages").as_array().size();
    }

    Program rapport{GetParam()};
};
INSTANTIATE_TEST_SUITE_P(CommandLine, InterruptionTest, ValuesIn(engines()),
                         [](const auto& info) { return info.param; });

TEST_P(InterruptionTest, AnImportKeepsWhatItStoredAndGoesOnWithTheRest) {
    rapport.write("all.jsonl", conversations());
    const Outcome first = interrupted("progress:2", {"import", "all.jsonl"});
    EXPECT_EQ(first.exit_code, kInterrupted);
    EXPECT_THAT(first.err, HasSubstr("stopped importing after 40 of 100: what was stored stays, "
                                     "and the same command goes on from there"));
    EXPECT_EQ(messages_of(kPhone) + messages_of(kOther), 40U);
    EXPECT_EQ(rapport.run({"import", "all.jsonl"}).exit_code, 0);
    EXPECT_EQ(messages_of(kPhone), 50U);
    EXPECT_EQ(messages_of(kOther), 50U);
}

TEST_P(InterruptionTest, AnExportLeavesNoFile) {
    rapport.write("all.jsonl", conversations());
    rapport.run({"import", "all.jsonl"});
    const Outcome stopped =
        interrupted("progress:1", {"export", kPhone, "--output", "person.json"});
    EXPECT_EQ(stopped.exit_code, kInterrupted);
    EXPECT_THAT(stopped.err, HasSubstr("of 50: person.json was not written"));
    EXPECT_FALSE(rapport.exists("person.json"));
    EXPECT_FALSE(rapport.exists("person.json.unfinished"));
}

TEST_P(InterruptionTest, AnImportOfAnExportGoesOn) {
    rapport.set("AUDIT_KEY", std::string(64, 'k'));
    rapport.write("all.jsonl", conversations());
    rapport.run({"import", "all.jsonl"});
    rapport.run({"export", kPhone, "--output", "person.json"});
    rapport.run({"erase", kPhone, "--yes"});
    const std::vector<std::string> restore = {"import", "person.json", "--restore-erased"};
    EXPECT_EQ(interrupted("progress:1", restore).exit_code, kInterrupted);
    const Outcome again = rapport.run(restore);
    EXPECT_EQ(again.exit_code, 0) << again.err;
    EXPECT_EQ(messages_of(kPhone), 50U);
}

TEST_P(InterruptionTest, WhatOnlyLooksSaysHowFarItCame) {
    rapport.write("all.jsonl", conversations());
    rapport.run({"import", "all.jsonl"});
    EXPECT_THAT(interrupted("progress:1", {"repair"}).err,
                HasSubstr("stopped repairing after 1 of 2: what was repaired stays"));
    EXPECT_THAT(interrupted("progress:1", {"doctor"}).err,
                HasSubstr("stopped looking at leads after"));
    EXPECT_THAT(interrupted("progress:1", {"migrate", "--plan"}).err,
                HasSubstr("stopped looking at numbers after 2 of 2: nothing was changed"));
    EXPECT_THAT(interrupted("progress:2", {"migrate"}).err,
                HasSubstr("stopped migrating messages after 1 of 100: what was migrated stays"));
}

TEST_P(InterruptionTest, AReplayEndsAfterTheAnswerItIsAt) {
    rapport.write("all.jsonl", conversations());
    const Outcome stopped = interrupted("agents.responded:3", {"--json", "replay", "all.jsonl"});
    EXPECT_EQ(stopped.exit_code, kInterrupted);
    EXPECT_THAT(stopped.err, HasSubstr("stopped replaying after 3 answers: they are stored"));
    EXPECT_EQ(messages_of(kPhone) + messages_of(kOther), 6U);
}

}  // namespace
}  // namespace rapport::testing
