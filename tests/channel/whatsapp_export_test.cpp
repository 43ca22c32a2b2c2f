#include <gtest/gtest.h>

#include <chrono>

#include "tests/channel/reading.hpp"

namespace rapport {
namespace {

using testing::record_in;
using Names = std::vector<std::string>;

TEST(WhatsAppExport, KeepsLinesWithTheMessageTheyBelongTo) {
    const auto parsed = parse_whatsapp(
        "24/12/2021, 18:05 - Eva: la lista:\n\npan\n  leche \n"
        "24/12/2021, 18:06 - Leo: vale\n");
    ASSERT_EQ(parsed.records.size(), 2U);
    EXPECT_EQ(parsed.records[0].text, "la lista:\n\npan\n  leche ");
    EXPECT_EQ(parsed.records[0].line, 1);
    EXPECT_EQ(parsed.records[1].text, "vale");
    EXPECT_EQ(parsed.records[1].line, 5);
    EXPECT_EQ(parsed.authors, (Names{"Eva", "Leo"}));
}

TEST(WhatsAppExport, ReadsLineEndsOfBothKinds) {
    const auto parsed = parse_whatsapp(
        "24/12/2021, 18:05 - Eva: uno\r\ndos\n24/12/2021, 18:06 - Leo: tres\r\n"
        "24/12/2021, 18:07 - Eva: cuatro");
    ASSERT_EQ(parsed.records.size(), 3U);
    EXPECT_EQ(parsed.records[0].text, "uno\ndos");
    EXPECT_EQ(parsed.records[1].text, "tres");
    EXPECT_EQ(parsed.records[2].text, "cuatro");
}

TEST(WhatsAppExport, HasNoRecordsWithoutAMessage) {
    for (const std::string_view text : {"", "\n\n", "Dear diary", "a: b\nc: d"}) {
        EXPECT_TRUE(parse_whatsapp(text).records.empty()) << text;
    }
}

TEST(WhatsAppExport, CountsTextBeforeTheFirstMessage) {
    const auto parsed =
        parse_whatsapp("the rest of\n\nan older message\n24/12/21, 18:05 - Eva: hi");
    ASSERT_EQ(parsed.records.size(), 1U);
    EXPECT_EQ(parsed.records[0].text, "hi");
    EXPECT_EQ(parsed.records[0].line, 4);
    EXPECT_EQ(parsed.lines_before_first, 2U);
}

TEST(WhatsAppExport, KeepsAnEmptyMessage) {
    for (const std::string_view line :
         {"24/12/2021, 18:05 - Eva: ", "24/12/2021, 18:05 - Eva:",
          "24/12/2021, 18:05 - Eva: \u200E", "[24/12/21, 18:05:09] Eva: "}) {
        const ExportRecord record = record_in(line);
        EXPECT_EQ(record.author, "Eva") << line;
        EXPECT_EQ(record.text, "") << line;
        EXPECT_FALSE(record.system) << line;
    }
}

TEST(WhatsAppExport, KeepsBothOfTwoEqualMessages) {
    EXPECT_EQ(parse_whatsapp("24/12/21, 18:05 - Eva: ok\n24/12/21, 18:05 - Eva: ok").records.size(),
              2U);
}

TEST(WhatsAppExport, LeavesAPastedHeadOfAnotherStyleInTheMessage) {
    for (const std::string_view pasted :
         {"[24/12/21, 18:05:09] Leo: hola", "2021-12-24 18:05:09 - ERROR: disk full",
          "24-12-2021, 18:05 - Leo: hola", "24/12/2021 cena 21:30 - traer: vino",
          "24/12/2021 18:05 Leo: hola"}) {
        const auto parsed = parse_whatsapp("24/12/2021, 18:00 - Eva: mira\n" + std::string(pasted) +
                                           "\n24/12/2021, 18:10 - Eva: ya");
        ASSERT_EQ(parsed.records.size(), 2U) << pasted;
        EXPECT_EQ(parsed.records[0].text, "mira\n" + std::string(pasted));
        EXPECT_EQ(parsed.authors, Names{"Eva"});
    }
}

TEST(WhatsAppExport, TakesTheStyleOfMostHeads) {
    const auto parsed = parse_whatsapp(
        "[24/12/21, 18:05:09] the end of an older message\n"
        "24/12/2021, 18:00 - Eva: uno\n24/12/2021, 18:10 - Eva: dos");
    ASSERT_EQ(parsed.records.size(), 2U);
    EXPECT_EQ(parsed.lines_before_first, 1U);
}

struct Named {
    std::string_view written;
    std::string_view author;
};

std::ostream& operator<<(std::ostream& out, const Named& named) {
    return out << ::testing::PrintToString(named.written);
}

class WhatsAppAuthor : public ::testing::TestWithParam<Named> {};

TEST_P(WhatsAppAuthor, IsReadAsPeopleKnowIt) {
    const ExportRecord record =
        record_in("24/12/2021, 18:05 - " + std::string(GetParam().written) + ": nota: ver abajo");
    EXPECT_EQ(record.author, GetParam().author);
    EXPECT_EQ(record.text, "nota: ver abajo");
}

INSTANTIATE_TEST_SUITE_P(
    Names, WhatsAppAuthor,
    ::testing::Values(Named{"Eva María", "Eva María"}, Named{"\u200EEva\u200E", "Eva"},
                      Named{"~\u202FEva", "Eva"}, Named{"~ Eva", "Eva"}, Named{"~Eva", "Eva"},
                      Named{"\u202A+44 7700 900123\u202C", "+44 7700 900123"},
                      Named{"Leo \"El Rayo\" Paz", "Leo \"El Rayo\" Paz"}, Named{"إيفا", "إيفا"},
                      Named{"👩‍🍳 Eva", "👩‍🍳 Eva"},
                      Named{"11:30 Club", "11:30 Club"},
                      Named{"Dr. Eva Paz. Clínica", "Dr. Eva Paz. Clínica"}));

TEST(WhatsAppAuthor, IsANumberWhenItLooksLikeOne) {
    for (const std::string_view number :
         {"+52 1 55 1234 5678", "+44 7700 900123", "(555) 010-0199", "٠٥٠١٢٣٤٥٦٧", "5550100"}) {
        EXPECT_TRUE(is_phone_author(number)) << number;
    }
    for (const std::string_view name : {"Eva", "Eva 5550100199", "123", "", "+", "Leo 2"}) {
        EXPECT_FALSE(is_phone_author(name)) << name;
    }
}

TEST(WhatsAppExport, ReadsALargeChatInLinearTime) {
    // 30,000 authors and one message of 50,000 lines: anything quadratic takes minutes.
    std::string text;
    for (int i = 0; i < 30'000; ++i) {
        text += "24/12/2021, 18:05 - Eva " + std::to_string(i) + ": hola <\n";
    }
    for (int i = 0; i < 50'000; ++i) text += "1/1/21 (<\n";
    const auto start = std::chrono::steady_clock::now();
    const auto parsed = parse_whatsapp(text);
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(60));
    EXPECT_EQ(parsed.authors.size(), 30'000U);
    EXPECT_EQ(parsed.records.size(), 30'000U);
}

}  // namespace
}  // namespace rapport
