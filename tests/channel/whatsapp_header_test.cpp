#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "tests/channel/reading.hpp"

namespace rapport {
namespace {

using testing::moment_in;
using testing::record_in;

struct Head {
    std::string_view line;
    std::string_view moment;
};

std::ostream& operator<<(std::ostream& out, const Head& head) {
    return out << ::testing::PrintToString(head.line);
}

class WhatsAppHead : public ::testing::TestWithParam<Head> {};

TEST_P(WhatsAppHead, GivesMomentAuthorAndText) {
    EXPECT_EQ(moment_in(GetParam().line), GetParam().moment);
    const ExportRecord record = record_in(GetParam().line);
    EXPECT_EQ(record.author, "Eva");
    EXPECT_EQ(record.text, "hola");
    EXPECT_FALSE(record.system);
}

INSTANTIATE_TEST_SUITE_P(
    Marks, WhatsAppHead,
    ::testing::Values(Head{"\u200E[24/12/2021, 18:05:09] Eva: hola", "2021-12-24T18:05:09"},
                      Head{"\u200F\u202A[24/12/2021, 18:05:09]\u202C Eva: hola",
                           "2021-12-24T18:05:09"},
                      Head{"\u2068[24/12/2021\u2069, 18:05:09] Eva: hola", "2021-12-24T18:05:09"},
                      Head{"\uFEFF24/12/2021, 18:05 - Eva: hola", "2021-12-24T18:05:00"},
                      Head{"24\u200F/12\u200F/2021، 18:05 - Eva: hola", "2021-12-24T18:05:00"}));

INSTANTIATE_TEST_SUITE_P(
    DateShapes, WhatsAppHead,
    ::testing::Values(Head{"24-12-2021 18:05 - Eva: hola", "2021-12-24T18:05:00"},
                      Head{"24.12.21, 18:05 - Eva: hola", "2021-12-24T18:05:00"},
                      Head{"24. 12. 2021. 18:05 - Eva: hola", "2021-12-24T18:05:00"},
                      Head{"2021. 12. 24. 18:05 - Eva: hola", "2021-12-24T18:05:00"},
                      Head{"2021-24-12, 18:05 - Eva: hola", "2021-12-24T18:05:00"},
                      Head{"12/2021/24, 18:05 - Eva: hola", "2021-12-24T18:05:00"},
                      Head{"24/2021/12, 18:05 - Eva: hola", "2021-12-24T18:05:00"},
                      Head{"2021年12月24日 18:05 - Eva: hola", "2021-12-24T18:05:00"},
                      Head{"2021년 12월 24일 오후 6시 05분 - Eva: hola", "2021-12-24T18:05:00"},
                      Head{"18:05, 24/12/2021 - Eva: hola", "2021-12-24T18:05:00"},
                      Head{"6:05 PM 24/12/2021: Eva: hola", "2021-12-24T18:05:00"},
                      Head{"[Fri, 24/12/2021, 18:05:09] Eva: hola", "2021-12-24T18:05:09"}));

INSTANTIATE_TEST_SUITE_P(
    Words, WhatsAppHead,
    ::testing::Values(Head{"24.12.2021 klo 18.05 - Eva: hola", "2021-12-24T18:05:00"},
                      Head{"24.12.2021 kl. 18.05 - Eva: hola", "2021-12-24T18:05:00"},
                      Head{"24.12.21 um 18:05 - Eva: hola", "2021-12-24T18:05:00"},
                      Head{"24/12/2021 às 18:05 - Eva: hola", "2021-12-24T18:05:00"},
                      Head{"24/12/2021 à 18:05 - Eva: hola", "2021-12-24T18:05:00"},
                      Head{"24/12/2021 a las 18:05 - Eva: hola", "2021-12-24T18:05:00"},
                      Head{"24/12/21 pukul 18.05 - Eva: hola", "2021-12-24T18:05:00"},
                      Head{"24.12.21 г., 18:05 ч. - Eva: hola", "2021-12-24T18:05:00"},
                      Head{"24/12/2021, 18:05 น. - Eva: hola", "2021-12-24T18:05:00"},
                      Head{"24.12.21, 18:05 Uhr - Eva: hola", "2021-12-24T18:05:00"}));

INSTANTIATE_TEST_SUITE_P(
    TimeShapes, WhatsAppHead,
    ::testing::Values(Head{"24/12/2021, 18h05 - Eva: hola", "2021-12-24T18:05:00"},
                      Head{"2021-12-24 18 h 05 - Eva: hola", "2021-12-24T18:05:00"},
                      Head{"2021-12-24 18 h 05 min 09 s - Eva: hola", "2021-12-24T18:05:09"},
                      Head{"2021/12/24 18時05分09秒 - Eva: hola", "2021-12-24T18:05:09"},
                      Head{"24/12/2021, 24:05 - Eva: hola", "2021-12-24T00:05:00"},
                      Head{"24/12/2021, 18:05 – Eva: hola", "2021-12-24T18:05:00"},
                      Head{"24/12/2021, 18:05:09 Eva: hola", "2021-12-24T18:05:09"},
                      Head{"24.12.21 18.05.09: Eva: hola", "2021-12-24T18:05:09"}));

INSTANTIATE_TEST_SUITE_P(
    Halves, WhatsAppHead,
    ::testing::Values(Head{"24/12/2021, 6:05 PM - Eva: hola", "2021-12-24T18:05:00"},
                      Head{"24/12/2021, 12:05 am - Eva: hola", "2021-12-24T00:05:00"},
                      Head{"24/12/2021, 12:05 pm - Eva: hola", "2021-12-24T12:05:00"},
                      Head{"24/12/2021, 0:05 PM - Eva: hola", "2021-12-24T12:05:00"},
                      Head{"24/12/2021 6:05 p.\u00A0m. - Eva: hola", "2021-12-24T18:05:00"},
                      Head{"24/12/2021, 6:05\u202Fa.m. - Eva: hola", "2021-12-24T06:05:00"},
                      Head{"24/12/2021, 6:05PM - Eva: hola", "2021-12-24T18:05:00"},
                      Head{"[24/12/2021, 6:05:09 P. M.] Eva: hola", "2021-12-24T18:05:09"},
                      Head{"24/12/2021, 6:05 ΜΜ - Eva: hola", "2021-12-24T18:05:00"},
                      Head{"24.12.2021 ÖS 6:05 - Eva: hola", "2021-12-24T18:05:00"},
                      Head{"24/12/2021, 6:05 CH - Eva: hola", "2021-12-24T18:05:00"},
                      Head{"24.12.2021, 6:05 e pasdites - Eva: hola", "2021-12-24T18:05:00"},
                      Head{"2021/12/24 下午6:05 - Eva: hola", "2021-12-24T18:05:00"},
                      Head{"2021/12/24 晚上 12:05 - Eva: hola", "2021-12-24T00:05:00"},
                      Head{"2021/12/24 晚上9:05 - Eva: hola", "2021-12-24T21:05:00"},
                      Head{"2021/12/24 半夜 3:05 - Eva: hola", "2021-12-24T03:05:00"},
                      Head{"2021/12/24 中午 12:05 - Eva: hola", "2021-12-24T12:05:00"},
                      Head{"2021/12/24 中午 11:55 - Eva: hola", "2021-12-24T11:55:00"},
                      Head{"2021/12/24 中午 1:05 - Eva: hola", "2021-12-24T13:05:00"},
                      Head{"21. 12. 24. 오후 6:05 - Eva: hola", "2021-12-24T18:05:00"},
                      Head{"24/12/2021، 6:05 م - Eva: hola", "2021-12-24T18:05:00"},
                      Head{"24/12/2021, 18:05 PM - Eva: hola", "2021-12-24T18:05:00"}));

INSTANTIATE_TEST_SUITE_P(
    DigitsAndEras, WhatsAppHead,
    ::testing::Values(Head{"٢٤/١٢/٢٠٢١، ٦:٠٥ م - Eva: hola", "2021-12-24T18:05:00"},
                      Head{"۲۴/۱۲/۲۰۲۱، ۱۸:۰۵ - Eva: hola", "2021-12-24T18:05:00"},
                      Head{"२४/१२/२०२१, १८:०५ - Eva: hola", "2021-12-24T18:05:00"},
                      Head{"๒๔/๑๒/๒๕๖๔ ๑๘:๐๕ - Eva: hola", "2021-12-24T18:05:00"},
                      Head{"２４/１２/２０２１、１８：０５ - Eva: hola", "2021-12-24T18:05:00"},
                      Head{"24/12/2564 18:05 - Eva: hola", "2021-12-24T18:05:00"},
                      Head{"24/12/64 18:05 - Eva: hola", "2021-12-24T18:05:00"},
                      Head{"۱۴۰۰/۱۰/۳، ۱۸:۰۵ - Eva: hola", "2021-12-24T18:05:00"},
                      // The last day of a leap year, and the first after it.
                      Head{"1399/12/30, 18:05 - Eva: hola", "2021-03-20T18:05:00"},
                      Head{"1400/1/1, 18:05 - Eva: hola", "2021-03-21T18:05:00"}));

class NoWhatsAppHead : public ::testing::TestWithParam<std::string_view> {};

TEST_P(NoWhatsAppHead, StartsNoMessage) {
    EXPECT_TRUE(parse_whatsapp(GetParam()).records.empty()) << GetParam();
    // Inside a chat it goes on with the message before.
    const ExportRecord record =
        record_in("24/12/2021, 18:05 - Eva: hola\n" + std::string(GetParam()));
    EXPECT_EQ(record.text, "hola\n" + std::string(GetParam()));
}

INSTANTIATE_TEST_SUITE_P(
    Lines, NoWhatsAppHead,
    ::testing::Values("Total: USD 250", "24/12: cena", "24/12/2021", "24/12/2021: cena en casa",
                      "18:05 - Eva: tarde", "24/12/2021, 18:65 - Eva: hola",
                      "24/12/2021, 25:05 - Eva: hola", "24/12/2021, 18:5 - Eva: hola",
                      "31/02/2021, 18:05 - Eva: hola", "45/12/2021, 18:05 - Eva: hola",
                      "24/13/2021, 18:05 - Eva: hola", "24/12/202, 18:05 - Eva: hola",
                      "24/12.2021, 18:05 - Eva: hola", "24/12/1821, 18:05 - Eva: hola",
                      "1400/12/30, 18:05 - Eva: hola", "[24/12/2021, 18:05:09 Eva: hola",
                      "24/12/2021, 18:05- hola", "24/12/2021 18:05:09 nos vemos", "1. 2. 3. 4",
                      "10.0.0.1:80 - Eva: hola", "-", "[]", "[", "24/12/2021,"));

TEST(WhatsAppLocales, EachIsReadInBothPlatformsHeads) {
    std::ifstream file(RAPPORT_CHANNEL_DATA "/locales.txt");
    std::string row;
    int rows = 0;
    while (std::getline(file, row)) {
        if (row.starts_with('#')) continue;
        ++rows;
        const std::size_t first = row.find('\t');
        const std::size_t second = row.find('\t', first + 1);
        const std::string moment = row.substr(first + 1, second - first - 1);
        const std::string head = row.substr(second + 1);
        for (const std::string& line : {head + " - Eva: hola", "[" + head + "] Eva: hola"}) {
            EXPECT_EQ(moment_in(line).substr(0, moment.size()), moment) << row;
            EXPECT_EQ(record_in(line).author, "Eva") << row;
        }
    }
    EXPECT_GT(rows, 400);
}

}  // namespace
}  // namespace rapport
