#include "rapport/core/bson.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <random>

#include "rapport/core/error.hpp"
#include "rapport/core/utf8.hpp"
#include "tests/core/samples.hpp"

namespace rapport {
namespace {

using namespace std::string_literals;
using namespace std::string_view_literals;

/// Reads everything there is, nested documents included; returns how many elements that were.
int walk(BsonReader in) {
    int count = 0;
    while (!in.at_end()) {
        const BsonElement element = in.next();
        ++count;
        switch (element.type()) {
            case BsonType::kDouble:
                static_cast<void>(element.as_double());
                break;
            case BsonType::kString:
                static_cast<void>(is_valid_utf8(element.as_string()));
                break;
            case BsonType::kObjectId:
                static_cast<void>(element.as_object_id().to_string());
                break;
            case BsonType::kBool:
                static_cast<void>(element.as_bool());
                break;
            case BsonType::kDate:
                static_cast<void>(element.as_date());
                break;
            case BsonType::kInt32:
            case BsonType::kInt64:
                static_cast<void>(element.as_integer());
                break;
            case BsonType::kDocument:
            case BsonType::kArray:
                count += walk(BsonReader(element.as_nested()));
                break;
            default:
                break;
        }
    }
    return count;
}

BsonElement first_of(const Document& document) { return BsonReader(document).next(); }

template <class V>
Document document_with(const V& value) {
    BsonWriter out;
    out.add("v", value);
    return out.finish();
}

TEST(Bson, EmptyDocumentIsFiveBytes) {
    EXPECT_EQ(Document().bytes(), "\x05\0\0\0\0"sv);
    EXPECT_EQ(BsonWriter().finish(), Document());
    EXPECT_TRUE(BsonReader(Document()).at_end());
}

TEST(Bson, WritesTheBytesOfTheSpecificationsExamples) {
    BsonWriter hello;
    hello.add("hello", "world");
    EXPECT_EQ(hello.finish().bytes(), "\x16\0\0\0\x02hello\0\x06\0\0\0world\0\0"sv);

    BsonWriter awesome;
    awesome.begin_array("BSON");
    awesome.add("ignored", "awesome");
    awesome.add("", 5.05);
    awesome.add("", std::int64_t{1986});
    awesome.end();
    EXPECT_EQ(awesome.finish().bytes(),
              "1\0\0\0\x04"
              "BSON\0&\0\0\0\x02"
              "0\0\x08\0\0\0awesome\0\x01"
              "1\0"
              "333333\x14@\x10"
              "2\0\xc2\x07\0\0\0\0"sv);
}

TEST(Bson, ReadsBackEveryType) {
    const ObjectId id = ObjectId::generate();
    const Timestamp time{std::chrono::milliseconds(-62'000'000'000'001)};
    BsonWriter out;
    out.add("double", -0.1);
    out.add("string", "a\0b"sv);
    out.add("bool", true);
    out.add("date", time);
    out.add("id", id);
    out.add_null("null");
    out.add("int", std::int64_t{-7});
    out.begin_document("nested");
    out.add("x", false);
    out.end();
    const Document document = out.finish();

    BsonReader in(document);
    const auto next = [&](std::string_view name, BsonType type) {
        const BsonElement element = in.next();
        EXPECT_EQ(element.name(), name);
        EXPECT_EQ(to_string(element.type()), to_string(type));
        return element;
    };
    EXPECT_EQ(next("double", BsonType::kDouble).as_double(), -0.1);
    EXPECT_EQ(next("string", BsonType::kString).as_string(), "a\0b"sv);
    EXPECT_TRUE(next("bool", BsonType::kBool).as_bool());
    EXPECT_EQ(next("date", BsonType::kDate).as_date(), time);
    EXPECT_EQ(next("id", BsonType::kObjectId).as_object_id(), id);
    next("null", BsonType::kNull);
    EXPECT_EQ(next("int", BsonType::kInt32).as_integer(), -7);
    const BsonElement nested = next("nested", BsonType::kDocument);
    EXPECT_FALSE(BsonReader(nested.as_nested()).next().as_bool());
    EXPECT_TRUE(in.at_end());
}

TEST(Bson, WholeNumbersTakeTheSmallestTypeThatHoldsThem) {
    const auto type_of = [](std::int64_t number) {
        const Document document = document_with(number);
        EXPECT_EQ(first_of(document).as_integer(), number);
        return first_of(document).type();
    };
    EXPECT_EQ(type_of(0), BsonType::kInt32);
    EXPECT_EQ(type_of(std::numeric_limits<std::int32_t>::max()), BsonType::kInt32);
    EXPECT_EQ(type_of(std::numeric_limits<std::int32_t>::min()), BsonType::kInt32);
    EXPECT_EQ(type_of(std::int64_t{1} << 31), BsonType::kInt64);
    EXPECT_EQ(type_of(-(std::int64_t{1} << 31) - 1), BsonType::kInt64);
    EXPECT_EQ(type_of(std::numeric_limits<std::int64_t>::min()), BsonType::kInt64);
}

TEST(Bson, RefusesWhatOthersCouldNotRead) {
    EXPECT_THROW(document_with("caf\xE9"sv), InvalidArgument);
    EXPECT_THROW(document_with(std::numeric_limits<double>::infinity()), InvalidArgument);
    EXPECT_THROW(document_with(std::numeric_limits<double>::quiet_NaN()), InvalidArgument);
    EXPECT_THROW(document_with(Timestamp::max()), InvalidArgument);
    EXPECT_THROW(document_with(Timestamp::min()), InvalidArgument);
    BsonWriter out;
    EXPECT_THROW(out.add("a\0b"sv, true), InvalidArgument);
}

TEST(Bson, ARefusalNamesTheMemberAndKeepsTheTextToItself) {
    try {
        document_with("secret \xFF"sv);
        FAIL();
    } catch (const InvalidArgument& refusal) {
        EXPECT_STREQ(refusal.what(), "v: the text is not valid UTF-8");
    }
}

TEST(Bson, PassesOverTypesItDoesNotRead) {
    const std::string foreign =
        "\x05"
        "binary\0\x03\0\0\0\x80xyz"
        "\x06"
        "undefined\0"
        "\x0B"
        "regex\0^a\0i\0"
        "\x0C"
        "reference\0\x03\0\0\0ab\0............"
        "\x0D"
        "code\0\x03\0\0\0ab\0"
        "\x0E"
        "symbol\0\x03\0\0\0ab\0"
        "\x0F"
        "scoped\0\x11\0\0\0\x04\0\0\0abc\0\x05\0\0\0\0"
        "\x11"
        "timestamp\0........"
        "\x13"
        "decimal\0................"
        "\xFF"
        "least\0"
        "\x7F"
        "greatest\0"
        "\x10"
        "last\0\x07\0\0\0"s;
    std::string bytes(4, '\0');
    bytes += foreign;
    bytes += '\0';
    bytes[0] = static_cast<char>(bytes.size());
    const Document document(bytes);
    EXPECT_EQ(walk(BsonReader(document)), 12);
    std::int64_t last = 0;
    for (BsonReader in(document); !in.at_end();) {
        const BsonElement element = in.next();
        if (element.name() == "last") last = element.as_integer();
    }
    EXPECT_EQ(last, 7);
}

TEST(Bson, NamesItsTypes) {
    EXPECT_EQ(to_string(BsonType::kInt32), "int32");
    EXPECT_EQ(to_string(BsonType::kDate), "date");
    EXPECT_EQ(to_string(static_cast<BsonType>(0x13)), "type 0x13");
}

TEST(BsonDamage, EveryTruncationIsCorrupt) {
    const std::string whole(samples::nested_document().bytes());
    for (std::size_t size = 0; size < whole.size(); ++size) {
        EXPECT_THROW(Document(whole.substr(0, size)), Corrupt) << size;
    }
    EXPECT_THROW(Document(whole + '\0'), Corrupt);
}

/// The same with a length that claims all is well.
TEST(BsonDamage, EveryTruncationUnderAMatchingLengthIsCorrupt) {
    const std::string whole(samples::nested_document().bytes());
    int corrupt = 0;
    int read = 0;
    for (std::size_t size = 5; size < whole.size() - 1; ++size) {
        std::string cut = whole.substr(0, size) + '\0';
        const auto length = static_cast<std::uint32_t>(cut.size());
        for (std::size_t i = 0; i < 4; ++i) cut[i] = static_cast<char>(length >> (8 * i));
        try {
            walk(BsonReader(Document(cut)));
            ++read;
        } catch (const Corrupt&) {
            ++corrupt;
        }
    }
    // Only a cut between two elements of the outer document leaves one that is whole.
    EXPECT_LE(read, 15);
    EXPECT_GT(corrupt, 100);
}

TEST(BsonDamage, RandomDamageNeverDoesMoreThanThrow) {
    const std::string whole(samples::nested_document().bytes());
    for (std::uint32_t seed = 0; seed < 20'000; ++seed) {
        std::mt19937 random(seed);
        std::string bytes = whole;
        const std::uint32_t changes = 1 + random() % 4;
        for (std::uint32_t i = 0; i < changes; ++i) {
            bytes[random() % bytes.size()] = static_cast<char>(random());
        }
        try {
            walk(BsonReader(Document(bytes)));
        } catch (const Corrupt&) {
            continue;
        } catch (...) {
            FAIL() << "seed " << seed << ": another error than Corrupt";
        }
    }
}

TEST(BsonDamage, RandomBytesNeverDoMoreThanThrow) {
    for (std::uint32_t seed = 0; seed < 20'000; ++seed) {
        std::mt19937 random(seed);
        std::string bytes(5 + random() % 60, '\0');
        for (std::size_t i = 4; i + 1 < bytes.size(); ++i) {
            bytes[i] = static_cast<char>(random() % 24);
        }
        bytes[0] = static_cast<char>(bytes.size());
        try {
            walk(BsonReader(Document(bytes)));
        } catch (const Corrupt&) {
            continue;
        } catch (...) {
            FAIL() << "seed " << seed << ": another error than Corrupt";
        }
    }
}

}  // namespace
}  // namespace rapport
