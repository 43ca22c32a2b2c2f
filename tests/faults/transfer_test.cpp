// Copies, backups and restores that are cut short: killed at any moment and run again they come to
// the same, and asked to stop they do so at once.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <random>
#include <set>

#include "rapport/repository/content.hpp"
#include "tests/faults/program_process.hpp"
#include "tests/faults/soak.hpp"
#include "tests/store/temporary_folder.hpp"
#include "tests/support/engine.hpp"
#include "tests/support/sample_content.hpp"

namespace rapport::testing {
namespace {

using std::chrono::milliseconds;

constexpr int kKills = 5;

/// 300 leads and 6,000 messages; at RAPPORT_SOAK_SCALE=34 or more 10,000 and 500,000.
ContentSize content_size() {
    const int leads = std::min(300 * soak_scale(), 10'200);
    return {leads, soak_scale() < 10 ? 20 : 50};
}

std::string url_of(const OwnDatabase& database) {
    return database.is_sqlite() ? "sqlite:" + database.url().location : database.url().location;
}

class CutShort : public ::testing::TestWithParam<std::string> {
  protected:
    CutShort() { static_cast<void>(soak_seed()); }

    static std::string hash_of(const OwnDatabase& database) {
        DatabaseManager manager(database.settings(), database.url());
        await(manager.connect());
        return await(content_of(manager.database())).hash();
    }
    static void fill_database(const OwnDatabase& database) {
        DatabaseManager manager(database.settings(), database.url());
        await(manager.connect());
        await(manager.create_indexes());
        fill(manager.database(), content_size(), soak_seed());
    }
    /// Runs it until it has been killed so often, then to its end.
    void run(const std::vector<std::string>& arguments,
             const std::vector<std::string>& environment = {}) {
        int kills = 0;
        for (int tries = 0; kills < kKills && tries < 4 * kKills; ++tries) {
            ProgramProcess process(arguments, environment);
            const auto most = static_cast<unsigned>(600 * std::min(soak_scale(), 40));
            if (process.has_ended_within(milliseconds(50 + random_() % most))) continue;
            process.send(SIGKILL);
            if (process.wait() == -SIGKILL) ++kills;
        }
        EXPECT_GT(kills, 0) << "it was done too soon";
        RecordProperty("kills", kills);
        ProgramProcess process(arguments, environment);
        EXPECT_EQ(process.wait(), 0);
        fmt::print("{}: {} kills, peak {} MiB\n", arguments.front(), kills,
                   process.peak_kib() / 1024);
    }
    std::vector<std::string> copy_arguments(const OwnDatabase& from, const OwnDatabase& to) const {
        return {"copy",
                "--from",
                url_of(from),
                "--from-database",
                from.settings().mongodb_database,
                "--to",
                url_of(to),
                "--to-database",
                to.settings().mongodb_database};
    }
    static std::vector<std::string> on(const OwnDatabase& database,
                                       std::vector<std::string> arguments) {
        arguments.insert(arguments.end(), {"--db", url_of(database)});
        return arguments;
    }
    static std::vector<std::string> named(const OwnDatabase& database) {
        return {"MONGODB_DATABASE=" + database.settings().mongodb_database};
    }

    OwnDatabase from_{GetParam()};
    OwnDatabase to_{GetParam() == "sqlite" ? "mongodb" : "sqlite"};
    TemporaryFolder folder_;
    std::mt19937 random_{soak_seed()};
};

TEST_P(CutShort, ACopyThereAndBackHoldsTheSame) {
    fill_database(from_);
    const OwnDatabase back(GetParam());
    run(copy_arguments(from_, to_));
    run(copy_arguments(to_, back));
    const std::string hash = hash_of(from_);
    EXPECT_EQ(hash_of(to_), hash);
    EXPECT_EQ(hash_of(back), hash);
}

TEST_P(CutShort, ABackupRestoredHoldsTheSame) {
    fill_database(from_);
    const std::string file = (folder_.path() / "b.backup").string();
    run(on(from_, {"backup", file}), named(from_));
    run(on(to_, {"restore", file}), named(to_));
    EXPECT_EQ(hash_of(to_), hash_of(from_));
    EXPECT_FALSE(std::filesystem::exists(file + ".unfinished"));
}

/// A lead is there whole or not at all.
TEST_P(CutShort, NoLeadIsHalfThere) {
    fill_database(from_);
    for (const char* place : {"receiver.messages:2", "receiver.leads:1", "receiver.messages:4"}) {
        ProgramProcess process(copy_arguments(from_, to_),
                               {fmt::format("RAPPORT_FAULT={}", place)});
        ASSERT_EQ(process.wait(), -SIGKILL) << place;
        DatabaseManager manager(to_.settings(), to_.url());
        await(manager.connect());
        LeadRepository leads(manager.database());
        MessageRepository messages(manager.database());
        auto all = leads.stream({});
        while (const auto lead = await(all.next())) {
            EXPECT_EQ(await(messages.count(where(&Message::lead_ref) == lead->id)),
                      lead->message_count);
        }
    }
}

TEST_P(CutShort, AskedToStopItSaysSoAndGoesOnLater) {
    fill_database(from_);
    const auto started = std::chrono::steady_clock::now();
    EXPECT_EQ(ProgramProcess(copy_arguments(from_, to_)).wait(), 0);
    // However busy the machine: some moment of it is a copy's.
    const std::chrono::duration<double, std::milli> whole =
        std::chrono::steady_clock::now() - started;
    std::uniform_int_distribution<> moment(1, static_cast<int>(whole.count()));
    std::set<int> codes;
    for (int tries = 0; tries < 40 && codes.size() < 2; ++tries) {
        const OwnDatabase fresh(to_.is_sqlite() ? "sqlite" : "mongodb");
        const int signal = codes.contains(SIGINT) ? SIGTERM : SIGINT;
        ProgramProcess process(copy_arguments(from_, fresh));
        if (process.has_ended_within(milliseconds(moment(random_)))) continue;
        process.send(signal);
        const int code = process.wait();
        if (code == 0 || code == -signal) continue;  // too late, or before it had begun
        ASSERT_EQ(code, 130);
        codes.insert(signal);
        ProgramProcess again(copy_arguments(from_, fresh));
        EXPECT_EQ(again.wait(), 0);
        EXPECT_EQ(hash_of(fresh), hash_of(from_));
    }
    EXPECT_EQ(codes, (std::set<int>{SIGINT, SIGTERM}));
}

INSTANTIATE_TEST_SUITE_P(Transfer, CutShort, ::testing::ValuesIn(engines()),
                         [](const auto& engine) { return engine.param; });

}  // namespace
}  // namespace rapport::testing
