// `rapport retain` and `rapport erase` that are killed at each of their steps, and run again.
#include <fmt/format.h>
#include <gmock/gmock-matchers.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <set>

#include "rapport/repository/collections.hpp"
#include "tests/faults/program_process.hpp"
#include "tests/store/temporary_folder.hpp"
#include "tests/support/archive_text.hpp"
#include "tests/support/engine.hpp"

namespace rapport::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr int kDue = 12'000;
constexpr int kKept = 50;
const std::string kPhone = "+525512345678";
const std::string kOther = "+525512345679";

class CutRetention : public ::testing::TestWithParam<std::string> {
  protected:
    CutRetention() {
        await(manager_.connect());
        await(manager_.create_indexes());
        for (int i = 0; i < kDue + kKept; i += 50) {
            InsertDocuments insert{&message_collection(), {}};
            for (int n = i; n < i + 50; ++n) insert.documents.push_back(to_document(message(n)));
            await(manager_.database().insert(std::move(insert)));
        }
    }

    /// The last ones are not due; every tenth of the others is of another person.
    static Message message(int n) {
        Message message;
        message.id = ObjectId::generate();
        message.lead_id = n % 10 == 0 ? kOther : kPhone;
        message.content = fmt::format("text {:06}.", n);
        message.created_at = now() - (n < kDue ? std::chrono::days(400) : std::chrono::days(1)) +
                             std::chrono::milliseconds(n);
        message.timestamp = message.created_at;
        return message;
    }
    Settings archiving() const {
        Settings settings = database_.settings();
        settings.archive_dir = folder_.path().string();
        return settings;
    }
    /// Its exit code, or minus the signal.
    int run(std::vector<std::string> arguments, const std::string& fault = {}) const {
        const bool is_sqlite = database_.is_sqlite();
        arguments.insert(arguments.end(),
                         {"--db", (is_sqlite ? "sqlite:" : "") + database_.url().location});
        std::vector<std::string> environment{
            "MONGODB_DATABASE=" + database_.settings().mongodb_database,
            "ARCHIVE_DIR=" + folder_.path().string(), "AUDIT_KEY=" + std::string(64, 'k')};
        if (!fault.empty()) environment.push_back("RAPPORT_FAULT=" + fault);
        ProgramProcess process(arguments, environment);
        return process.wait();
    }
    std::int64_t in_database() { return await(MessageRepository(manager_.database()).count()); }
    /// How often each text is in the archive.
    std::map<std::string, int> archived() const {
        const std::string text = archive_text(folder_.path());
        std::map<std::string, int> counts;
        for (auto at = text.find("text "); at != std::string::npos;
             at = text.find("text ", at + 1)) {
            ++counts[text.substr(at, 12)];
        }
        return counts;
    }

    TemporaryFolder folder_;
    OwnDatabase database_{GetParam()};
    DatabaseManager manager_{archiving(), database_.url()};
};

INSTANTIATE_TEST_SUITE_P(Retention, CutRetention, ::testing::ValuesIn(engines()),
                         [](const auto& engine) { return engine.param; });

TEST_P(CutRetention, ArchivesEachMessageOnceWhereverItWasKilled) {
    for (const char* place : {"retain.written:1", "retain.archived:1", "retain.removed:1",
                              "retain.removed:7", "retain.written:1", "retain.archived:1"}) {
        ASSERT_EQ(run({"retain"}, place), -SIGKILL) << place;
        EXPECT_GE(in_database() + std::ssize(archived()), kDue + kKept) << "lost at " << place;
    }
    EXPECT_EQ(run({"retain"}), 0);
    EXPECT_EQ(in_database(), kKept);
    const auto counts = archived();
    EXPECT_EQ(counts.size(), std::size_t{kDue});
    for (const auto& [text, count] : counts) ASSERT_EQ(count, 1) << text;
    EXPECT_EQ(run({"retain"}), 0);
    EXPECT_EQ(archived(), counts);
}

TEST_P(CutRetention, AnErasureThatWasKilledIsFinishedByTheNext) {
    ASSERT_EQ(run({"retain"}), 0);
    ASSERT_EQ(archive_files(folder_.path()).size(), 2U);
    for (const char* place : {"erase.removed:1", "archive.erasing:1", "archive.erased:1"}) {
        ASSERT_EQ(run({"erase", kPhone, "--yes"}, place), -SIGKILL) << place;
    }
    EXPECT_EQ(run({"erase", kPhone, "--yes"}), 0);
    EXPECT_THAT(archive_text(folder_.path()), AllOf(Not(HasSubstr(kPhone)), HasSubstr(kOther)));
    const auto counts = archived();
    EXPECT_EQ(counts.size(), std::size_t{kDue / 10});
    EXPECT_EQ(in_database(), kKept / 10);
    EXPECT_EQ(run({"erase", kPhone, "--yes"}), 4) << "nothing is left of it";
}

TEST_P(CutRetention, TwoAtOnceDoNoHarm) {
    std::vector<std::unique_ptr<ProgramProcess>> processes;
    const bool is_sqlite = database_.is_sqlite();
    for (int i = 0; i < 2; ++i) {
        processes.push_back(std::make_unique<ProgramProcess>(
            std::vector<std::string>{"retain", "--db",
                                     (is_sqlite ? "sqlite:" : "") + database_.url().location},
            std::vector<std::string>{"MONGODB_DATABASE=" + database_.settings().mongodb_database,
                                     "ARCHIVE_DIR=" + folder_.path().string()}));
    }
    std::multiset<int> codes;
    for (const auto& process : processes) codes.insert(process->wait());
    EXPECT_TRUE(codes.contains(0));
    EXPECT_TRUE(*codes.rbegin() == 0 || *codes.rbegin() == 5) << *codes.rbegin();
    EXPECT_EQ(in_database(), kKept);
    const auto counts = archived();
    EXPECT_EQ(counts.size(), std::size_t{kDue});
    for (const auto& [text, count] : counts) ASSERT_EQ(count, 1) << text;
}

}  // namespace
}  // namespace rapport::testing
