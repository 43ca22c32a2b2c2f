#include <gtest/gtest.h>

#include "tests/channel/reading.hpp"

namespace rapport {
namespace {

using testing::moment_in;
using testing::shown;
using enum DateOrder;

struct Chat {
    std::string_view name;
    std::string_view text;
    DateOrder order;
    std::string_view first_moment;
};

std::ostream& operator<<(std::ostream& out, const Chat& chat) { return out << chat.name; }

class WhatsAppDateOrder : public ::testing::TestWithParam<Chat> {};

TEST_P(WhatsAppDateOrder, IsFoundFromTheWholeFile) {
    const WhatsAppExport parsed = parse_whatsapp(GetParam().text);
    EXPECT_EQ(parsed.date_order, GetParam().order);
    ASSERT_FALSE(parsed.records.empty());
    EXPECT_EQ(shown(parsed.records.front().local_time), GetParam().first_moment);
}

INSTANTIATE_TEST_SUITE_P(
    Files, WhatsAppDateOrder,
    ::testing::Values(Chat{"NothingTells", "5/4/21, 10:00 - A: x", kDmy, "2021-04-05T10:00:00"},
                      Chat{"ALaterDayIsOver12InFront",
                           "5/4/21, 10:00 - A: x\n13/4/21, 10:00 - A: x", kDmy,
                           "2021-04-05T10:00:00"},
                      Chat{"ALaterDayIsOver12InTheMiddle",
                           "5/4/21, 10:00 - A: x\n5/13/21, 10:00 - A: x", kMdy,
                           "2021-05-04T10:00:00"},
                      Chat{"YearFirst", "2021-05-04, 10:00 - A: x", kYmd, "2021-05-04T10:00:00"},
                      Chat{"YearFirstDayNext", "2021/05/04, 10:00 - A: x\n2021/13/04, 10:00 - A: x",
                           kYdm, "2021-04-05T10:00:00"},
                      Chat{"TwoDigitYearFirst",
                           "21/04/29, 10:00 - A: x\n21/04/30, 10:00 - A: x\n21/05/31, 10:00 - A: x",
                           kYmd, "2021-04-29T10:00:00"},
                      Chat{"OnceAYearDayFirst", "21/04/19, 10:00 - A: x\n21/04/20, 10:00 - A: x",
                           kDmy, "2019-04-21T10:00:00"},
                      Chat{"TimeGoesOnDayFirst",
                           "28/4/21, 10:00 - A: x\n1/5/21, 10:00 - A: x\n3/5/21, 10:00 - A: x",
                           kDmy, "2021-04-28T10:00:00"},
                      Chat{"TimeWouldStepBackDayFirst",
                           "1/9/21, 10:00 - A: x\n1/10/21, 10:00 - A: x\n2/3/21, 10:00 - A: x",
                           kMdy, "2021-01-09T10:00:00"},
                      Chat{"DaysFollowRatherThanMonths",
                           "3/1/21, 10:00 - A: x\n3/2/21, 10:00 - A: x\n3/3/21, 10:00 - A: x", kMdy,
                           "2021-03-01T10:00:00"},
                      Chat{"MoreDatesExist",
                           "5/13/21, 10:00 - A: x\n5/14/21, 10:00 - A: x\n14/5/21, 10:00 - A: x",
                           kMdy, "2021-05-13T10:00:00"}),
    [](const auto& info) { return std::string(info.param.name); });

TEST(WhatsAppDateOrderOption, WinsOverWhatTheFileSuggests) {
    constexpr std::string_view kLine = "05/04/06, 10:00 - A: x";
    EXPECT_EQ(moment_in(kLine, kDmy), "2006-04-05T10:00:00");
    EXPECT_EQ(moment_in(kLine, kMdy), "2006-05-04T10:00:00");
    EXPECT_EQ(moment_in(kLine, kYmd), "2005-04-06T10:00:00");
    EXPECT_EQ(moment_in(kLine, kYdm), "2005-06-04T10:00:00");
    EXPECT_EQ(parse_whatsapp(kLine, kYdm).date_order, kYdm);
}

TEST(WhatsAppDateOrderOption, LeavesAYearOfFourDigitsWhereItStands) {
    EXPECT_EQ(moment_in("2021/04/05, 10:00 - A: x", kMdy), "2021-04-05T10:00:00");
    EXPECT_EQ(moment_in("2021/04/05, 10:00 - A: x", kDmy), "2021-05-04T10:00:00");
    EXPECT_EQ(moment_in("04/05/2021, 10:00 - A: x", kYmd), "2021-04-05T10:00:00");
}

TEST(WhatsAppDateOrderOption, CountsLinesWhoseDayDoesNotExistInIt) {
    const auto parsed =
        parse_whatsapp("5/4/21, 10:00 - A: x\n13/4/21, 10:00 - B: y\n14/4/21, 10:00 - B: z", kMdy);
    ASSERT_EQ(parsed.records.size(), 1U);
    EXPECT_EQ(parsed.records[0].text, "x\n13/4/21, 10:00 - B: y\n14/4/21, 10:00 - B: z");
    EXPECT_EQ(parsed.impossible_dates, 2U);
    EXPECT_EQ(parsed.first_impossible, 2);
}

TEST(WhatsAppDateOrderOption, OfAFileWithoutMessagesIsDayFirst) {
    EXPECT_EQ(parse_whatsapp("").date_order, kDmy);
}

}  // namespace
}  // namespace rapport
