#include "rapport/core/utf8.hpp"

#include <gtest/gtest.h>

namespace rapport {
namespace {

using namespace std::string_literals;
using namespace std::string_view_literals;

constexpr auto kReplacement = "\xEF\xBF\xBD"sv;

class WellFormed : public ::testing::TestWithParam<std::string_view> {};
class IllFormed : public ::testing::TestWithParam<std::string_view> {};

TEST_P(WellFormed, IsAcceptedAndLeftAsItIs) {
    EXPECT_TRUE(is_valid_utf8(GetParam()));
    const RepairedText repaired = repair_utf8(GetParam());
    EXPECT_EQ(repaired.text, GetParam());
    EXPECT_EQ(repaired.replaced, 0U);
}

TEST_P(IllFormed, IsRefusedAndRepairedToWellFormedText) {
    EXPECT_FALSE(is_valid_utf8(GetParam()));
    EXPECT_FALSE(is_valid_utf8("before "s + std::string(GetParam())));
    const RepairedText repaired = repair_utf8(GetParam());
    EXPECT_GT(repaired.replaced, 0U);
    EXPECT_TRUE(is_valid_utf8(repaired.text));
}

INSTANTIATE_TEST_SUITE_P(Utf8, WellFormed,
                         ::testing::Values(""sv, "plain"sv, "a\0b"sv, "ñandú €"sv, "👍🏽"sv,
                                           "שלום"sv, "\xC2\x80"sv, "\xDF\xBF"sv, "\xE0\xA0\x80"sv,
                                           "\xED\x9F\xBF"sv, "\xEE\x80\x80"sv, "\xEF\xBF\xBF"sv,
                                           "\xF0\x90\x80\x80"sv, "\xF4\x8F\xBF\xBF"sv));

INSTANTIATE_TEST_SUITE_P(Utf8, IllFormed,
                         ::testing::Values("\x80"sv, "\xC0\x80"sv, "\xC1\xBF"sv, "\xC2"sv,
                                           "\xE0\x9F\xBF"sv, "\xED\xA0\x80"sv /* a surrogate */,
                                           "\xE2\x82"sv, "\xF0\x8F\xBF\xBF"sv,
                                           "\xF4\x90\x80\x80"sv /* past U+10FFFF */,
                                           "\xF5\x80\x80\x80"sv, "\xFF"sv,
                                           "caf\xE9"sv /* Latin-1 */, "\xC2\xC2\x80"sv));

TEST(Utf8, EveryMaximalPartBecomesOneReplacement) {
    // The example of the Unicode standard, table 3-8.
    const RepairedText repaired =
        repair_utf8("\x61\xF1\x80\x80\xE1\x80\xC2\x62\x80\x63\x80\xBF\x64");
    std::string expected = "a";
    expected += kReplacement;
    expected += kReplacement;
    expected += kReplacement;
    expected += 'b';
    expected += kReplacement;
    expected += 'c';
    expected += kReplacement;
    expected += kReplacement;
    expected += 'd';
    EXPECT_EQ(repaired.text, expected);
    EXPECT_EQ(repaired.replaced, 6U);
}

TEST(Utf8, CountsCodePoints) {
    EXPECT_EQ(count_characters(""), 0U);
    EXPECT_EQ(count_characters("ñandú"), 5U);
    EXPECT_EQ(count_characters("a\0b"sv), 3U);
    EXPECT_EQ(count_characters("👍🏽"), 2U);
}

}  // namespace
}  // namespace rapport
