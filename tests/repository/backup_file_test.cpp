#include "rapport/repository/backup_file.hpp"

#include <gmock/gmock-matchers.h>

#include <random>
#include <sstream>

#include "rapport/core/error.hpp"
#include "rapport/repository/transfer.hpp"
#include "tests/repository/repository_test.hpp"
#include "tests/support/sample_content.hpp"

namespace rapport::testing {
namespace {

using ::testing::HasSubstr;

std::string problem_of(const std::string& file) {
    std::istringstream in(file);
    return error_of<InvalidDocument>([&] { check_backup(in, "b"); });
}

/// A file of this content, whose checksum is right.
std::string framed(std::string_view content) {
    std::string file;
    BackupEncoder out([&](std::string_view piece) { file += piece; });
    out.write(content);
    out.finish();
    return file;
}

std::string record(std::string_view name, const Document& content) {
    BsonWriter out;
    out.add(name, content);
    return std::string(out.finish().bytes());
}

class BackupFile : public ::testing::Test {
  protected:
    Engine engine{"sqlite"};

    std::string made(int leads) {
        fill(engine.store(), {.leads = leads});
        std::string file;
        await(write_backup(engine.store(), [&](std::string_view piece) { file += piece; }));
        return file;
    }
};

TEST_F(BackupFile, SaysWhatItHolds) {
    std::istringstream in(made(20));
    const BackupSummary summary = check_backup(in, "b");
    EXPECT_EQ(summary.info.engine, "sqlite");
    EXPECT_EQ(summary.content.leads.count(), 20);
    EXPECT_EQ(summary.content.hash(), await(content_of(engine.store())).hash());
}

TEST_F(BackupFile, OfAnEmptyDatabaseIsOne) {
    std::istringstream in(made(0));
    EXPECT_EQ(check_backup(in, "b").content.leads.count(), 0);
}

TEST_F(BackupFile, EveryAlterationIsRefused) {
    // Some hundred KiB: several blocks, and pieces of the reader.
    const std::string file = made(700);
    ASSERT_GT(file.size(), 200'000U);
    const auto seed = std::random_device{}();
    std::mt19937 random(seed);
    const auto somewhere = [&](std::size_t size) { return random() % size; };
    for (int i = 0; i < 1000; ++i) {
        std::string altered = file;
        switch (i % 5) {
            case 0:
                altered[somewhere(file.size())] ^= static_cast<char>(1U << random() % 8);
                break;
            case 1:
                altered.resize(somewhere(file.size()));
                break;
            case 2:
                altered += std::string(1 + random() % 100, static_cast<char>(random()));
                break;
            case 3: {
                const std::size_t block = 1 + random() % 5000;
                const std::size_t a = somewhere(file.size() / 2 - block);
                const std::size_t b = file.size() / 2 + somewhere(file.size() / 2 - block);
                std::swap_ranges(altered.begin() + a, altered.begin() + a + block,
                                 altered.begin() + b);
                break;
            }
            default:
                altered.erase(somewhere(file.size()), 1 + random() % 100);
        }
        if (altered == file) continue;  // equal blocks swapped
        std::istringstream in(altered);
        EXPECT_THROW(check_backup(in, "b"), InvalidDocument) << "seed " << seed << ", case " << i;
    }
    std::istringstream in(file);
    EXPECT_EQ(check_backup(in, "b").content.leads.count(), 700);
}

TEST_F(BackupFile, IsRefusedWithAReason) {
    const std::string file = made(5);
    EXPECT_EQ(problem_of(""), "b: not a backup of Rapport");
    EXPECT_EQ(problem_of("{\"format\": \"rapport-export\"}          "),
              "b: not a backup of Rapport");
    EXPECT_EQ(problem_of(file.substr(0, 30)), "b: cut short");
    EXPECT_THAT(problem_of(file + "\n"), HasSubstr("b: altered"));
    std::string newer = file;
    newer[newer.find("BACKUP 1") + 7] = '2';
    EXPECT_THAT(problem_of(newer), HasSubstr("a version that this program does not know"));
}

/// Whoever makes a file with a right checksum gets no further either.
TEST_F(BackupFile, WhatStandsBelowTheChecksumIsChecked) {
    BsonWriter head;
    head.add("made_at", kStart);
    head.add("engine", "sqlite");
    const std::string begun = record("head", head.finish());
    BsonWriter end;
    end.add("leads", std::int64_t{1});
    EXPECT_THAT(problem_of(framed("")), HasSubstr("ends too early"));
    EXPECT_THAT(problem_of(framed(begun)), HasSubstr("ends too early"));
    EXPECT_THAT(problem_of(framed(record("leads", Document()))), HasSubstr("begins with"));
    EXPECT_THAT(problem_of(framed(begun + record("orders", Document()))), HasSubstr("newer"));
    EXPECT_THAT(problem_of(framed(begun + record("end", end.finish()))),
                HasSubstr("does not hold"));
    EXPECT_THAT(problem_of(framed(begun + std::string("\xff\xff\xff\x7f", 4))),
                HasSubstr("a length that none has"));
    EXPECT_THAT(problem_of(framed(begun + std::string("\x09\0\0\0\x03x\0\xff\0", 9))),
                HasSubstr("not BSON"));
}

}  // namespace
}  // namespace rapport::testing
