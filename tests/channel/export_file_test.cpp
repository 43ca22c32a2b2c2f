#include "rapport/channel/export_file.hpp"

#include <gtest/gtest.h>
#include <zip.h>

#include <fstream>

#include "rapport/core/error.hpp"
#include "tests/store/temporary_folder.hpp"

namespace rapport {
namespace {

using namespace std::string_literals;
using testing::TemporaryFolder;

class ExportFile : public ::testing::Test {
  protected:
    std::filesystem::path write(const std::string& name, const std::string& bytes) {
        const auto path = folder_.path() / name;
        std::ofstream(path, std::ios::binary) << bytes;
        return path;
    }

    struct Entry {
        std::string name;
        std::string bytes;
        bool encrypted = false;
    };

    std::filesystem::path write_zip(const std::string& name, const std::vector<Entry>& entries) {
        const auto path = folder_.path() / name;
        zip_t* archive = zip_open(path.c_str(), ZIP_CREATE | ZIP_TRUNCATE, nullptr);
        for (const Entry& entry : entries) {
            zip_source_t* source =
                zip_source_buffer(archive, entry.bytes.data(), entry.bytes.size(), 0);
            const auto index = zip_file_add(archive, entry.name.c_str(), source, ZIP_FL_ENC_UTF_8);
            if (entry.encrypted) {
                zip_file_set_encryption(archive, static_cast<zip_uint64_t>(index), ZIP_EM_AES_256,
                                        "secret");
            }
        }
        EXPECT_EQ(zip_close(archive), 0);
        return path;
    }

    /// The reason why a file is refused, which starts with its name.
    static std::string refusal(const std::filesystem::path& file) {
        try {
            read_export(file);
        } catch (const InvalidArgument& error) {
            const std::string what = error.what();
            EXPECT_TRUE(what.starts_with(file.string() + ": ")) << what;
            return what.substr(file.string().size() + 2);
        }
        return "read";
    }

    TemporaryFolder folder_;
};

TEST_F(ExportFile, IsReadAsItIs) {
    EXPECT_EQ(read_export(write("chat.txt", "añ\r\nb\0c"s)).text, "añ\r\nb\0c"s);
    EXPECT_EQ(read_export(write("short.txt", "a")).text, "a");
    EXPECT_EQ(read_export(write("empty.txt", "")).text, "");
    EXPECT_EQ(read_export(write("empty.txt", "")).replaced_bytes, 0U);
}

TEST_F(ExportFile, LosesItsByteOrderMark) {
    EXPECT_EQ(read_export(write("chat.txt", "\xEF\xBB\xBFñ")).text, "ñ");
}

TEST_F(ExportFile, MayBeUtf16) {
    EXPECT_EQ(read_export(write("le.txt", "\xFF\xFE\xF1\x00\x3D\xD8\x4D\xDC\x0A\x00"s)).text,
              "ñ👍\n"s);
    EXPECT_EQ(read_export(write("be.txt", "\xFE\xFF\x00\xF1\xD8\x3D\xDC\x4D\x20\xAC"s)).text,
              "ñ👍€"s);
}

TEST_F(ExportFile, HasItsIllFormedPartsReplacedAndCounted) {
    const ExportText utf8 = read_export(write("chat.txt",
                                              "a\xFF"
                                              "b\xC3"));
    EXPECT_EQ(utf8.text, "a\uFFFDb\uFFFD");
    EXPECT_EQ(utf8.replaced_bytes, 2U);
    // A lone high surrogate, a lone low one, half a unit.
    const ExportText utf16 = decode_text("\xFF\xFE\x3D\xD8\x61\x00\x4D\xDC\x62\x00\x63"s);
    EXPECT_EQ(utf16.text, "\uFFFDa\uFFFDb\uFFFD");
    EXPECT_EQ(utf16.replaced_bytes, 3U);
    EXPECT_EQ(decode_text("\xFF\xFE\x3D\xD8"s).text, "\uFFFD");
}

TEST_F(ExportFile, IsRefusedWithTheReason) {
    EXPECT_EQ(refusal(folder_.path() / "none.txt"), "no such file");
    EXPECT_NE(refusal(folder_.path()).find("a folder"), std::string::npos);
}

TEST_F(ExportFile, InAnArchiveIsFoundByItsName) {
    const std::vector<Entry> media{{"IMG.jpg", "x"}, {"a.txt", "no"}, {"b.txt", "no"}};
    auto ios = media;
    ios.push_back({"WhatsApp notes.txt", "no"});
    ios.push_back({"_chat.txt", "the chat"});
    EXPECT_EQ(read_export(write_zip("ios.zip", ios)).text, "the chat");
    auto android = media;
    android.push_back({"Chat de WhatsApp con Eva.txt", "the chat"});
    EXPECT_EQ(read_export(write_zip("android.zip", android)).text, "the chat");
    EXPECT_EQ(read_export(write_zip("android.zip", android)).name_in_archive,
              "Chat de WhatsApp con Eva.txt");
    EXPECT_EQ(read_export(write_zip("inside.zip", {{"folder/_chat.txt", "the chat"}})).text,
              "the chat");
    EXPECT_EQ(read_export(write_zip("only.zip", {{"IMG.jpg", "x"}, {"Eva.txt", "the chat"}})).text,
              "the chat");
    EXPECT_EQ(read_export(write_zip("mac.zip", {{"__MACOSX/._chat.txt", "no"},
                                                {"__MACOSX/_chat.txt", "no"},
                                                {"Eva.txt", "the chat"}}))
                  .text,
              "the chat");
}

TEST_F(ExportFile, InAnArchiveIsKnownByContentAndDecoded) {
    EXPECT_EQ(read_export(write_zip("chat.txt", {{"_chat.txt", "\xEF\xBB\xBFñ\xFF"}})).text,
              "ñ\uFFFD");
    EXPECT_EQ(read_export(write_zip("none.zip", {{"_chat.txt", ""}})).text, "");
}

TEST_F(ExportFile, InAnArchiveIsRefusedWithTheReason) {
    EXPECT_NE(refusal(write_zip("photos.zip", {{"a.jpg", "x"}})).find("without a chat"),
              std::string::npos);
    EXPECT_NE(
        refusal(write_zip("two.zip", {{"a.txt", "x"}, {"b.txt", "y"}})).find("without a chat"),
        std::string::npos);
    EXPECT_NE(refusal(write_zip("locked.zip", {{"_chat.txt", "x", true}})).find("encrypted"),
              std::string::npos);
    EXPECT_NE(refusal(write("torn.zip", "PK\x03\x04torn")).find("damaged"), std::string::npos);
}

TEST_F(ExportFile, InAnArchiveWithAWrongChecksumIsRefused) {
    const auto path = write_zip("bad.zip", {{"_chat.txt", std::string(2'000, 'x') + "end"}});
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(40);
    file << '\x7F';
    file.close();
    EXPECT_NE(refusal(path), "read");
}

TEST(InputFormat, IsToldByContent) {
    EXPECT_EQ(detect_format("{\"lead_id\": 1}"), InputFormat::kJsonl);
    EXPECT_EQ(detect_format("\n \t{"), InputFormat::kJsonl);
    EXPECT_EQ(detect_format("[24/12/21, 18:05:09] Eva: {"), InputFormat::kWhatsApp);
    EXPECT_EQ(detect_format(""), InputFormat::kWhatsApp);
}

}  // namespace
}  // namespace rapport
