#include <gmock/gmock-matchers.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <boost/json/parse.hpp>

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

constexpr auto kShortChat =
    "24/12/23, 9:05 PM - +52 1 55 1234 5678: Hola\n"
    "24/12/23, 9:06 PM - Luis: Buenas noches\n";
constexpr auto kTwoLeads =
    "{\"lead_id\":\"+525512345678\",\"role\":\"lead\",\"content\":\"hola\"}\n"
    "{\"lead_id\":\"+525599998888\",\"role\":\"lead\",\"content\":\"hi\"}\n";

class Privacy : public TestWithParam<std::string> {
  protected:
    Privacy() {
        rapport.set("AUDIT_KEY", std::string(64, 'k'));
        rapport.write("chat.txt", kShortChat);
        rapport.run({"import", "chat.txt", "--timezone", "UTC"});
    }
    std::string text_of(const std::string& name) const {
        std::ifstream in(rapport.path(name), std::ios::binary);
        return {std::istreambuf_iterator<char>(in), {}};
    }
    boost::json::array history() const {
        return rapport.run({"--json", "history", kPhone}).json().at("messages").as_array();
    }

    Program rapport{GetParam()};
};
INSTANTIATE_TEST_SUITE_P(CommandLine, Privacy, ValuesIn(engines()),
                         [](const auto& info) { return info.param; });

TEST_P(Privacy, AnExportGoesToStdoutOrIntoAFileThatOthersCannotRead) {
    const Outcome out = rapport.run({"export", "55 1234 5678"});
    ASSERT_EQ(out.exit_code, 0) << out.err;
    EXPECT_EQ(out.json().at("messages").as_array().size(), 2U);
    EXPECT_EQ(out.json().at("lead").at("lead_id"), kPhone);
    const Outcome file = rapport.run({"--json", "export", kPhone, "--output", "person.json"});
    EXPECT_EQ(file.exit_code, 0) << file.err;
    EXPECT_EQ(file.json().at("file"), "person.json");
    EXPECT_EQ(file.json().at("bytes"), text_of("person.json").size());
    EXPECT_EQ(file.json().at("messages"), 2);
    EXPECT_FALSE(rapport.exists("person.json.unfinished"));
    struct stat status{};
    ASSERT_EQ(::stat(rapport.path("person.json").c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0600U);
    EXPECT_EQ(boost::json::parse(text_of("person.json")).at("counts").at("messages"), 2);
}

TEST_P(Privacy, AnExportThatCannotBeWrittenLeavesNothing) {
    const Outcome folder = rapport.run({"export", kPhone, "--output", "nowhere/person.json"});
    EXPECT_EQ(folder.exit_code, 3);
    EXPECT_THAT(folder.err, AllOf(HasSubstr("nowhere/person.json.unfinished: cannot be made"),
                                  Not(HasSubstr("5512345678"))));
    const Outcome nobody = rapport.run({"export", "+525500001111", "--output", "person.json"});
    EXPECT_EQ(nobody.exit_code, 4);
    EXPECT_THAT(nobody.err, AllOf(HasSubstr("…1111: nothing is held"), Not(HasSubstr("0000111"))));
    EXPECT_FALSE(rapport.exists("person.json"));
}

TEST_P(Privacy, AnExportTakesThePlaceOfNoDatabase) {
    rapport.run_bare({"--db", "sqlite:mine.db", "lead", "create", kOther});
    const Outcome mine =
        rapport.run_bare({"--db", "sqlite:mine.db", "export", kOther, "--output", "mine.db"});
    EXPECT_EQ(mine.exit_code, 2);
    EXPECT_THAT(mine.err, HasSubstr("mine.db: a database, which would be lost"));
    EXPECT_EQ(rapport.run_bare({"--db", "sqlite:mine.db", "lead", kOther}).exit_code, 0);
    const Outcome log = rapport.run_bare({"--db", "sqlite:mine.db", "backup", "mine.db-wal"});
    EXPECT_EQ(log.exit_code, 2);
    EXPECT_THAT(log.err, HasSubstr("mine.db-wal: a part of the database beside it, which would"));
    ASSERT_EQ(::mkfifo(rapport.path("pipe").c_str(), 0600), 0);
    const Outcome pipe = rapport.run({"export", kPhone, "--output", "pipe"});
    EXPECT_EQ(pipe.exit_code, 2);
    EXPECT_THAT(pipe.err, HasSubstr("pipe: no file, but a folder, a device or a pipe"));
    EXPECT_TRUE(std::filesystem::is_fifo(rapport.path("pipe")));
}

TEST_P(Privacy, AnErasureIsShownFirstAndDoneWithYes) {
    const Outcome shown = rapport.run({"erase", kPhone});
    EXPECT_EQ(shown.exit_code, 2);
    EXPECT_THAT(shown.out, AllOf(HasSubstr("…5678: 1 lead, 2 messages, 0 signals would be removed"),
                                 HasSubstr("--yes"), Not(HasSubstr("55123"))));
    EXPECT_EQ(history().size(), 2U);
    const Outcome done = rapport.run({"--json", "erase", kPhone, "--yes", "--by", "Ana"});
    ASSERT_EQ(done.exit_code, 0) << done.err;
    EXPECT_EQ(done.json().at("erased"), true);
    EXPECT_EQ(done.json().at("messages"), 2);
    EXPECT_THAT(done.out + done.err, Not(HasSubstr("55123")));
    EXPECT_EQ(rapport.run({"lead", kPhone}).exit_code, 4);
    EXPECT_EQ(rapport.run({"erase", kPhone, "--yes"}).exit_code, 4);
}

TEST_P(Privacy, AnErasureThatIsKilledIsFinishedByTheNextOneOrByRepair) {
    for (const char* place : {"erase.recorded:1", "erase.removed:1"}) {
        for (const bool repaired : {false, true}) {
            SCOPED_TRACE(place);
            rapport.run({"import", "chat.txt", "--timezone", "UTC", "--restore-erased"});
            rapport.set("RAPPORT_FAULT", place);
            EXPECT_NE(rapport.run({"erase", kPhone, "--yes", "--by", "Ana"}).exit_code, 0);
            rapport.set("RAPPORT_FAULT", "nothing:1");
            if (repaired) EXPECT_EQ(rapport.run({"repair"}).exit_code, 0);
            const Outcome done = rapport.run({"--json", "erase", kPhone, "--yes", "--by", "Luis"});
            ASSERT_EQ(done.exit_code, 0) << done.err;
            EXPECT_EQ(done.json().at("messages"), 2) << "what the entry of the audit says";
            EXPECT_EQ(rapport.run({"lead", kPhone}).exit_code, 4);
            EXPECT_EQ(rapport.run({"erase", kPhone, "--yes"}).exit_code, 4);
        }
    }
}

TEST_P(Privacy, NobodyIsErasedWithoutAKey) {
    rapport.set("AUDIT_KEY", "");
    EXPECT_EQ(rapport.run({"erase", kPhone}).exit_code, 2) << "looking needs none";
    const Outcome refused = rapport.run({"erase", kPhone, "--yes"});
    EXPECT_EQ(refused.exit_code, 2);
    EXPECT_THAT(refused.err, HasSubstr("openssl rand -hex 32"));
    EXPECT_EQ(history().size(), 2U);
}

TEST_P(Privacy, WhatIsExportedAndErasedComesBackOnlyWhenToldSo) {
    rapport.run({"export", kPhone, "--output", "person.json"});
    const auto before = history();
    rapport.run({"erase", kPhone, "--yes"});
    const Outcome refused = rapport.run({"--json", "import", "person.json"});
    EXPECT_EQ(refused.exit_code, 1);
    EXPECT_THAT(refused.err, AllOf(HasSubstr("person.json: lead …5678: erased on"),
                                   HasSubstr("--restore-erased"), Not(HasSubstr("55123"))));
    EXPECT_EQ(refused.json().at("messages"), 0);
    EXPECT_EQ(rapport.run({"lead", kPhone}).exit_code, 4);
    const Outcome restored = rapport.run({"--json", "import", "person.json", "--restore-erased"});
    ASSERT_EQ(restored.exit_code, 0) << restored.err;
    EXPECT_EQ(restored.json().at("added"), 2);
    const auto after = history();
    ASSERT_EQ(after.size(), 2U);
    for (std::size_t i = 0; i < after.size(); ++i) {
        EXPECT_EQ(after[i].at("_id"), before[i].at("_id"));
        EXPECT_EQ(after[i].at("seq"), before[i].at("seq"));
    }
    EXPECT_EQ(rapport.run({"--json", "import", "person.json"}).json().at("added"), 0);
}

TEST_P(Privacy, AChatOfSomebodyErasedIsRefusedAndTheOthersOfItsFileAreStored) {
    rapport.run({"erase", kPhone, "--yes"});
    EXPECT_EQ(rapport.run({"import", "chat.txt", "--timezone", "UTC"}).exit_code, 1);
    rapport.write("two.jsonl", kTwoLeads);
    const Outcome both = rapport.run({"--json", "import", "two.jsonl"});
    EXPECT_EQ(both.exit_code, 1);
    EXPECT_EQ(both.json().at("added"), 1);
    EXPECT_EQ(rapport.run({"lead", kPhone}).exit_code, 4);
    EXPECT_EQ(rapport.run({"lead", "+525599998888"}).exit_code, 0);
    EXPECT_EQ(rapport.run({"import", "two.jsonl", "--restore-erased"}).exit_code, 0);
    EXPECT_EQ(rapport.run({"lead", kPhone}).exit_code, 0);
}

TEST_P(Privacy, SomebodyErasedWhoWritesAgainIsNew) {
    rapport.run({"erase", kPhone, "--yes"});
    rapport.type("hola de nuevo\n");
    ASSERT_EQ(rapport.run({"chat", kPhone}).exit_code, 0);
    EXPECT_EQ(history().at(0).at("content"), "hola de nuevo");
}

TEST_P(Privacy, AnExportThatIsNotWholeIsRefusedBeforeAnythingIsStored) {
    const std::string text = rapport.run({"export", kPhone}).out;
    rapport.run({"erase", kPhone, "--yes"});
    const std::vector<std::pair<std::string, std::string>> broken = {
        {text.substr(0, text.size() / 2), "not JSON"},
        {text + "x", "not JSON"},
        {std::string(text).replace(text.find("Buenas noches"), 13, "Buenas \xFF"), "not"},
        {std::string(text).replace(text.find("_version\":1"), 11, "_version\":9"), "version"},
        {std::string(text).replace(text.find("{\"messages\":2"), 13, "{\"messages\":3"), "as many"},
        {std::string(text).replace(text.find("\"role\":\"human\""), 14, "\"role\":\"enemy\""),
         "role"},
    };
    for (const auto& [content, reason] : broken) {
        rapport.write("broken.json", content);
        const Outcome refused = rapport.run({"import", "broken.json", "--restore-erased"});
        EXPECT_EQ(refused.exit_code, 1) << reason;
        EXPECT_THAT(refused.err,
                    AllOf(HasSubstr("broken.json: "), HasSubstr(reason), Not(HasSubstr("Buenas"))));
        EXPECT_EQ(rapport.run({"lead", kPhone}).exit_code, 4);
    }
}

/// Its last message, so that the others would be stored before it is seen.
TEST_P(Privacy, AnExportWithAMessageOfAnotherLeadIsRefusedBeforeAnythingIsStored) {
    std::string text = rapport.run({"export", kPhone}).out;
    rapport.run({"erase", kPhone, "--yes"});
    const std::string own = "\"lead_id\":\"" + std::string(kPhone);
    const std::size_t last = text.rfind(own);
    ASSERT_GT(last, text.find("Buenas noches"));
    rapport.write("foreign.json", std::string(text).replace(last + own.size() - 1, 1, "9"));
    rapport.write("nobody.json", std::string(text).replace(last + own.size() - 10, 10, "nobody"));
    rapport.write("two.jsonl", kTwoLeads);
    for (const char* file : {"foreign.json", "nobody.json"}) {
        const Outcome refused =
            rapport.run({"--json", "import", file, "two.jsonl", "--restore-erased"});
        EXPECT_EQ(refused.exit_code, 1);
        EXPECT_EQ(refused.json().at("errors").as_array().size(), 1U);
        EXPECT_THAT(refused.err,
                    AllOf(HasSubstr(std::string(file) + ": message 2: "), Not(HasSubstr("55123"))));
        EXPECT_EQ(rapport.run({"lead", "+525599998888"}).exit_code, 0)
            << "the other file is stored";
        EXPECT_EQ(history().size(), 1U);
    }
    rapport.run({"erase", kPhone, "--yes"});
    EXPECT_EQ(rapport.run({"import", "foreign.json", "--restore-erased"}).exit_code, 1);
    EXPECT_EQ(rapport.run({"lead", kPhone}).exit_code, 4);
}

}  // namespace
}  // namespace rapport::testing
