#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <latch>
#include <thread>
#include <vector>

#include "rapport/core/await.hpp"
#include "rapport/core/error.hpp"
#include "tests/store/sqlite_test_file.hpp"
#include "tests/store/temporary_folder.hpp"

namespace rapport::testing {
namespace {

using std::filesystem::path;

/// The message of the E that `action` throws; empty, and a failure, when it does not.
template <class E, class F>
std::string message_of(F action) {
    try {
        action();
    } catch (const E& error) {
        return error.what();
    }
    ADD_FAILURE() << "expected an error";
    return {};
}

class SqliteConnectionTest : public ::testing::Test {
  protected:
    static unsigned mode_of(const path& file) {
        struct stat status{};
        EXPECT_EQ(::stat(file.c_str(), &status), 0) << file;
        return status.st_mode & 0777U;
    }
    static path with_suffix(const path& file, const char* suffix) {
        return path(file.string() + suffix);
    }

    /// Starts a second process on the file; see sqlite_child.cpp.
    pid_t start_child(const std::string& prefix, int inserts, const std::string& end) const {
        std::vector<std::string> words{RAPPORT_SQLITE_CHILD, file_.string(), prefix,
                                       std::to_string(inserts), end};
        std::vector<char*> arguments;
        for (std::string& word : words) arguments.push_back(word.data());
        arguments.push_back(nullptr);
        pid_t child = 0;
        EXPECT_EQ(
            ::posix_spawn(&child, words[0].c_str(), nullptr, nullptr, arguments.data(), environ),
            0);
        return child;
    }
    static void expect_success(pid_t child) {
        int status = -1;
        EXPECT_EQ(::waitpid(child, &status, 0), child);
        EXPECT_EQ(status, 0);
    }

    /// Opens so many stores at once, each of which inserts a parcel: how many could.
    int open_in_threads(int stores) {
        std::latch all{stores};
        std::atomic<int> succeeded = 0;
        std::vector<std::jthread> threads;
        for (int i = 0; i < stores; ++i) {
            threads.emplace_back([&, i] {
                all.arrive_and_wait();
                try {
                    const auto store = open_store(file_);
                    await(store->run(EnsureIndexes{}, {}));
                    insert(*store, std::to_string(i));
                    ++succeeded;
                } catch (const Error& error) {
                    ADD_FAILURE() << error.what();
                }
            });
        }
        threads.clear();
        return succeeded;
    }

    TemporaryFolder folder_;
    const path file_ = folder_.path() / "test.db";
};

TEST_F(SqliteConnectionTest, MakesTheFileForItsOwnerOnlyAndTheLogsToo) {
    const auto store = open_store(file_);
    insert(*store, "a");
    EXPECT_EQ(mode_of(file_), 0600U);
    EXPECT_EQ(mode_of(with_suffix(file_, "-wal")), 0600U);
    EXPECT_EQ(mode_of(with_suffix(file_, "-shm")), 0600U);
}

TEST_F(SqliteConnectionTest, KeepsTheModeOfAFileThatIsThere) {
    open_store(file_)->close();
    ASSERT_EQ(::chmod(file_.c_str(), 0640), 0);
    open_store(file_)->close();
    EXPECT_EQ(mode_of(file_), 0640U);
}

TEST_F(SqliteConnectionTest, WritesSafelyAndErasesWhatIsDeleted) {
    const auto store = open_store(file_);
    const auto pragma = [&](const std::string& name) {
        std::string value;
        await(store->run(UseNativeHandle{[&](void* handle) {
                             const auto keep = [](void* to, int, char** values, char**) {
                                 *static_cast<std::string*>(to) = values[0];
                                 return 0;
                             };
                             sqlite3_exec(static_cast<sqlite3*>(handle), ("PRAGMA " + name).c_str(),
                                          keep, &value, nullptr);
                         }},
                         {}));
        return value;
    };
    EXPECT_EQ(pragma("journal_mode"), "wal");
    EXPECT_EQ(pragma("synchronous"), "2");
    EXPECT_EQ(pragma("secure_delete"), "1");
    EXPECT_EQ(pragma("user_version"), std::to_string(kSqliteSchemaVersion));
}

TEST_F(SqliteConnectionTest, ReadsAgainWhatWasStoredBeforeItClosed) {
    {
        const auto store = open_store(file_);
        insert(*store, "a");
        store->close();
    }
    EXPECT_FALSE(exists(with_suffix(file_, "-wal"))) << "closing empties the log";
    EXPECT_EQ(count(*open_store(file_)), 1);
}

TEST_F(SqliteConnectionTest, OneStoreOpensAgainAfterClosing) {
    const auto store = open_store(file_);
    insert(*store, "a");
    store->close();
    store->close();
    EXPECT_THROW(count(*store), NotConnected);
    store->open();
    store->open();
    EXPECT_EQ(count(*store), 1);
}

TEST_F(SqliteConnectionTest, AStoreThatWasNeverOpenedIsNotConnected) {
    const auto store = make_sqlite_store(parcel_options(file_));
    EXPECT_THROW(await(store->ping()), NotConnected);
    EXPECT_FALSE(exists(file_));
}

TEST_F(SqliteConnectionTest, SaysWhoItIs) {
    const ServerInfo info = await(open_store(file_)->ping());
    EXPECT_EQ(info.engine, "sqlite");
    EXPECT_EQ(info.version, sqlite3_libversion());
    EXPECT_EQ(info.topology, "embedded");
}

TEST_F(SqliteConnectionTest, RecoversWhatACrashedProcessHadWritten) {
    expect_success(start_child("a", 3, "crash"));
    ASSERT_TRUE(exists(with_suffix(file_, "-wal"))) << "the log stays behind";
    EXPECT_EQ(count(*open_store(file_)), 3);
}

TEST_F(SqliteConnectionTest, TwoProcessesMakeTheFileAndWriteAtOnce) {
    constexpr int kEach = 50;
    const pid_t one = start_child("one", kEach, "close");
    const pid_t two = start_child("two", kEach, "close");
    expect_success(one);
    expect_success(two);
    EXPECT_EQ(count(*open_store(file_)), 2 * kEach);
}

TEST_F(SqliteConnectionTest, ManyStoresInOneProcessOpenAtOnce) {
    constexpr int kStores = 8;
    EXPECT_EQ(open_in_threads(kStores), kStores);
    EXPECT_EQ(count(*open_store(file_)), kStores);
}

TEST_F(SqliteConnectionTest, OpeningTwiceKeepsTheLocksOfTheFirst) {
    // Closing any descriptor of a file lets go of all the locks its process has on it (POSIX), and
    // the last to close a database deletes its log: the other process must see that it is not.
    const auto first = open_store(file_);
    const auto second = open_store(file_);
    insert(*first, "a");
    expect_success(start_child("b", 1, "close"));
    EXPECT_TRUE(exists(with_suffix(file_, "-wal")));
    EXPECT_EQ(count(*second), 2);
}

TEST_F(SqliteConnectionTest, AFileThatIsNoDatabaseIsRefusedUntouched) {
    const std::string text(4096, 'x');
    std::ofstream(file_) << text;
    EXPECT_THROW(open_store(file_), Corrupt);
    std::ifstream in(file_);
    EXPECT_EQ(std::string(std::istreambuf_iterator<char>(in), {}), text);
}

TEST_F(SqliteConnectionTest, AnotherProgramsDatabaseIsRefusedUntouched) {
    for (const char* made : {"CREATE TABLE customers (name); PRAGMA user_version=1",
                             "CREATE TABLE parcels (code)", "CREATE VIEW one AS SELECT 1"}) {
        std::filesystem::remove(file_);
        OtherProgram(file_).execute(made);
        const auto bytes = [&] {
            std::ifstream in(file_, std::ios::binary);
            return std::string(std::istreambuf_iterator<char>(in), {});
        };
        const std::string before = bytes();
        const std::string message = message_of<InvalidArgument>([&] { open_store(file_); });
        EXPECT_NE(message.find("test.db: a database of another program"), std::string::npos)
            << message;
        EXPECT_EQ(bytes(), before) << made;
    }
}

TEST_F(SqliteConnectionTest, ANewerSchemaIsRefusedWithTheReasonAndLeftAsItIs) {
    OtherProgram other(file_);
    other.execute("PRAGMA user_version=7");
    const std::string message = message_of<InvalidArgument>([&] { open_store(file_); });
    EXPECT_NE(message.find("newer Rapport (schema 7; this program knows 1)"), std::string::npos)
        << message;
    EXPECT_EQ(other.query("PRAGMA journal_mode"), "delete");
    EXPECT_EQ(other.query("SELECT count(*) FROM sqlite_master"), "0");
}

TEST_F(SqliteConnectionTest, AMissingFolderIsUnavailableAndNamed) {
    const auto store = make_sqlite_store(parcel_options(folder_.path() / "none" / "test.db"));
    const std::string message = message_of<Unavailable>([&] { store->open(); });
    EXPECT_NE(message.find("none/test.db"), std::string::npos) << message;
    EXPECT_NE(message.find("check the folder"), std::string::npos) << message;
}

TEST_F(SqliteConnectionTest, AFolderIsNoDatabase) {
    const auto store = make_sqlite_store(parcel_options(folder_.path()));
    const std::string message = message_of<Unavailable>([&] { store->open(); });
    EXPECT_NE(message.find("it is a folder"), std::string::npos) << message;
}

TEST_F(SqliteConnectionTest, AFolderThatTakesNoFilesIsUnavailable) {
    // Not even the superuser makes files there.
    const auto store = make_sqlite_store(parcel_options("/proc/self/test.db"));
    EXPECT_THROW(store->open(), Unavailable);
}

TEST_F(SqliteConnectionTest, OnlyFilesAreDatabases) {
    for (const char* name : {"", ":memory:"}) {
        EXPECT_THROW(make_sqlite_store(parcel_options(name))->open(), InvalidArgument) << name;
    }
}

TEST_F(SqliteConnectionTest, AddsTheColumnsThatANewerProgramHas) {
    OtherProgram(file_).execute(
        "CREATE TABLE parcels (_id TEXT PRIMARY KEY NOT NULL, code TEXT, tags TEXT, stickers "
        "TEXT) STRICT; PRAGMA user_version=1; INSERT INTO parcels VALUES "
        "('0123456789abcdef01234567','a','[]','[]')");
    const auto store = open_store(file_);
    insert(*store, "b");
    EXPECT_EQ(count(*store), 2);
    EXPECT_EQ(await(store->update({&parcels(), (where(&Parcel::code) == std::string("a")).node(),
                                   Update<Parcel>().set(where(&Parcel::urgent), true).changes()})),
              1);
    EXPECT_EQ(OtherProgram(file_).query("SELECT urgent FROM parcels WHERE code='a'"), "1");
}

TEST_F(SqliteConnectionTest, AddingColumnsFromTwoStoresAtOnceIsSafe) {
    OtherProgram(file_).execute(
        "CREATE TABLE parcels (_id TEXT PRIMARY KEY NOT NULL) STRICT; PRAGMA user_version=1");
    const auto opened = open_in_threads(2);
    EXPECT_EQ(opened, 2);
}

TEST_F(SqliteConnectionTest, AWriteThatAnotherProcessKeepsOutEndsAtItsDeadline) {
    const auto store = open_store(file_);
    OtherProgram other(file_);
    other.execute("BEGIN IMMEDIATE");
    EXPECT_THROW(await(store->insert({&parcels(), {to_document(parcel_named("a"))}},
                                     Deadline::in(std::chrono::milliseconds(50)))),
                 Timeout);
    EXPECT_EQ(count(*store), 0) << "reading does not wait for the other process";
    other.execute("ROLLBACK");
    insert(*store, "b");
    EXPECT_EQ(count(*store), 1);
}

TEST_F(SqliteConnectionTest, AStatementAtWorkEndsAtItsDeadline) {
    const auto store = open_store(file_);
    int code = SQLITE_OK;
    std::atomic<bool> begun = false;
    const UseNativeHandle endless{[&](void* handle) {
        begun = true;
        code = sqlite3_exec(static_cast<sqlite3*>(handle),
                            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n) "
                            "SELECT count(*) FROM n",
                            nullptr, nullptr, nullptr);
    }};
    // On a busy machine a deadline may pass before its statement's turn.
    while (!begun) {
        try {
            await(store->run(endless, Deadline::in(std::chrono::milliseconds(20))));
        } catch (const Timeout&) {
            continue;  // whichever looks at the clock first, the statement or the caller
        }
    }
    store->close();
    EXPECT_EQ(code, SQLITE_INTERRUPT);
}

TEST_F(SqliteConnectionTest, ClosingWaitsForWhatWasAskedFor) {
    const auto store = open_store(file_);
    std::latch started{1};
    std::latch gate{1};
    std::jthread slow([&] {
        await(store->run(UseNativeHandle{[&](void*) {
                             started.count_down();
                             gate.wait();
                         }},
                         {}));
    });
    started.wait();
    std::atomic<bool> closed = false;
    std::jthread closing([&] {
        store->close();
        closed = true;
    });
    EXPECT_FALSE(closed);
    gate.count_down();
    closing.join();
    slow.join();
    EXPECT_TRUE(closed);
}

}  // namespace
}  // namespace rapport::testing
