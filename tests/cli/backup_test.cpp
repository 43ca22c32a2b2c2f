#include <gmock/gmock-matchers.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <iterator>

#include "tests/cli/program.hpp"

namespace rapport::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::TestWithParam;
using ::testing::ValuesIn;

constexpr auto kJsonl =
    "{\"lead_id\":\"+525512345678\",\"role\":\"lead\",\"content\":\"hola\"}\n"
    "{\"lead_id\":\"+525512345678\",\"role\":\"assistant\",\"content\":\"buenas\"}\n"
    "{\"lead_id\":\"+525599998888\",\"role\":\"lead\",\"content\":\"hi\"}\n";

class Backup : public TestWithParam<std::string> {
  protected:
    Backup() {
        for (Program* program : {&rapport, &other}) program->set("AUDIT_KEY", std::string(64, 'k'));
        rapport.write("c.jsonl", kJsonl);
        rapport.run({"import", "c.jsonl"});
        made = rapport.run({"--json", "backup", "b.backup"});
    }
    std::string file() const { return rapport.path("b.backup").string(); }
    std::string bytes() const {
        std::ifstream in(file(), std::ios::binary);
        return {std::istreambuf_iterator<char>(in), {}};
    }

    Program rapport{GetParam()};
    Program other{GetParam() == "sqlite" ? "mongodb" : "sqlite"};
    Outcome made{};
};
INSTANTIATE_TEST_SUITE_P(CommandLine, Backup, ValuesIn(engines()),
                         [](const auto& info) { return info.param; });

TEST_P(Backup, IsAFileThatOthersCannotRead) {
    ASSERT_EQ(made.exit_code, 0) << made.err;
    EXPECT_EQ(made.json().at("leads"), 2);
    EXPECT_EQ(made.json().at("messages"), 3);
    struct stat status{};
    ASSERT_EQ(::stat(file().c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0600U);
    EXPECT_FALSE(rapport.exists("b.backup.unfinished"));
    const Outcome nowhere = rapport.run({"backup", "nowhere/b.backup"});
    EXPECT_EQ(nowhere.exit_code, 3);
    EXPECT_THAT(nowhere.err, HasSubstr("nowhere/b.backup.unfinished: cannot be made"));
}

TEST_P(Backup, IsCheckedWithoutADatabase) {
    const Outcome whole = rapport.run_bare({"restore", "--check", "b.backup"});
    EXPECT_EQ(whole.exit_code, 0);
    EXPECT_THAT(whole.out, AllOf(HasSubstr("b.backup: whole; of 20"), HasSubstr("2 leads, 3")));
    const Outcome json = rapport.run_bare({"--json", "restore", "--check", "b.backup"});
    EXPECT_EQ(json.json().at("engine").as_string().c_str(), GetParam());
}

TEST_P(Backup, IsRestoredOnTheOtherEngine) {
    const Outcome done = other.run({"--json", "restore", file()});
    ASSERT_EQ(done.exit_code, 0) << done.err;
    EXPECT_EQ(done.json().at("messages"), 3);
    EXPECT_EQ(done.json().at("verified"), true);
    EXPECT_EQ(done.json().at("content"), made.json().at("content"));
    EXPECT_EQ(other.run({"--json", "history", kPhone}).json(),
              rapport.run({"--json", "history", kPhone}).json());
    EXPECT_THAT(other.run({"restore", file()}).out,
                HasSubstr("0 leads and 0 messages stored, 2 and 3 were there already"));
}

TEST_P(Backup, ThatIsAlteredLeavesTheDatabaseAsItIs) {
    std::string altered = bytes();
    altered[altered.size() / 2] ^= 1;
    other.write("altered.backup", altered);
    other.write("short.backup", bytes().substr(0, altered.size() / 2));
    for (const char* name : {"altered.backup", "short.backup"}) {
        const Outcome refused = other.run({"restore", name});
        EXPECT_EQ(refused.exit_code, 1);
        EXPECT_THAT(refused.err, AllOf(HasSubstr(name), HasSubstr("altered or cut short")));
    }
    // Not even made.
    if (GetParam() == "mongodb") {
        EXPECT_FALSE(std::filesystem::exists(other.database().url().location));
    }
    const Outcome missing = other.run({"restore", "missing.backup"});
    EXPECT_EQ(missing.exit_code, 2);
    EXPECT_THAT(missing.err, HasSubstr("missing.backup: cannot be opened: No such file"));
}

TEST_P(Backup, IsNotRestoredOverOtherLeads) {
    other.write("c.jsonl",
                "{\"lead_id\":\"+525500001111\",\"role\":\"lead\",\"content\":\"yo\"}\n");
    other.run({"import", "c.jsonl"});
    const Outcome refused = other.run({"restore", file()});
    EXPECT_EQ(refused.exit_code, 5);
    EXPECT_THAT(refused.err, AllOf(HasSubstr("holds 1 leads and 1 messages already"),
                                   HasSubstr("nothing was written")));
    EXPECT_EQ(other.run({"lead", "+525500001111"}).exit_code, 0);
    EXPECT_EQ(other.run({"lead", kPhone}).exit_code, 4);
}

TEST_P(Backup, LeavesOutWhoWasErasedSince) {
    ASSERT_EQ(rapport.run({"erase", kPhone, "--yes"}).exit_code, 0);
    const Outcome without = rapport.run({"restore", "b.backup"});
    EXPECT_EQ(without.exit_code, 1);
    EXPECT_THAT(without.err, AllOf(HasSubstr("…5678: erased on"), HasSubstr("--restore-erased"),
                                   Not(HasSubstr("5512345678"))));
    EXPECT_EQ(rapport.run({"lead", kPhone}).exit_code, 4);
    const Outcome with = rapport.run({"--json", "restore", "b.backup", "--restore-erased"});
    EXPECT_EQ(with.exit_code, 0) << with.err;
    EXPECT_EQ(with.json().at("restored"), 1);
    EXPECT_EQ(rapport.run({"lead", kPhone}).exit_code, 0);
}

TEST_P(Backup, ACopyNeedsTwoDatabases) {
    const std::string file = "sqlite:" + rapport.path("copy.db").string();
    const Outcome done = rapport.run_bare({"copy", "--from", "sqlite:missing.db", "--to", file});
    EXPECT_EQ(done.exit_code, 3);
    EXPECT_THAT(done.err, HasSubstr("missing.db: no database there"));
    EXPECT_FALSE(rapport.exists("copy.db"));
    const auto& url = rapport.database().url();
    const std::string own =
        rapport.database().is_sqlite() ? "sqlite:" + url.location : url.location;
    const Outcome same = rapport.run_bare({"copy", "--from", own, "--to", own});
    EXPECT_EQ(same.exit_code, 2);
    EXPECT_THAT(same.err, HasSubstr("the same database"));
    const Outcome copied = rapport.run_bare({"--json", "copy", "--from", own, "--to", file});
    EXPECT_EQ(copied.exit_code, 0) << copied.err;
    EXPECT_EQ(copied.json().at("content"), made.json().at("content"));
}

}  // namespace
}  // namespace rapport::testing
