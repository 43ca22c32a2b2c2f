#include <gmock/gmock-matchers.h>
#include <gtest/gtest.h>

#include <csignal>

#include "tests/cli/program.hpp"

namespace rapport::testing {
namespace {

using ::testing::HasSubstr;

constexpr int kStored = 300;

/// A file in which one lead of two, with many large messages, was erased.
class Compact : public ::testing::Test {
  protected:
    Compact() {
        rapport.set("AUDIT_KEY", std::string(64, 'k'));
        std::string lines;
        for (int i = 0; i < kStored; ++i) {
            const std::string text(4000, static_cast<char>('a' + i % 20));
            for (const char* lead : {kPhone, kOther}) {
                const bool is_short = lead == kOther;
                lines += R"({"lead_id":")" + std::string(lead) + R"(","role":"lead","content":")" +
                         (is_short ? "hi" : text) + R"(","external_id":")" + std::to_string(i) +
                         "\"}\n";
            }
        }
        rapport.write("all.jsonl", lines);
        EXPECT_EQ(rapport.run({"import", "all.jsonl"}).exit_code, 0);
        EXPECT_EQ(rapport.run({"erase", kPhone, "--yes"}).exit_code, 0);
    }
    std::uintmax_t bytes() const {
        return std::filesystem::file_size(rapport.database().url().location);
    }
    std::size_t stored() const {
        const Outcome history = rapport.run({"--json", "history", kOther, "--limit", "1000"});
        return history.json().at("messages").as_array().size();
    }

    Program rapport{"sqlite"};
};

TEST_F(Compact, GivesTheSpaceOfTheErasedBack) {
    const auto before = bytes();
    const Outcome done = rapport.run({"--json", "compact"});
    ASSERT_EQ(done.exit_code, 0) << done.err;
    EXPECT_LT(bytes(), before / 2);
    EXPECT_EQ(done.json().at("bytes_after"), bytes());
    EXPECT_EQ(stored(), kStored);
    const Outcome again = rapport.run({"compact"});
    EXPECT_EQ(again.exit_code, 0);
    EXPECT_THAT(again.out, HasSubstr(" MiB before\n"));
    EXPECT_EQ(rapport.run({"doctor"}).exit_code, 0);
}

TEST_F(Compact, StoppedOrKilledLeavesTheFileAsItWas) {
    const auto before = bytes();
    rapport.set("RAPPORT_FAULT", "compact.at_work:2");
    EXPECT_NE(rapport.run({"compact"}).exit_code, 0);
    EXPECT_EQ(bytes(), before);
    rapport.set("RAPPORT_FAULT_SIGNAL", std::to_string(SIGINT));
    const Outcome stopped = rapport.run({"compact"});
    EXPECT_EQ(stopped.exit_code, kInterrupted);
    EXPECT_THAT(stopped.err, HasSubstr("stopped compacting: the file is as it was"));
    EXPECT_EQ(bytes(), before);
    rapport.set("RAPPORT_FAULT", "nothing:1");
    EXPECT_EQ(stored(), kStored);
    EXPECT_EQ(rapport.run({"compact"}).exit_code, 0);
    EXPECT_LT(bytes(), before / 2);
}

TEST(CompactOnMongodb, SaysThatItIsNotNeeded) {
    const Program rapport("mongodb");
    const Outcome refused = rapport.run({"compact"});
    EXPECT_EQ(refused.exit_code, 2);
    EXPECT_THAT(refused.err, HasSubstr("MongoDB uses the space of what was removed again"));
}

TEST(CompactOfNothing, MakesNoFile) {
    const Program rapport("sqlite");
    EXPECT_EQ(rapport.run({"compact"}).exit_code, 3);
    EXPECT_FALSE(std::filesystem::exists(rapport.database().url().location));
}

}  // namespace
}  // namespace rapport::testing
