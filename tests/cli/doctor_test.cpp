// `rapport doctor` and `rapport indexes` on real databases that something is wrong with.
#include <gmock/gmock-matchers.h>
#include <gtest/gtest.h>
#include <mongoc/mongoc.h>
#include <sqlite3.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>
#include <thread>

#include "rapport/repository/collections.hpp"
#include "tests/cli/program.hpp"
#include "tests/support/mongod.hpp"

namespace rapport::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

struct Reported {
    std::string severity{};
    std::string found{};
    std::string cure{};
};

/// What doctor reports of a check, when that is not well; empty when it is.
Reported reported(const Outcome& outcome, std::string_view check) {
    const auto report = outcome.json();
    for (const auto& finding : report.at("findings").as_array()) {
        if (finding.at("check").as_string() != check || finding.at("severity") == "ok") continue;
        return {std::string(finding.at("severity").as_string()),
                std::string(finding.at("found").as_string()),
                std::string(finding.at("cure").as_string())};
    }
    return {};
}

class DoctorTest : public ::testing::TestWithParam<std::string> {
  protected:
    DoctorTest() { EXPECT_EQ(rapport.run({"lead", "create", kPhone}).exit_code, 0); }

    bool is_sqlite() const { return rapport.database().is_sqlite(); }
    Outcome doctor() const { return rapport.run({"--json", "doctor"}); }

    /// Expects this to be the only thing wrong.
    void expect_found(std::string_view check, std::string_view severity, std::string_view found,
                      std::string_view cure) const {
        const Outcome outcome = doctor();
        const Reported report = reported(outcome, check);
        EXPECT_EQ(report.severity, severity) << outcome.out << outcome.err;
        EXPECT_THAT(report.found, HasSubstr(std::string(found)));
        EXPECT_THAT(report.cure, HasSubstr(std::string(cure)));
        EXPECT_EQ(outcome.json().at("severity").as_string(), severity);
        EXPECT_EQ(outcome.exit_code, severity == "warning" ? 1 : 3);
    }
    void expect_well() const {
        const Outcome outcome = doctor();
        EXPECT_EQ(outcome.exit_code, 0) << outcome.out << outcome.err;
        EXPECT_EQ(outcome.json().at("severity"), "ok");
    }
    void expect_cured_by(const std::vector<std::string>& command) const {
        const Outcome outcome = rapport.run(command);
        EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
        expect_well();
    }

    void with_database(const std::function<void(DatabaseManager&)>& use) const {
        DatabaseManager manager(rapport.database().settings(), rapport.database().url());
        await(manager.connect());
        use(manager);
        await(manager.disconnect());
    }
    /// A turn whose message is in its lead alone.
    void leave_unsettled() const {
        with_database([](DatabaseManager& manager) {
            LeadRepository leads(manager.database());
            MessageRepository messages(manager.database());
            Message said;
            said.content = "hola";
            const TurnResult result =
                await(leads.commit_turn({await(leads.get_by_phone(kPhone)).value(), {said}}));
            await(messages.delete_by_id(result.messages.front().id.to_string()));
            Update<Lead> as_left;
            as_left.set(where(&Lead::settled_count), std::int64_t{0});
            await(leads.update_many(where(&Lead::lead_id) == kPhone, as_left));
        });
    }
    /// Another program at work on the database: SQL on the one engine, a command on the other.
    void meddle(const std::string& sql, const std::string& command) const {
        with_database([&](DatabaseManager& manager) {
            await(manager.client().use_native_handle([&](void* handle) {
                if (is_sqlite()) {
                    auto* const file = static_cast<sqlite3*>(handle);
                    ASSERT_EQ(sqlite3_exec(file, sql.c_str(), nullptr, nullptr, nullptr), 0)
                        << sqlite3_errmsg(file);
                } else {
                    run_command(static_cast<mongoc_client_t*>(handle), command);
                }
            }));
        });
    }

    Program rapport{GetParam()};

  private:
    void run_command(mongoc_client_t* client, const std::string& json) const {
        const std::string name = rapport.database().settings().mongodb_database;
        bson_error_t error{};
        bson_t command;
        ASSERT_TRUE(bson_init_from_json(&command, json.c_str(), -1, &error)) << error.message;
        EXPECT_TRUE(
            mongoc_client_command_simple(client, name.c_str(), &command, nullptr, nullptr, &error))
            << error.message;
        bson_destroy(&command);
    }
};
INSTANTIATE_TEST_SUITE_P(CommandLine, DoctorTest, ::testing::ValuesIn(engines()),
                         [](const auto& info) { return info.param; });

std::string read_file(const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

TEST_P(DoctorTest, FindsAHealthyDatabaseWell) {
    expect_well();
    EXPECT_EQ(rapport.run({"indexes"}).exit_code, 0);
}

TEST_P(DoctorTest, FindsAMissingIndex) {
    meddle("DROP INDEX idx_stage_page", R"({"dropIndexes": "leads", "index": "idx_stage_page"})");
    expect_found("indexes", "warning", "leads.idx_stage_page: missing", "rapport indexes --apply");
    expect_cured_by({"indexes", "--apply"});
}

TEST_P(DoctorTest, FindsWhatLetsAPersonBecomeTwoLeads) {
    meddle("DROP INDEX idx_lead_id_unique; CREATE INDEX idx_lead_id_unique ON leads(lead_id)",
           R"({"dropIndexes": "leads", "index": "idx_lead_id_unique"})");
    expect_found("indexes", "problem", "leads.idx_lead_id_unique: ", "rapport indexes --apply");
    expect_cured_by({"indexes", "--apply"});
}

TEST_P(DoctorTest, FindsThatRetentionIsNotApplied) {
    meddle("DROP INDEX idx_message_ttl",
           R"({"dropIndexes": "messages", "index": "idx_message_ttl"})");
    expect_found("retention", "warning", "removes nothing, and retention is set to 365 days",
                 "rapport indexes --apply");
    expect_cured_by({"indexes", "--apply"});
}

/// SQLite removes by the settings themselves.
TEST_P(DoctorTest, FindsAnExpiryThatIsNotTheOneOfTheSettings) {
    rapport.set("MESSAGE_RETENTION_DAYS", "90");
    if (is_sqlite()) return expect_well();
    expect_found("retention", "warning", "removes after 365 days, and retention is set to 90 days",
                 "rapport indexes --apply");
    rapport.set("MESSAGE_RETENTION_DAYS", "400");
    expect_found("retention", "problem", "removes after 365 days, and retention is set to 400 days",
                 "rapport indexes --apply");
    rapport.set("ENABLE_MESSAGE_ARCHIVAL", "false");
    expect_found("retention", "problem", "removes after 365 days, and retention is off",
                 "rapport indexes --apply");
    expect_cured_by({"indexes", "--apply"});
}

TEST_P(DoctorTest, FindsATurnThatACrashCutOff) {
    leave_unsettled();
    expect_found("turns", "warning", "1 messages are in their leads alone", "rapport repair");
    expect_cured_by({"repair"});
}

TEST_P(DoctorTest, ATurnThatACrashCutOffIsInTheHistoryAllTheSame) {
    leave_unsettled();
    EXPECT_THAT(rapport.run({"history", kPhone}).out, HasSubstr("hola"));
}

TEST_P(DoctorTest, FindsDatesThatAreText) {
    meddle("UPDATE leads SET last_interaction_at = '2024-02-03 04:05:06'",
           R"({"insert": "messages", "documents": [{"lead_id": "+525512345678", "role": "lead",
               "content": "hola", "timestamp": {"$date": 1700000000000},
               "created_at": "2024-02-03T04:05:06.123456",
               "updated_at": "2024-02-03T04:05:06.123456"}]})");
    expect_found("dates", "warning", is_sqlite() ? "1 leads" : "1 messages", "rapport migrate");
    expect_cured_by({"migrate"});
}

TEST_P(DoctorTest, FindsALeadThatIsAboutToBeTooLarge) {
    with_database([](DatabaseManager& manager) {
        LeadRepository leads(manager.database());
        Update<Lead> grow;
        grow.set(where(&Lead::full_name), std::string(std::size_t{13} * 1024 * 1024, 'x'));
        await(leads.update_many(where(&Lead::lead_id) == kPhone, grow));
    });
    expect_found("lead size", "warning", "13.0 MiB of 16 (…5678)", "evidence");
}

TEST_P(DoctorTest, FitsATerminalAndIsPlainWhereThereIsNone) {
    meddle("DROP INDEX idx_lead_id_unique",
           R"({"dropIndexes": "leads", "index": "idx_lead_id_unique"})");
    for (const char* command : {"doctor", "indexes"}) {
        const Outcome outcome = rapport.run({command});
        EXPECT_THAT(outcome.out, AllOf(HasSubstr("idx_lead_id_unique"), Not(HasSubstr("\x1b["))));
        std::istringstream lines(outcome.out);
        for (std::string line; std::getline(lines, line);) {
            const auto columns = std::ranges::count_if(
                line, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; });
            if (!line.starts_with("Database: ")) EXPECT_LE(columns, 80) << line;
        }
    }
}

TEST_P(DoctorTest, PlansIndexesWithoutWriting) {
    meddle("DROP INDEX idx_stage_page; CREATE INDEX idx_interaction_page ON leads(full_name)",
           R"({"dropIndexes": "leads", "index": "idx_stage_page"})");
    const std::string before = is_sqlite() ? read_file(rapport.database().url().location) : "";
    const Outcome first = rapport.run({"--json", "indexes"});
    EXPECT_EQ(first.exit_code, 1);
    const auto differences = first.json().at("differences").as_array();
    EXPECT_EQ(differences.size(), is_sqlite() ? 2 : 1);
    EXPECT_EQ(differences[0].at("collection"), "leads");
    EXPECT_EQ(differences[0].at("index"), "idx_stage_page");
    EXPECT_EQ(differences[0].at("kind"), "missing");
    EXPECT_EQ(differences[0].at("wanted"), "current_stage, last_interaction_at desc, _id desc");
    EXPECT_EQ(rapport.run({"--json", "indexes", "--plan"}).out, first.out);
    rapport.run({"doctor"});
    EXPECT_EQ(rapport.run({"--json", "indexes", "--plan"}).out, first.out);
    if (is_sqlite()) EXPECT_EQ(read_file(rapport.database().url().location), before);
}

TEST_P(DoctorTest, AppliesIndexesOnceHoweverOftenItIsAsked) {
    meddle("DROP INDEX idx_stage_page", R"({"dropIndexes": "leads", "index": "idx_stage_page"})");
    EXPECT_EQ(rapport.run({"indexes", "--apply"}).exit_code, 0);
    const Outcome again = rapport.run({"--json", "indexes", "--apply"});
    EXPECT_EQ(again.exit_code, 0);
    EXPECT_TRUE(again.json().at("differences").as_array().empty());
    EXPECT_EQ(rapport.run({"indexes", "--plan"}).exit_code, 0);
    EXPECT_EQ(rapport.run({"indexes", "--plan", "--apply"}).exit_code, 2);
}

TEST_P(DoctorTest, AppliesIndexesFromSeveralProcessesAtOnce) {
    meddle(
        "DROP INDEX idx_stage_page; DROP INDEX idx_lead_messages; "
        "CREATE INDEX idx_lead_messages ON messages(lead_id)",
        R"({"dropIndexes": "leads", "index": ["idx_stage_page", "idx_stage_messages"]})");
    meddle("", R"({"dropIndexes": "messages", "index": "idx_lead_messages"})");
    meddle("",
           R"({"createIndexes": "messages", "indexes":
               [{"name": "idx_lead_messages", "key": {"lead_id": 1}}]})");
    std::vector<std::jthread> processes;
    for (int i = 0; i < 4; ++i) {
        processes.emplace_back([this] {
            const Outcome outcome = rapport.run({"indexes", "--apply"});
            EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
        });
    }
    processes.clear();
    expect_well();
}

// What keeps a database from being used at all.

class DoctorSqlite : public ::testing::Test {
  protected:
    Program rapport{"sqlite"};
    const std::filesystem::path file_ = rapport.folder() / "own.db";

    Outcome run(std::vector<std::string> arguments) const {
        arguments.insert(arguments.begin(), {"--db", "sqlite:" + file_.string()});
        return rapport.run_bare(std::move(arguments));
    }
    void expect_problem(std::string_view check, std::string_view found,
                        std::string_view cure) const {
        const Outcome outcome = run({"--json", "doctor"});
        EXPECT_EQ(outcome.exit_code, 3) << outcome.out << outcome.err;
        const Reported report = reported(outcome, check);
        EXPECT_EQ(report.severity, "problem") << outcome.out;
        EXPECT_THAT(report.found, HasSubstr(std::string(found)));
        EXPECT_THAT(report.cure, HasSubstr(std::string(cure)));
        EXPECT_EQ(outcome.err, "");
    }
    void overwrite(std::streamoff from, std::size_t bytes) const {
        std::fstream out(file_, std::ios::in | std::ios::out | std::ios::binary);
        out.seekp(from);
        out << std::string(bytes, '\xA5');
    }
};

TEST_F(DoctorSqlite, FindsThatThereIsNoDatabaseYet) {
    expect_problem("connection", "no database there yet", "rapport import");
    EXPECT_FALSE(std::filesystem::exists(file_));
}

TEST_F(DoctorSqlite, FindsAFileThatIsNoDatabase) {
    rapport.write("own.db", std::string(5000, 'x'));
    expect_problem("connection", "not a SQLite database", "choose another");
}

TEST_F(DoctorSqlite, FindsAFileThatMayOnlyBeRead) {
    ASSERT_EQ(run({"lead", "create", kPhone}).exit_code, 0);
    std::filesystem::permissions(file_, std::filesystem::perms(0444));
    rapport.give_up_rights();
    expect_problem("connection", "may only be read", "write permission");
    std::filesystem::permissions(rapport.folder(), std::filesystem::perms(0777));
    expect_problem("file", "may only be read", "write permission");
    std::filesystem::permissions(rapport.folder(), std::filesystem::perms(0755));
}

TEST_F(DoctorSqlite, FindsDamagedPagesWhereverTheyAre) {
    for (const std::streamoff from : {100, 8192, 40960}) {
        std::filesystem::remove(file_);
        ASSERT_EQ(run({"lead", "create", kPhone}).exit_code, 0);
        ASSERT_GT(std::filesystem::file_size(file_), 50'000);
        overwrite(from, 4000);
        const Outcome outcome = run({"--json", "doctor"});
        EXPECT_EQ(outcome.exit_code, 3) << from;
        EXPECT_THAT(outcome.out, AllOf(HasSubstr("damaged"), HasSubstr("from a copy"))) << from;
    }
}

Outcome doctor_at(const Program& rapport, const std::string& uri) {
    return rapport.run_bare({"--db", uri, "--json", "doctor"});
}

TEST(DoctorMongodb, FindsAWrongPasswordAndDoesNotShowIt) {
    const Mongod server(Mongod::Mode::kWithAuthentication);
    const Program rapport{"mongodb"};
    const Outcome outcome =
        doctor_at(rapport, "mongodb://admin:hunter2@" + server.address() + "/?authSource=admin");
    EXPECT_EQ(outcome.exit_code, 3);
    const Reported report = reported(outcome, "connection");
    EXPECT_THAT(report.found, HasSubstr("refused the credentials"));
    EXPECT_THAT(report.cure, HasSubstr("password"));
    EXPECT_THAT(outcome.out + outcome.err, Not(HasSubstr("hunter2")));
}

TEST(DoctorMongodb, FindsAServerThatIsAloneAndOneThatIsAway) {
    Mongod server(Mongod::Mode::kWithTls);
    Program rapport{"mongodb"};
    EXPECT_EQ(rapport.run_bare({"--db", server.uri(), "lead", "create", kPhone}).exit_code, 0);
    const Outcome alone = doctor_at(rapport, server.uri());
    EXPECT_EQ(alone.exit_code, 1) << alone.out;
    EXPECT_THAT(reported(alone, "server").cure, HasSubstr("replica set"));
    rapport.set("MONGODB_SERVER_SELECTION_TIMEOUT_MS", "500");
    server.stop();
    const Outcome away = doctor_at(rapport, server.uri());
    EXPECT_EQ(away.exit_code, 3);
    EXPECT_THAT(reported(away, "connection").found, HasSubstr("no MongoDB server answers"));
    EXPECT_THAT(reported(away, "connection").cure, HasSubstr("check that it runs"));
}

}  // namespace
}  // namespace rapport::testing
