#include "rapport/channel/jsonl_file.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <vector>

#include "rapport/core/error.hpp"
#include "tests/store/temporary_folder.hpp"

namespace rapport {
namespace {

using namespace std::string_literals;

class JsonlFileTest : public ::testing::Test {
  protected:
    std::filesystem::path write(const std::string& bytes) const {
        std::ofstream(folder_.path() / "file", std::ios::binary) << bytes;
        return folder_.path() / "file";
    }

    testing::TemporaryFolder folder_;
};

std::vector<JsonlFile::Line> lines_of(JsonlFile& file) {
    std::vector<JsonlFile::Line> lines;
    while (auto line = file.next()) lines.push_back(std::move(*line));
    return lines;
}

TEST_F(JsonlFileTest, GivesItsLinesWithTheirPlaces) {
    JsonlFile file(write("\xEF\xBB\xBF{1}\r\n\n \t\n{22}\n{3\xFF}"));
    const auto lines = lines_of(file);
    ASSERT_EQ(lines.size(), 3U);
    EXPECT_EQ(lines[0].text, "{1}\r");
    EXPECT_EQ(lines[0].number, 1);
    EXPECT_EQ(lines[1].text, "{22}");
    EXPECT_EQ(lines[1].number, 4);
    EXPECT_EQ(lines[2].text, "{3\uFFFD}");
    EXPECT_EQ(file.replaced_bytes(), 1U);
    for (const std::size_t i : {2U, 0U, 1U, 2U, 1U}) {
        file.go_to(lines[i].offset);
        const auto again = file.next();
        ASSERT_TRUE(again);
        EXPECT_EQ(again->text, lines[i].text);
    }
}

TEST_F(JsonlFileTest, IsToldByItsFirstCharacter) {
    EXPECT_TRUE(is_jsonl_file(write("{\"lead_id\":1}")));
    EXPECT_TRUE(is_jsonl_file(write("\xEF\xBB\xBF\r\n {")));
    EXPECT_FALSE(is_jsonl_file(write("24/12/23, 9:05 PM - Ana: {")));
    EXPECT_FALSE(is_jsonl_file(write("")));
    EXPECT_FALSE(is_jsonl_file(write("\xFF\xFE{\0"s))) << "UTF-16";
    EXPECT_FALSE(is_jsonl_file(write("PK\x03\x04{")));
    EXPECT_FALSE(is_jsonl_file(folder_.path()));
    EXPECT_FALSE(is_jsonl_file(folder_.path() / "nothing"));
}

TEST_F(JsonlFileTest, IsNoPipeWhichCannotBeReadTwice) {
    const auto pipe = folder_.path() / "pipe";
    ASSERT_EQ(mkfifo(pipe.c_str(), S_IRUSR | S_IWUSR), 0);
    EXPECT_FALSE(is_jsonl_file(pipe));
}

TEST_F(JsonlFileTest, SaysThatItCannotBeRead) {
    EXPECT_THROW(JsonlFile(folder_.path() / "nothing"), InvalidArgument);
}

}  // namespace
}  // namespace rapport
