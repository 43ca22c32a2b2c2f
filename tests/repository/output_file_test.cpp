#include "rapport/repository/output_file.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <string>

#include "rapport/core/error.hpp"
#include "tests/store/temporary_folder.hpp"

namespace rapport {
namespace {

namespace fs = std::filesystem;

class OutputFileTest : public ::testing::Test {
  protected:
    std::string text_of(const fs::path& file) const {
        std::ifstream in(file, std::ios::binary);
        return {std::istreambuf_iterator<char>(in), {}};
    }
    static void write(const fs::path& file, std::string_view text) {
        OutputFile out(file);
        out.write(text);
        out.finish();
    }

    testing::TemporaryFolder folder_;
    const fs::path file_ = folder_.path() / "out.json";
};

TEST_F(OutputFileTest, StandsUnderItsNameOnceItIsWhole) {
    std::ofstream(file_) << "before";
    {
        OutputFile out(file_);
        out.write("not all");
    }
    EXPECT_EQ(text_of(file_), "before");
    write(file_, "all");
    EXPECT_EQ(text_of(file_), "all");
    EXPECT_FALSE(fs::exists(file_.string() + ".unfinished"));
}

TEST_F(OutputFileTest, WritesWhatALinkNames) {
    std::ofstream(file_) << "before";
    const fs::path link = folder_.path() / "link.json";
    fs::create_symlink("out.json", link);
    write(link, "all");
    EXPECT_TRUE(fs::is_symlink(link));
    EXPECT_EQ(text_of(file_), "all");
}

TEST_F(OutputFileTest, TakesThePlaceOfNoDatabase) {
    const std::string database = std::string("SQLite format 3") + '\0' + std::string(100, 'x');
    std::ofstream(file_, std::ios::binary) << database;
    EXPECT_THROW(OutputFile{file_}, InvalidArgument);
    EXPECT_EQ(text_of(file_), database);
}

TEST_F(OutputFileTest, TakesThePlaceOfNothingThatBelongsToADatabase) {
    std::ofstream(file_, std::ios::binary) << std::string("SQLite format 3") + '\0';
    for (const std::string suffix : {"-wal", "-shm", "-journal"}) {
        const fs::path part = file_.string() + suffix;
        EXPECT_THROW(OutputFile{part}, InvalidArgument) << suffix << " may be made any moment";
        std::ofstream(part) << "committed";
        EXPECT_THROW(OutputFile{part}, InvalidArgument) << suffix;
        const fs::path link = folder_.path() / ("link" + suffix);
        fs::create_symlink(part, link);
        EXPECT_THROW(OutputFile{link}, InvalidArgument) << "a link to " << suffix;
        EXPECT_EQ(text_of(part), "committed");
    }
    const fs::path other = folder_.path() / "nobody's-wal";
    write(other, "all");
    EXPECT_EQ(text_of(other), "all");
}

TEST_F(OutputFileTest, TakesThePlaceOfNoLogOfADatabase) {
    for (const std::string log : {"\x37\x7f\x06\x82 frames", "\x37\x7f\x06\x83 frames"}) {
        std::ofstream(file_, std::ios::binary) << log;
        EXPECT_THROW(OutputFile{file_}, InvalidArgument);
        EXPECT_EQ(text_of(file_), log);
    }
}

/// SQLite's locks are of this kind.
TEST_F(OutputFileTest, LeavesTheLocksOfADatabaseThatThisProcessHasOpen) {
    std::ofstream(file_, std::ios::binary) << std::string("SQLite format 3") + '\0';
    const int database = ::open(file_.c_str(), O_RDWR | O_CLOEXEC);
    struct flock lock = {};
    lock.l_type = F_WRLCK;
    ASSERT_EQ(::fcntl(database, F_SETLK, &lock), 0);
    EXPECT_THROW(OutputFile{file_}, InvalidArgument);
    const pid_t other = ::fork();  // a lock is never in the way of its own process
    if (other == 0) ::_exit(::fcntl(database, F_GETLK, &lock) == 0 ? lock.l_type : -1);
    int status = 0;
    ::waitpid(other, &status, 0);
    EXPECT_EQ(WEXITSTATUS(status), F_WRLCK);
    ::close(database);
}

TEST_F(OutputFileTest, TakesThePlaceOfNoFolderOrPipe) {
    ASSERT_EQ(::mkfifo(file_.c_str(), 0600), 0);
    const fs::path link = folder_.path() / "link";
    fs::create_symlink("out.json", link);
    for (const fs::path& target : {folder_.path(), file_, link}) {
        EXPECT_THROW(OutputFile{target}, InvalidArgument) << target;
    }
    EXPECT_TRUE(fs::is_fifo(file_));
    EXPECT_TRUE(fs::is_symlink(link));
}

}  // namespace
}  // namespace rapport
