// The log's frames reach the system in few writes: nothing of that may be seen from outside.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <optional>
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
        }
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
        own_->execute(round % 2 == 0 ? "PRAGMA wal_checkpoint(RESTART)"
                                     : "PRAGMA wal_checkpoint(TRUNCATE)");
        expect_rows(rows);
    }
    own_.reset();
    EXPECT_EQ(other_.query("PRAGMA integrity_check"), "ok");
}

}  // namespace
}  // namespace rapport::testing
