#include "rapport/domain/phone_number.hpp"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <thread>
#include <vector>

#include "rapport/core/error.hpp"

namespace rapport {
namespace {

struct Case {
    const char* typed;
    const char* region;
    const char* expected;
};

void expect_all(const std::vector<Case>& cases) {
    for (const auto& [typed, region, expected] : cases) {
        EXPECT_EQ(normalize_phone(typed, region), expected) << typed << " in " << region;
    }
}

void expect_refused(const std::vector<std::string>& texts, std::string_view region = "MX") {
    for (const std::string& typed : texts) {
        EXPECT_THROW(normalize_phone(typed, region), InvalidArgument) << typed;
    }
}

std::string message_of(std::string_view typed) {
    try {
        normalize_lead_id(typed, "MX");
    } catch (const InvalidArgument& error) {
        return error.what();
    }
    return "accepted";
}

TEST(PhoneNumber, HasOneFormHoweverItIsTyped) {
    for (const char* typed :
         {"+525587654321", "55 8765 4321", "(55) 8765-4321", "55.8765.4321", " +52 55 8765 4321 ",
          "tel:+52-55-8765-4321", "00 52 55 8765 4321", "525587654321", "52 55 8765 4321",
          "52 55 8765 4321", "\u202A+52 55 8765\u20114321\u202C", "+52 ５５ ８７６５ ４３２１",
          "＋５２５５８７６５４３２１", "Tel: +52 55 8765 4321", "whatsapp:+525587654321",
          "https://wa.me/525587654321"}) {
        EXPECT_EQ(normalize_phone(typed, "MX"), "+525587654321") << typed;
    }
}

TEST(PhoneNumber, InItsOneFormIsLeftAsItIs) {
    for (const char* region : {"MX", "US", "ES", "ZZ"}) {
        for (const char* number :
             {"+525587654321", "+522225550147", "+529981234567", "+12125552368", "+34612345678"}) {
            EXPECT_EQ(normalize_phone(number, region), number) << region;
        }
    }
    // What only looks like a Mexican one.
    expect_refused({"+52558765432x", "+52x587654321"});
}

TEST(PhoneNumber, BelongsToTheDefaultRegionWithoutACountryCode) {
    expect_all({{"612 34 56 78", "ES", "+34612345678"},
                {"06 98 76 54 32", "FR", "+33698765432"},
                {"020 7946 0958", "GB", "+442079460958"},
                {"011 44 20 7946 0958", "US", "+442079460958"},
                {"(212) 555-2368", "US", "+12125552368"},
                {"1-800-FLOWERS", "US", "+18003569377"}});
}

TEST(PhoneNumber, MayLackThePlusBeforeItsCountryCode) {
    expect_all({{"34612345678", "MX", "+34612345678"},
                {"34 612-345-678", "MX", "+34612345678"},
                {"5491134567890", "MX", "+5491134567890"},
                {"447911123456", "MX", "+447911123456"},
                {"525587654321", "ZZ", "+525587654321"}});
}

TEST(PhoneNumber, OfMexicoLosesTheOldMobilePrefixes) {
    expect_all({{"+52 1 55 8765 4321", "MX", "+525587654321"},
                {"5215587654321", "MX", "+525587654321"},
                {"5215587654321", "ES", "+525587654321"},
                {"0052 1 55 8765 4321", "MX", "+525587654321"},
                {"044 55 8765 4321", "MX", "+525587654321"},
                {"045 81 8765 4321", "MX", "+528187654321"},
                {"+52 044 55 8765 4321", "MX", "+525587654321"},
                {"01 55 8765 4321", "MX", "+525587654321"}});
}

TEST(PhoneNumber, OfMexicoKeepsAOneThatIsOneOfTenDigits) {
    expect_all({{"+521587654321", "MX", "+521587654321"}, {"521587654321", "MX", "+521587654321"}});
}

TEST(PhoneNumber, OfMexicoMayBeInAnAreaThatIsNewerThanTheMetadata) {
    expect_all({{"+52 220 566 1234", "MX", "+522205661234"},
                {"2205661234", "MX", "+522205661234"},
                {"522205661234", "US", "+522205661234"}});
}

TEST(PhoneNumber, OfNorthAmericaIsNoMexicanMobileWithItsOldOne) {
    expect_all({{"1 (650) 253-4567", "MX", "+16502534567"},
                {"15512344567", "MX", "+15512344567"},
                {"+1 551 234 4567", "MX", "+15512344567"}});
    // There is no North American area 222.
    expect_all({{"1 222 123 4567", "MX", "+522221234567"}});
}

TEST(PhoneNumber, OfArgentinaKeepsTheNineOfMobiles) {
    expect_all({{"+54 9 11 3456-7890", "AR", "+5491134567890"},
                {"5491134567890", "AR", "+5491134567890"},
                {"+54 11 15-3456-7890", "MX", "+5491134567890"},
                {"011 15-3456-7890", "AR", "+5491134567890"},
                {"+54 11 4567-8901", "AR", "+541145678901"},
                {"011 4567-8901", "AR", "+541145678901"}});
}

TEST(PhoneNumber, OfABrazilianMobileGetsItsNinthDigit) {
    expect_all({{"+55 41 8765-4321", "MX", "+5541987654321"},
                {"554187654321", "MX", "+5541987654321"},
                {"(41) 8765-4321", "BR", "+5541987654321"},
                {"0 15 41 8765-4321", "BR", "+5541987654321"},
                {"+55 11 6765-4321", "BR", "+5511967654321"},
                {"+55 41 98765-4321", "BR", "+5541987654321"}});
}

TEST(PhoneNumber, OfABrazilianLandlineHasNoNinthDigit) {
    expect_all({{"+55 41 3234-5678", "MX", "+554132345678"},
                {"554132345678", "MX", "+554132345678"},
                {"(11) 5234-5678", "BR", "+551152345678"}});
}

TEST(PhoneNumber, OfBeninHasTenDigits) {
    expect_all({{"+229 01 97 65 43 21", "MX", "+2290197654321"},
                {"+229 97 65 43 21", "MX", "+2290197654321"},
                {"97 65 43 21", "BJ", "+2290197654321"},
                {"2290197654321", "MX", "+2290197654321"}});
}

TEST(PhoneNumber, OfItalyKeepsItsLeadingZero) {
    expect_all({{"02 8765 4321", "IT", "+390287654321"},
                {"+39 02 8765 4321", "MX", "+390287654321"},
                {"390287654321", "MX", "+390287654321"},
                {"312 876 5432", "IT", "+393128765432"}});
}

TEST(PhoneNumber, InAnUnknownRangeIsAcceptedWhenItsLengthIsPossible) {
    expect_all({{"+1 555 123 4567", "MX", "+15551234567"},
                {"02033 12 3456", "NG", "+2342033123456"},
                {"2342033123456", "NG", "+2342033123456"}});
}

TEST(PhoneNumber, LosesItsExtension) {
    expect_all({{"+52 55 8765 4321 ext. 12", "MX", "+525587654321"},
                {"tel:+525587654321;ext=12", "MX", "+525587654321"}});
}

TEST(PhoneNumber, ComesFromAWhatsAppAddress) {
    expect_all({{"5215587654321@s.whatsapp.net", "MX", "+525587654321"},
                {"525587654321@c.us", "ES", "+525587654321"},
                {"447911123456:12@s.whatsapp.net", "MX", "+447911123456"},
                {"6581234567@c.us", "MX", "+6581234567"}});
}

TEST(PhoneNumber, DoesNotComeFromAGroupOrAHiddenId) {
    expect_refused({"5215587654321-1609459200@g.us", "96170123456789@lid",
                    "525587654321@example.com", "@s.whatsapp.net", "ana@s.whatsapp.net"});
}

TEST(PhoneNumber, IsRefusedWhenItCannotBeOne) {
    expect_refused({"", " ", "+", "Ana", "911", "55 8765", "+52 55 8765", "+52 55 8765 4321 99",
                    "+999 123 456 789", "2026-01-15 10 30", "2026-01-15", "12345678",
                    "+52 55 8765 4321 / 55 1234 5678", "55 8765 4321\xFF"});
    expect_refused({"5587654321"}, "ZZ");
    expect_refused({std::string(300, '5')});
}

TEST(PhoneNumber, OfABrazilianAreaHasNoZeroThatTheNinthDigitCouldHide) {
    expect_refused({"00771203623", "00479934920"}, "BR");
}

TEST(PhoneNumber, IsRefusedWhenItIsAPlaceholder) {
    expect_refused({"0000000000", "1111111111", "+520000000000"});
}

TEST(PhoneNumber, IsRefusedWithAnAdviceAndItsLastFourDigitsOnly) {
    const std::string message = message_of("+52 55 8765 43219");
    EXPECT_NE(message.find("…3219"), std::string::npos) << message;
    EXPECT_EQ(message.find("876"), std::string::npos) << message;
    EXPECT_NE(message.find("write it with its country code"), std::string::npos) << message;
}

TEST(PhoneNumber, StaysAsItIsWhenNormalisedAgain) {
    std::mt19937 random(20261123);
    const std::vector<std::string> starts = {"+52", "52", "+521", "521", "1",   "+1",  "+54", "549",
                                             "+55", "55", "+229", "229", "+39", "390", "",    "0"};
    const std::vector<std::string> regions = {"MX", "BR", "AR", "US", "BJ", "IT", "ZZ"};
    int accepted = 0;
    for (int i = 0; i < 5000; ++i) {
        std::string typed = starts[random() % starts.size()];
        for (auto length = 7 + random() % 5; length > 0; --length) {
            typed += static_cast<char>('0' + random() % 10);
        }
        const std::string& region = regions[random() % regions.size()];
        std::string once;
        try {
            once = normalize_phone(typed, region);
        } catch (const InvalidArgument&) {
            continue;
        }
        ++accepted;
        EXPECT_EQ(normalize_phone(once, region), once) << typed << " in " << region;
        EXPECT_EQ(normalize_phone(once, "ZZ"), once) << typed << " in " << region;
    }
    EXPECT_GT(accepted, 1000);
}

TEST(PhoneNumber, IsTheSameFromManyThreads) {
    std::vector<std::string> results(4);
    std::vector<std::thread> threads;
    threads.reserve(results.size());
    for (std::string& result : results) {
        threads.emplace_back([&result] {
            for (int i = 0; i < 50; ++i) result = normalize_phone("044 55 8765 4321", "MX");
        });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(results, std::vector<std::string>(4, "+525587654321"));
}

TEST(LeadId, OfAnotherSchemePassesUnchanged) {
    for (const char* id : {"wa:US.1029384756", "ext:conversation 12/a", "ext:ñandú", "wa:1"}) {
        EXPECT_EQ(normalize_lead_id(id, "MX"), id);
    }
    const std::string longest = "ext:" + std::string(252, 'x');
    EXPECT_EQ(normalize_lead_id(longest, "MX"), longest);
}

TEST(LeadId, IsOtherwiseAPhoneNumber) {
    EXPECT_EQ(normalize_lead_id("044 55 8765 4321", "MX"), "+525587654321");
    EXPECT_THROW(normalize_lead_id("crm:12", "MX"), InvalidArgument);
    EXPECT_THROW(normalize_lead_id("WA:abc", "MX"), InvalidArgument);
}

TEST(LeadId, OfAnotherSchemeIsRefusedWhenEmptyTooLongOrUnreadable) {
    for (const std::string& id :
         {std::string("wa:"), std::string("ext:"), "ext:" + std::string(253, 'x'),
          std::string("ext:a\nb"), std::string("ext:a\0b", 7), std::string("wa:\x7F"),
          std::string("ext:\xC3")}) {
        EXPECT_THROW(normalize_lead_id(id, "MX"), InvalidArgument) << id;
    }
}

TEST(LegacySpellings, AreThoseThatTheRulesUnify) {
    using Spellings = std::vector<std::string>;
    EXPECT_EQ(legacy_spellings("+525587654321"), Spellings{"+5215587654321"});
    EXPECT_EQ(legacy_spellings("+5491134567890"), Spellings{"+541134567890"});
    EXPECT_EQ(legacy_spellings("+5541987654321"), Spellings{"+554187654321"});
    EXPECT_EQ(legacy_spellings("+2290197654321"), Spellings{"+22997654321"});
}

TEST(LegacySpellings, AreNeverSomebodyElsesNumber) {
    EXPECT_TRUE(legacy_spellings("+5541932345678").empty()) << "without its 9 it is a landline";
    for (const char* id : {"+554132345678", "+541145678901", "+34612345678", "wa:1", "ext:+52"}) {
        EXPECT_TRUE(legacy_spellings(id).empty()) << id;
    }
}

TEST(MaskPhone, KeepsTheLastFourDigits) {
    EXPECT_EQ(mask_phone("+52 55 8765 4321"), "…4321");
    EXPECT_EQ(mask_phone("5587654321@c.us"), "…4321");
    EXPECT_EQ(mask_phone("4321"), "…");
    EXPECT_EQ(mask_phone("Ana"), "…");
}

TEST(KnownRegion, IsOneThatHasPhoneNumbers) {
    EXPECT_TRUE(is_known_region("MX"));
    EXPECT_TRUE(is_known_region("US"));
    for (const char* region : {"", "ZZ", "mx", "MEX", "001"}) EXPECT_FALSE(is_known_region(region));
}

}  // namespace
}  // namespace rapport
