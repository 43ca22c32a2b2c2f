#include <gtest/gtest.h>

#include <set>

#include "rapport/channel/whatsapp_export.hpp"

namespace rapport {
namespace {

constexpr std::string_view kChat =
    "1/2/21, 18:05 - Eva: ok\n1/2/21, 18:05 - Eva: ok\n1/2/21, 18:05 - Leo: ok\n"
    "1/2/21, 18:06 - Eva: ok\n1/2/21, 18:06 - Eva added Leo\n"
    "1/2/21, 18:07 - Eva: a.jpg (file attached)\n1/2/21, 18:07 - Eva: b.jpg (file attached)\n";

std::vector<std::string> identities(std::string_view text, DateOrder order = DateOrder::kAuto) {
    const WhatsAppExport parsed = parse_whatsapp(text, order);
    std::vector<std::string> sides;
    sides.reserve(parsed.records.size());
    for (const ExportRecord& record : parsed.records) {
        sides.emplace_back(record.system ? "system" : record.author == "Eva" ? "us" : "them");
    }
    return record_identities(parsed.records, sides);
}

TEST(WhatsAppIdentity, TellsEveryMessageOfAChat) {
    const auto all = identities(kChat);
    ASSERT_EQ(all.size(), 7U);
    EXPECT_EQ(std::set(all.begin(), all.end()).size(), 7U);
}

TEST(WhatsAppIdentity, IsTheSameInALongerExport) {
    const auto shorter = identities(kChat);
    auto longer =
        identities(std::string(kChat) + "1/2/21, 18:07 - Eva: ok\n2/2/21, 9:00 - Leo: ok");
    ASSERT_EQ(longer.size(), 9U);
    longer.resize(shorter.size());
    EXPECT_EQ(longer, shorter);
}

TEST(WhatsAppIdentity, DoesNotDependOnTheDateOrder) {
    EXPECT_EQ(identities(kChat, DateOrder::kDmy), identities(kChat, DateOrder::kMdy));
    EXPECT_EQ(identities(kChat, DateOrder::kDmy), identities(kChat, DateOrder::kYmd));
}

TEST(WhatsAppIdentity, DoesNotDependOnHowTheClockIsWritten) {
    EXPECT_EQ(identities("1/2/21, 18:05 - Eva: ok"), identities("01/02/21, 6:05 PM - Eva: ok"));
}

TEST(WhatsAppIdentity, NumbersEqualMessagesOfOneMinute) {
    const auto all = identities(kChat);
    EXPECT_TRUE(all[0].ends_with(":1"));
    EXPECT_TRUE(all[1].ends_with(":2"));
    EXPECT_EQ(all[0].substr(0, 32), all[1].substr(0, 32));
    EXPECT_NE(all[0].substr(0, 32), all[2].substr(0, 32));
}

}  // namespace
}  // namespace rapport
