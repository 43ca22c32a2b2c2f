// The log's frames reach the system in few writes: nothing of that may be seen from outside.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <filesystem>
#include <optional>
#include <stdexcept>
#include <string>

#include "rapport/store/sqlite/log_file.hpp"
#include "tests/store/sqlite_test_file.hpp"
#include "tests/store/temporary_folder.hpp"

namespace rapport::testing {
namespace {

/// More than is held back at once.
constexpr int kManyRows = 500;

class SqliteLogFile : public ::testing::Test {
  protected:
    void SetUp() override {
        OtherProgram(file_).execute(
            "PRAGMA journal_mode=WAL; CREATE TABLE t (id INTEGER PRIMARY KEY, text TEXT)");
        ASSERT_STREQ(sqlite::log_batching_vfs(), "rapport");
        own_.emplace(file_, sqlite::log_batching_vfs());
    }

    void commit() {
        const sqlite::LogBatch batch(own_->handle());
        own_->execute("COMMIT");
    }
    /// Within a transaction.
    void add(int from, int count) {
        own_->execute(
            fmt::format("WITH RECURSIVE n(i) AS (SELECT {} UNION ALL SELECT i+1 FROM n WHERE i<{}) "
                        "INSERT INTO t SELECT i, printf('%.*c', 3000, 'x') FROM n",
                        from, from + count - 1));
    }
    void insert(int from, int count) {
        own_->execute("BEGIN");
        add(from, count);
        commit();
    }
    /// Of a connection that is there already, and of one that opens the file now.
    void expect_rows(int rows) {
        const std::string expected = std::to_string(rows);
        EXPECT_EQ(other_.query("SELECT count(*) FROM t"), expected);
        OtherProgram fresh(file_);
        EXPECT_EQ(fresh.query("SELECT count(*) FROM t"), expected);
        EXPECT_EQ(fresh.query("PRAGMA integrity_check"), "ok");
        EXPECT_EQ(own_->query("SELECT count(*) FROM t"), expected);
    }

    /// After a crash of every process: what the log itself tells, without its index.
    void expect_rows_recovered(int rows) {
        const auto copy = folder_.path() / "copy.db";
        constexpr auto kOver = std::filesystem::copy_options::overwrite_existing;
        std::filesystem::copy_file(file_, copy, kOver);
        std::filesystem::copy_file(file_.string() + "-wal", copy.string() + "-wal", kOver);
        OtherProgram recovered(copy);
        EXPECT_EQ(recovered.query("SELECT count(*) FROM t"), std::to_string(rows));
        EXPECT_EQ(recovered.query("PRAGMA integrity_check"), "ok");
    }

    TemporaryFolder folder_;
    const std::filesystem::path file_ = folder_.path() / "log.db";
    std::optional<OtherProgram> own_;
    OtherProgram other_{file_};
};

/// Whoever reads finds what was committed in the file, though nothing was asked to be on the disk.
TEST_F(SqliteLogFile, WhatIsCommittedIsSeenWhateverIsFlushed) {
    int rows = 0;
    for (const char* synchronous : {"FULL", "NORMAL", "OFF"}) {
        own_->execute(std::string("PRAGMA synchronous=") + synchronous);
        for (const int count : {1, 3, kManyRows}) {
            insert(rows, count);
            rows += count;
            expect_rows(rows);
            expect_rows_recovered(rows);
        }
    }
}

/// Pages that went to the log before the commit and changed again have its checksums mended behind
/// the frame that ends the transaction.
TEST_F(SqliteLogFile, WhatIsCommittedIsRecoveredThoughPagesWereWrittenEarly) {
    own_->execute("PRAGMA cache_size=10; PRAGMA cache_spill=10");
    int rows = 0;
    for (const char* synchronous : {"FULL", "NORMAL", "OFF"}) {
        own_->execute(std::string("PRAGMA synchronous=") + synchronous);
        own_->execute("BEGIN");
        add(rows, 100);
        own_->execute("UPDATE t SET text = upper(text); UPDATE t SET text = lower(text)");
        commit();
        rows += 100;
        expect_rows_recovered(rows);
        insert(rows++, 1);
        expect_rows_recovered(rows);
    }
}

/// Whatever part of a commit cannot be written, it fails, and the next one, another program's, does
/// not.
TEST_F(SqliteLogFile, ACommitThatCannotBeWrittenLeavesNothingBehind) {
    insert(0, 1);
    std::signal(SIGXFSZ, SIG_IGN);
    rlimit usual{};
    ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &usual), 0);
    int rows = 1;
    for (const rlim_t more : {0, 24, 3'000, 60'000, 120'000}) {
        own_->execute("BEGIN");
        add(1'000, 100);
        rlimit tight = usual;
        tight.rlim_cur = std::filesystem::file_size(file_.string() + "-wal") + more;
        ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &tight), 0);
        EXPECT_THROW(commit(), std::runtime_error) << more;
        ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &usual), 0);
        if (sqlite3_get_autocommit(own_->handle()) == 0) own_->execute("ROLLBACK");
        other_.execute(fmt::format("INSERT INTO t VALUES ({}, 'other')", rows++));
        expect_rows(rows);
        insert(rows++, 1);
        expect_rows(rows);
        expect_rows_recovered(rows);
    }
}

/// With a small cache pages go to the log before the commit, are read from there, and written
/// again.
TEST_F(SqliteLogFile, PagesWrittenEarlyAreReadAndRolledBack) {
    own_->execute("PRAGMA cache_size=10; PRAGMA cache_spill=10");
    insert(0, kManyRows);
    own_->execute("BEGIN");
    add(kManyRows, kManyRows);
    own_->execute("UPDATE t SET text = upper(text)");
    EXPECT_EQ(own_->query("SELECT count(*) FROM t WHERE text GLOB 'X*'"), "1000");
    own_->execute("ROLLBACK");
    expect_rows(kManyRows);
    own_->execute("BEGIN");
    own_->execute("UPDATE t SET text = 'y' WHERE id % 2");
    add(kManyRows, 1);
    commit();
    expect_rows(kManyRows + 1);
    EXPECT_EQ(other_.query("SELECT count(*) FROM t WHERE text = 'y'"), "250");
}

/// Behind a transaction that was rolled back another process writes where it stood.
TEST_F(SqliteLogFile, NothingOfARolledBackTransactionIsWrittenLater) {
    own_->execute("PRAGMA cache_size=10; PRAGMA cache_spill=10");
    insert(0, 1);
    {
        const sqlite::LogBatch failing(own_->handle());
        own_->execute("BEGIN");
        add(1, 30);
        EXPECT_EQ(own_->query("SELECT count(*) FROM t"), "31");
        add(31, 20);
        own_->execute("ROLLBACK");
    }
    other_.execute(
        "WITH RECURSIVE n(i) AS (SELECT 100 UNION ALL SELECT i+1 FROM n WHERE i<199) "
        "INSERT INTO t SELECT i, printf('%.*c', 3000, 'z') FROM n");
    expect_rows(101);
    insert(1, 1);
    expect_rows(102);
    EXPECT_EQ(other_.query("SELECT count(*) FROM t WHERE text GLOB 'z*'"), "100");
}

/// A log that is begun anew is overwritten from its start.
TEST_F(SqliteLogFile, ALogBegunAnewIsRead) {
    int rows = 0;
    for (int round = 0; round < 5; ++round) {
        insert(rows, kManyRows);
        rows += kManyRows;
        expect_rows(rows);
        const std::string mode = round % 2 == 0 ? "RESTART" : "TRUNCATE";
        const std::string outcome = own_->query("PRAGMA wal_checkpoint(" + mode + ")");
        EXPECT_TRUE(outcome.starts_with("0|")) << outcome;  // nobody was in its way
        expect_rows(rows);
    }
    own_.reset();
    EXPECT_EQ(other_.query("PRAGMA integrity_check"), "ok");
}

}  // namespace
}  // namespace rapport::testing
