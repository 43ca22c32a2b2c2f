// Imports that meet others, or are killed: each message is stored once, in its place.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <future>
#include <set>

#include "tests/cli/program.hpp"

namespace rapport::testing {
namespace {

class ImportTurns : public ::testing::TestWithParam<std::string> {
  protected:
    /// A conversation that has a message in each of the minutes `from` to `to` of a day.
    static std::string chat(int from, int to) {
        constexpr int kHour = 60;
        std::string text;
        for (int minute = from; minute <= to; ++minute) {
            text += fmt::format("25/12/23, {:02}:{:02} - {}: said at {}\n", minute / kHour,
                                minute % kHour, kPhone, minute);
        }
        return text;
    }
    Outcome import(const std::string& file) {
        return rapport.run({"--json", "import", file, "--timezone", "UTC"});
    }
    static std::int64_t added(const Outcome& outcome) {
        return outcome.json().at("added").to_number<std::int64_t>();
    }
    boost::json::value lead() { return rapport.run({"--json", "lead", kPhone}).json(); }
    std::string window() {
        const auto history = lead().at("recent_history").as_array();
        return fmt::format("{} to {}", history.front().at("content").as_string().c_str(),
                           history.back().at("content").as_string().c_str());
    }

    /// Expects so many different messages, numbered without a gap.
    void expect_messages(std::int64_t count) {
        const auto history = rapport.run({"--json", "history", kPhone, "--limit", "1000"}).json();
        std::set<std::string> texts;
        std::set<std::int64_t> seqs;
        for (const auto& message : history.at("messages").as_array()) {
            texts.insert(message.at("content").as_string().c_str());
            seqs.insert(message.at("seq").to_number<std::int64_t>());
        }
        EXPECT_EQ(history.at("messages").as_array().size(), static_cast<std::size_t>(count));
        EXPECT_EQ(std::ssize(texts), count);
        EXPECT_EQ(std::ssize(seqs), count);
        EXPECT_EQ(*seqs.rbegin(), count);
        EXPECT_EQ(lead().at("message_count"), count);
    }

    Program rapport{GetParam()};
};
INSTANTIATE_TEST_SUITE_P(CommandLine, ImportTurns, ::testing::ValuesIn(engines()),
                         [](const auto& info) { return info.param; });

TEST_P(ImportTurns, OfAnAnswerEndTheFollowup) {
    import(rapport.write("chat.txt", chat(1, 2)));
    const auto due = [&] { return rapport.run({"--json", "leads", "--due", "2030-01-01"}).out; };
    rapport.run({"lead", "followup", kPhone, "2026-01-01"});
    import(rapport.write("chat.txt", chat(1, 2)));
    EXPECT_NE(due().find(kPhone), std::string::npos) << "nothing new was said";
    import(rapport.write("chat.txt", chat(1, 3)));
    EXPECT_EQ(due().find(kPhone), std::string::npos);
}

TEST_P(ImportTurns, HoldTwentyMessages) {
    import(rapport.write("chat.txt", chat(1, 45)));
    expect_messages(45);
    EXPECT_EQ(window(), "said at 26 to said at 45");
    std::vector<std::int64_t> sizes;
    const auto stored = lead();
    for (const auto& turn : stored.at("recent_turns").as_array()) {
        sizes.push_back(turn.at("k").to_number<std::int64_t>());
    }
    EXPECT_EQ(sizes, (std::vector<std::int64_t>{20, 20, 5}));
}

TEST_P(ImportTurns, ThatBringNothingNewOrNothingOlderChangeNothingElse) {
    const auto file = rapport.write("chat.txt", chat(1, 45));
    import(file);
    const auto before = lead();
    EXPECT_EQ(added(import(file)), 0);
    EXPECT_EQ(lead(), before);
    EXPECT_EQ(added(import(rapport.write("longer.txt", chat(1, 50)))), 5);
    EXPECT_EQ(lead().at("version"), before.at("version").to_number<std::int64_t>() + 1);
    EXPECT_EQ(window(), "said at 31 to said at 50");
}

TEST_P(ImportTurns, OfFourProcessesAtOnceStoreEachMessageOnce) {
    const auto file = rapport.write("chat.txt", chat(1, 300));
    std::vector<std::future<Outcome>> runs;
    for (int i = 0; i < 4; ++i) {
        runs.push_back(std::async(std::launch::async, [&] { return import(file); }));
    }
    std::int64_t all = 0;
    for (auto& run : runs) {
        const Outcome outcome = run.get();
        EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
        if (outcome.exit_code == 0) all += added(outcome);
    }
    EXPECT_EQ(all, 300);
    expect_messages(300);
    EXPECT_EQ(window(), "said at 281 to said at 300");
}

TEST_P(ImportTurns, ThatAreKilledAnywhereAreFinishedByTheNext) {
    const bool sqlite = GetParam() == "sqlite";
    const std::vector<std::string> faults =
        sqlite ? std::vector<std::string>{"sqlite.before_change:2",  "sqlite.after_change:2",
                                          "sqlite.after_messages:2", "sqlite.after_commit:4",
                                          "turn.looked_up:3",        "history.before_rebuild:1"}
               : std::vector<std::string>{"commit.before_send:2",   "commit.answered:2",
                                          "messages.before_send:2", "messages.answered:2",
                                          "turn.looked_up:3",       "history.before_rebuild:1"};
    constexpr int kEach = 60;
    import(rapport.write("latest.txt", chat(1401, 1420)));
    int minutes = 0;
    for (const std::string& fault : faults) {
        SCOPED_TRACE(fault);
        const auto file = rapport.write("chat.txt", chat(minutes + 1, minutes + kEach));
        minutes += kEach;
        rapport.set("RAPPORT_FAULT", fault);
        EXPECT_EQ(import(file).exit_code, -1) << "it never came by";
        rapport.set("RAPPORT_FAULT", "none:1");
        EXPECT_EQ(import(file).exit_code, 0);
        expect_messages(20 + minutes);
        EXPECT_EQ(window(), "said at 1401 to said at 1420");
    }
}

}  // namespace
}  // namespace rapport::testing
