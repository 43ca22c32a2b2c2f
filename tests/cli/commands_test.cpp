#include <gmock/gmock-matchers.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "tests/cli/program.hpp"

namespace rapport::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::TestWithParam;
using ::testing::ValuesIn;

class Commands : public TestWithParam<std::string> {
  protected:
    Program rapport{GetParam()};
};
INSTANTIATE_TEST_SUITE_P(CommandLine, Commands, ValuesIn(engines()),
                         [](const auto& info) { return info.param; });

TEST_P(Commands, CreateShowAndMoveALead) {
    const Outcome made =
        rapport.run({"--json", "lead", "create", "55 1234 5678", "--name", "Ana Ruiz"});
    ASSERT_EQ(made.exit_code, 0) << made.err;
    EXPECT_EQ(made.json().at("lead_id"), "+525512345678");
    EXPECT_EQ(rapport.run({"lead", "create", "+52 1 55 1234 5678"}).exit_code, 5);
    EXPECT_EQ(rapport.run({"lead", "stage", "5512345678", "qualified"}).exit_code, 0);
    EXPECT_EQ(rapport.run({"lead", "followup", "5512345678", "2026-12-01"}).exit_code, 0);
    const auto lead = rapport.run({"--json", "lead", "5512345678"}).json();
    EXPECT_EQ(lead.at("current_stage"), "2 - qualified");
    EXPECT_EQ(lead.at("next_followup_at"), "2026-12-01T00:00:00.000Z");
    rapport.run({"lead", "followup", "5512345678", "--clear"});
    const auto cleared = rapport.run({"--json", "lead", "5512345678"}).json();
    EXPECT_FALSE(cleared.as_object().contains("next_followup_at"));
}

TEST_P(Commands, AHandoffGoesItsWay) {
    rapport.run({"lead", "create", "5512345678"});
    const auto status = [&](std::vector<std::string> arguments) {
        arguments.insert(arguments.begin(), {"--json", "handoff"});
        const Outcome outcome = rapport.run(arguments);
        return outcome.exit_code == 0 ? std::string(outcome.json().at("handoff_status").as_string())
                                      : "exit " + std::to_string(outcome.exit_code);
    };
    EXPECT_EQ(status({"request", "5512345678", "--reason", "discount"}), "requested");
    EXPECT_EQ(status({"request", "5512345678"}), "exit 2");
    EXPECT_EQ(status({"assign", "5512345678", "--to", "Luis"}), "assigned");
    EXPECT_EQ(status({"resolve", "5512345678"}), "resolved");
    EXPECT_EQ(status({"resolve", "5512345678"}), "exit 2");
}

TEST_P(Commands, LeadsComeInPagesThatJoin) {
    for (int i = 0; i < 5; ++i) {
        rapport.run({"lead", "create", "551234567" + std::to_string(i)});
    }
    std::vector<std::string> seen;
    std::string cursor;
    do {
        std::vector<std::string> arguments{"--json", "leads", "--limit", "2"};
        if (!cursor.empty()) arguments.insert(arguments.end(), {"--after", cursor});
        const auto page = rapport.run(arguments).json();
        for (const auto& lead : page.at("leads").as_array()) {
            seen.emplace_back(lead.at("lead_id").as_string());
        }
        const auto* next = page.at("next").if_string();
        cursor = next == nullptr ? "" : std::string(*next);
    } while (!cursor.empty());
    std::ranges::sort(seen);
    EXPECT_EQ(seen.size(), 5);
    EXPECT_EQ(std::ranges::adjacent_find(seen), seen.end());
}

TEST_P(Commands, ThePipelineCountsEveryStage) {
    rapport.run({"lead", "create", "5512345678"});
    rapport.run({"lead", "stage", "5512345678", "discovery"});
    const auto pipeline = rapport.run({"--json", "pipeline"}).json();
    EXPECT_EQ(pipeline.at("stages").as_object().size(), 7);
    EXPECT_EQ(pipeline.at("stages").at("1 - discovery"), 1);
    EXPECT_EQ(pipeline.at("total"), 1);
}

TEST_P(Commands, WhatIsNotThereIsSaidWithAnExitCodeOfItsOwn) {
    rapport.run({"lead", "create", "5512345678"});
    const Outcome nobody = rapport.run({"lead", "5599998888"});
    EXPECT_EQ(nobody.exit_code, 4);
    EXPECT_THAT(nobody.err, AllOf(HasSubstr("…8888"), Not(HasSubstr("99998888"))));
    EXPECT_EQ(rapport.run({"stats", "5599998888"}).exit_code, 4);
    EXPECT_EQ(rapport.run({"history", "5599998888"}).exit_code, 4);
    const Outcome history = rapport.run({"--json", "history", "5599998888"});
    EXPECT_EQ(history.exit_code, 4);
    EXPECT_EQ(history.out, "");
    EXPECT_EQ(rapport.run({"history", "5599998888", "--before", "2026-11-01"}).exit_code, 4);
    EXPECT_EQ(rapport.run({"--json", "history", "5512345678"}).exit_code, 0);
}

TEST_P(Commands, WhatALeadsVerbHasNoPlaceForIsRefused) {
    rapport.run({"lead", "create", "5512345678"});
    using Arguments = std::vector<std::string>;
    for (const auto& [arguments, extra] : std::vector<std::pair<Arguments, std::string>>{
             {{"lead", "followup", "5512345678", "2026-12-01", "10:00"}, "10:00"},
             {{"lead", "create", "5511110000", "Ana"}, "Ana"},
             {{"lead", "5555550147", "stage", "5512345678", "closed_won"}, "5555550147"},
             {{"lead", "stage", "5512345678", "qualified", "B"}, "B"}}) {
        const Outcome outcome = rapport.run(arguments);
        EXPECT_EQ(outcome.exit_code, 2) << extra;
        EXPECT_THAT(outcome.err, HasSubstr("not expected: " + extra));
    }
    EXPECT_EQ(rapport.run({"lead", "5511110000"}).exit_code, 4);
    const auto lead = rapport.run({"lead", "5512345678", "--json"}).json();
    EXPECT_EQ(lead.at("current_stage"), "0 - initial_contact");
    EXPECT_FALSE(lead.as_object().contains("next_followup_at"));
    const Outcome moved = rapport.run({"lead", "stage", "5512345678", "qualified", "--json"});
    EXPECT_EQ(moved.json().at("current_stage"), "2 - qualified") << moved.err;
}

TEST_P(Commands, RepairLooksAtEveryLeadAndMayRunAgain) {
    rapport.run({"lead", "create", "5512345678"});
    rapport.run({"lead", "create", "5512345679"});
    for (int i = 0; i < 2; ++i) {
        const auto report = rapport.run({"--json", "repair"}).json();
        EXPECT_EQ(report.at("leads"), 2);
        EXPECT_EQ(report.at("messages"), 0);
        EXPECT_EQ(report.at("unreadable"), 0);
        EXPECT_EQ(report.at("erased"), 0);
    }
}

TEST_P(Commands, ErrorsAreJsonWhereJsonWasAskedFor) {
    const Outcome outcome = rapport.run({"--json", "lead", "create", "12"});
    EXPECT_EQ(outcome.exit_code, 2);
    const Outcome error{0, outcome.err, ""};
    EXPECT_EQ(error.json().at("error").at("code"), "InvalidArgument");
}

TEST_P(Commands, TablesFitTheTerminalAndArePlainWhereThereIsNone) {
    rapport.run({"lead", "create", "5512345678", "--name", std::string(90, 'x')});
    for (const std::size_t width : {40U, 80U, 200U}) {
        rapport.set("COLUMNS", std::to_string(width));
        const Outcome outcome = rapport.run({"leads"});
        std::istringstream lines(outcome.out);
        for (std::string line; std::getline(lines, line);) {
            const auto columns = std::ranges::count_if(
                line, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; });
            EXPECT_LE(columns, static_cast<std::ptrdiff_t>(width)) << line;
        }
        EXPECT_THAT(outcome.out, Not(HasSubstr("\x1b[")));
        EXPECT_THAT(outcome.out, HasSubstr("+525512345678")) << "what names a row stays whole";
    }
}

TEST_P(Commands, TablesAreWholeWhereThereIsNoTerminal) {
    const std::string name(90, 'x');
    rapport.run({"lead", "create", "5512345678", "--name", name});
    rapport.run({"lead", "followup", "5512345678", "2026-12-01T09:30:00Z"});
    EXPECT_THAT(rapport.run({"leads"}).out,
                AllOf(HasSubstr(name + "  "), HasSubstr("  2026-12-01 09:30\n")));
}

class ProgramSettings : public ::testing::Test {
  protected:
    Program rapport{"sqlite"};
};

TEST_F(ProgramSettings, ConfigMasksSecretsAndSaysWhereAValueComesFrom) {
    rapport.set("MONGODB_URI", "mongodb://ana:s3cret@db.example:27017/?tls=true");
    rapport.write(".env", "DEFAULT_REGION=BR\n");
    const Outcome outcome = rapport.run_bare({"config"});
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    EXPECT_THAT(outcome.out, AllOf(HasSubstr("db.example"), HasSubstr("environment"),
                                   HasSubstr(".env"), HasSubstr("default")));
    EXPECT_THAT(outcome.out, AllOf(Not(HasSubstr("s3cret")), Not(HasSubstr("ana"))));
}

TEST_F(ProgramSettings, ABadValueNamesTheVariableTheValueAndWhatIsAllowed) {
    rapport.set("MONGODB_MAX_POOL_SIZE", "many");
    const Outcome outcome = rapport.run({"pipeline"});
    EXPECT_EQ(outcome.exit_code, 2);
    EXPECT_THAT(outcome.err, AllOf(HasSubstr("MONGODB_MAX_POOL_SIZE"), HasSubstr("many"),
                                   HasSubstr("1 to 1000")));
}

TEST_F(ProgramSettings, ReadersDoNotMakeADatabase) {
    const Outcome outcome = rapport.run_bare({"leads"});
    EXPECT_EQ(outcome.exit_code, 3);
    EXPECT_THAT(outcome.err, HasSubstr("rapport import"));
    EXPECT_FALSE(rapport.exists("rapport.db"));
}

TEST_F(ProgramSettings, NoServerIsSaidInTimeWithoutThePassword) {
    rapport.set("MONGODB_SERVER_SELECTION_TIMEOUT_MS", "200");
    const Outcome outcome =
        rapport.run_bare({"--db", "mongodb://ana:s3cret@127.0.0.1:1/", "leads"});
    EXPECT_EQ(outcome.exit_code, 3);
    EXPECT_THAT(outcome.err, AllOf(HasSubstr("127.0.0.1:1"), Not(HasSubstr("s3cret"))));
}

TEST_F(ProgramSettings, EveryCommandShowsExamples) {
    for (const std::string command : {"import", "leads", "lead", "handoff", "history", "stats",
                                      "pipeline", "repair", "config"}) {
        const Outcome help = rapport.run_bare({command, "--help"});
        EXPECT_EQ(help.exit_code, 0);
        EXPECT_THAT(help.out,
                    AllOf(HasSubstr("Example"), HasSubstr("rapport "), HasSubstr(command)));
    }
    EXPECT_THAT(rapport.run_bare({"--help"}).out, HasSubstr("Exit codes"));
    EXPECT_THAT(rapport.run_bare({"--version"}).out, HasSubstr("rapport 0."));
}

TEST_F(ProgramSettings, AnEmptyValueOfAnOptionIsRefused) {
    rapport.run_bare({"lead", "create", "5512345678"});  // in the database that --db "" would mean
    for (const std::vector<std::string>& arguments :
         std::vector<std::vector<std::string>>{{"--db", "", "leads"},
                                               {"leads", "--stage", ""},
                                               {"leads", "--after", ""},
                                               {"history", "5512345678", "--before", ""}}) {
        const Outcome outcome = rapport.run_bare(arguments);
        EXPECT_EQ(outcome.exit_code, 2) << outcome.out;
        EXPECT_THAT(outcome.err, AllOf(HasSubstr("is empty"), HasSubstr("--")));
    }
}

TEST_F(ProgramSettings, ACommandThatThereIsNotIsNamed) {
    const Outcome command = rapport.run_bare({"leds", "--stale", "3"});
    EXPECT_EQ(command.exit_code, 2);
    EXPECT_THAT(command.err, AllOf(HasSubstr("no command `leds`"), HasSubstr("rapport --help")));
    const Outcome verb = rapport.run_bare({"handoff", "asign", "5512345678"});
    EXPECT_EQ(verb.exit_code, 2);
    EXPECT_THAT(verb.err,
                AllOf(HasSubstr("no command `asign`"), HasSubstr("rapport handoff --help")));
    EXPECT_THAT(rapport.run_bare({"--jsn"}).err, HasSubstr("no option `--jsn`"));
}

TEST_F(ProgramSettings, WrongUsageExitsWithTwo) {
    EXPECT_EQ(rapport.run_bare({}).exit_code, 2);
    EXPECT_EQ(rapport.run_bare({"nonsense"}).exit_code, 2);
    EXPECT_EQ(rapport.run_bare({"--db", "postgres://x", "leads"}).exit_code, 2);
    EXPECT_EQ(rapport.run_bare({"leads", "--stage", "1", "--stale", "3"}).exit_code, 2);
}

}  // namespace
}  // namespace rapport::testing
