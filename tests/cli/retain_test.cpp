#include <gmock/gmock-matchers.h>
#include <gtest/gtest.h>

#include <csignal>

#include "rapport/repository/collections.hpp"
#include "tests/cli/program.hpp"
#include "tests/support/archive_text.hpp"

namespace rapport::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class Retain : public ::testing::TestWithParam<std::string> {
  protected:
    Retain() {
        rapport.set("AUDIT_KEY", std::string(64, 'k'));
        EXPECT_EQ(rapport.run({"lead", "create", kPhone}).exit_code, 0);
    }
    bool is_sqlite() const { return rapport.database().is_sqlite(); }
    /// Stored so many days ago, by a program that keeps everything.
    void store(const std::string& text, int days) {
        Settings settings = rapport.database().settings();
        settings.enable_message_archival = false;
        DatabaseManager manager(settings, rapport.database().url());
        await(manager.connect());
        Message message;
        message.lead_id = kPhone;
        message.content = text;
        message.created_at = now() - std::chrono::days(days);
        await(MessageRepository(manager.database()).save_messages({message}));
    }
    std::string doctor() const { return rapport.run({"doctor"}).out; }

    Program rapport{GetParam()};
};
INSTANTIATE_TEST_SUITE_P(CommandLine, Retain, ::testing::ValuesIn(engines()),
                         [](const auto& engine) { return engine.param; });

TEST_P(Retain, WithoutAnArchiveAppliesTheRuleOrSaysWhoDoes) {
    store("old", 366);
    store("new", 364);
    const Outcome done = rapport.run({"retain"});
    EXPECT_EQ(done.exit_code, 0) << done.err;
    if (is_sqlite()) {
        EXPECT_EQ(done.out, "1 messages removed\n");
        EXPECT_EQ(rapport.run({"--json", "retain"}).json().at("removed"), 0);
        EXPECT_THAT(rapport.run({"history", kPhone}).out,
                    AllOf(HasSubstr("new"), Not(HasSubstr("old"))));
    } else {
        EXPECT_THAT(done.out, HasSubstr("the server removes them by itself"));
        EXPECT_EQ(rapport.run({"--json", "retain"}).json().at("by_server"), true);
    }
}

TEST_P(Retain, WithAnArchiveMovesWhatIsDue) {
    rapport.set("ARCHIVE_DIR", "archive");
    EXPECT_EQ(rapport.run({"indexes", "--apply"}).exit_code, 0);
    store("old", 366);
    store("new", 364);
    const Outcome done = rapport.run({"retain"});
    EXPECT_EQ(done.exit_code, 0) << done.err;
    EXPECT_EQ(done.out, "1 messages archived, in 1 files\n");
    EXPECT_THAT(rapport.run({"history", kPhone}).out,
                AllOf(HasSubstr("new"), Not(HasSubstr("old"))));
    EXPECT_THAT(rapport.run({"export", kPhone}).out, AllOf(HasSubstr("new"), HasSubstr("old")));
    EXPECT_THAT(rapport.run({"erase", kPhone}).out, HasSubstr("2 messages"));
    EXPECT_EQ(rapport.run({"erase", kPhone, "--yes"}).exit_code, 0);
    EXPECT_THAT(archive_text(rapport.path("archive")), Not(HasSubstr("old")));
    const auto again = rapport.run({"--json", "retain"}).json();
    EXPECT_EQ(again.at("archived"), 0);
    EXPECT_EQ(again.at("finished"), 0);
}

TEST_P(Retain, EndsOnCtrlCAndGoesOn) {
    rapport.set("ARCHIVE_DIR", "archive");
    EXPECT_EQ(rapport.run({"indexes", "--apply"}).exit_code, 0);
    store("old", 366);
    rapport.set("RAPPORT_FAULT", "retain.removed:1");
    rapport.set("RAPPORT_FAULT_SIGNAL", std::to_string(SIGINT));
    const Outcome stopped = rapport.run({"retain"});
    EXPECT_EQ(stopped.exit_code, kInterrupted);
    EXPECT_THAT(stopped.err, HasSubstr("stopped archiving after 1 of 1: those are in the archive"));
    rapport.set("RAPPORT_FAULT", "nothing:1");
    EXPECT_EQ(rapport.run({"--json", "retain"}).json().at("archived"), 0);
    EXPECT_THAT(rapport.run({"export", kPhone}).out, HasSubstr("old"));
}

TEST_P(Retain, ChangingToAnArchiveLosesNothing) {
    store("old", 300);
    rapport.set("ARCHIVE_DIR", "archive");
    rapport.set("MESSAGE_RETENTION_DAYS", "200");
    EXPECT_EQ(rapport.run({"indexes"}).exit_code, 1);
    EXPECT_THAT(rapport.run({"indexes"}).out,
                AllOf(HasSubstr("idx_message_ttl"), HasSubstr("idx_message_due")));
    if (is_sqlite()) {
        EXPECT_EQ(rapport.run({"doctor"}).exit_code, 1);
    } else {
        EXPECT_THAT(doctor(), HasSubstr("retention is by archive"));
        EXPECT_EQ(rapport.run({"doctor"}).exit_code, 3) << "the server would remove it";
    }
    EXPECT_EQ(rapport.run({"--json", "retain"}).json().at("archived"), 1);
    EXPECT_EQ(rapport.run({"indexes"}).exit_code, 0);
    EXPECT_THAT(doctor(), HasSubstr("messages are archived after 200 days"));
}

TEST_P(Retain, DoctorTellsThatNobodyRunsIt) {
    rapport.set("ARCHIVE_DIR", "archive");
    EXPECT_EQ(rapport.run({"indexes", "--apply"}).exit_code, 0);
    store("old", 368);
    EXPECT_EQ(rapport.run({"doctor"}).exit_code, 1);
    EXPECT_THAT(doctor(), AllOf(HasSubstr("1 messages should be in the archive"),
                                HasSubstr("rapport retain")));
    EXPECT_EQ(rapport.run({"retain"}).exit_code, 0);
    EXPECT_EQ(rapport.run({"doctor"}).exit_code, 0);
}

TEST_P(Retain, WhatCannotBeDoneIsSaid) {
    rapport.set("ENABLE_MESSAGE_ARCHIVAL", "false");
    const Outcome off = rapport.run({"retain"});
    EXPECT_EQ(off.exit_code, 2);
    EXPECT_THAT(off.err, HasSubstr("ENABLE_MESSAGE_ARCHIVAL"));
    rapport.set("ENABLE_MESSAGE_ARCHIVAL", "true");
    rapport.set("ARCHIVE_DIR", rapport.write("file", "in the way"));
    const Outcome no_folder = rapport.run({"retain"});
    EXPECT_EQ(no_folder.exit_code, 3);
    EXPECT_THAT(no_folder.err, AllOf(HasSubstr("file"), HasSubstr("check ARCHIVE_DIR")));
    rapport.set("ARCHIVE_DIR", "archive");
    store("old", 400);
    EXPECT_EQ(rapport.run({"retain"}).exit_code, 0);
    const auto file = archive_files(rapport.path("archive")).front();
    std::filesystem::resize_file(file, std::filesystem::file_size(file) - 1);
    const Outcome altered = rapport.run({"export", kPhone});
    EXPECT_EQ(altered.exit_code, 1);
    EXPECT_THAT(altered.err, AllOf(HasSubstr(file.filename().string()), HasSubstr("altered")));
    EXPECT_EQ(rapport.run({"erase", kPhone, "--yes"}).exit_code, 1);
    EXPECT_EQ(rapport.run({"lead", kPhone}).exit_code, 0) << "nothing was erased";
}

TEST_P(Retain, TheUnitOfTestsIsShownNowhere) {
    rapport.set("MESSAGE_RETENTION_SECONDS", "3600");
    EXPECT_THAT(rapport.run({"config"}).out,
                AllOf(HasSubstr("ARCHIVE_DIR"), Not(HasSubstr("SECONDS"))));
    EXPECT_THAT(rapport.run({"retain", "--help"}).out, Not(HasSubstr("SECONDS")));
    store("of yesterday", 1);
    rapport.set("ARCHIVE_DIR", "archive");
    EXPECT_EQ(rapport.run({"--json", "retain"}).json().at("archived"), 1);
}

}  // namespace
}  // namespace rapport::testing
