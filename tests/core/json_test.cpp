#include "rapport/core/json.hpp"

#include <gtest/gtest.h>

#include <limits>

#include "rapport/core/error.hpp"
#include "rapport/core/scalar.hpp"

namespace rapport {
namespace {

using namespace std::string_view_literals;

template <class V>
std::string written(const V& value) {
    JsonWriter out;
    out.add("v", value);
    return out.finish();
}

std::string refusal(std::string_view json) {
    try {
        from_json(json);
        return "read";
    } catch (const InvalidArgument& problem) {
        return problem.what();
    }
}

TEST(Json, WritesEveryType) {
    EXPECT_EQ(written(true), R"({"v":true})");
    EXPECT_EQ(written(std::int64_t{-9'223'372'036'854'775'807 - 1}),
              R"({"v":-9223372036854775808})");
    EXPECT_EQ(written(0.1), R"({"v":0.1})");
    EXPECT_EQ(written("text"), R"({"v":"text"})");
    EXPECT_EQ(written(Timestamp{}), R"({"v":"1970-01-01T00:00:00.000Z"})");
    EXPECT_EQ(written(*ObjectId::parse("507f1f77bcf86cd799439011")),
              R"({"v":"507f1f77bcf86cd799439011"})");
}

TEST(Json, WritesNestedDocumentsArraysAndNull) {
    JsonWriter out;
    out.begin_array("list");
    out.add("ignored", std::int64_t{1});
    out.begin_document({});
    out.end();
    out.begin_array({});
    out.end();
    out.end();
    out.add_null("nothing");
    out.begin_document("open");
    out.add("x", "y");
    EXPECT_EQ(out.finish(), R"({"list":[1,{},[]],"nothing":null,"open":{"x":"y"}})");
}

TEST(Json, EscapesWhatMustBeEscapedAndNothingElse) {
    EXPECT_EQ(written("\"\\\n\r\t"), R"({"v":"\"\\\n\r\t"})");
    EXPECT_EQ(written("a\0b\x01\x1f"sv), R"({"v":"a\u0000b\u0001\u001f"})");
    EXPECT_EQ(written("/ñ👍\x7f"), "{\"v\":\"/ñ👍\x7f\"}");
    JsonWriter out;
    out.add("a \"name\"", true);
    EXPECT_EQ(out.finish(), R"({"a \"name\"":true})");
}

TEST(Json, RefusesNumbersThatAreNotFinite) {
    EXPECT_THROW(written(std::numeric_limits<double>::infinity()), InvalidArgument);
    EXPECT_THROW(written(std::numeric_limits<double>::quiet_NaN()), InvalidArgument);
}

TEST(Json, ReadsBackWhatItWrites) {
    for (const std::string_view json :
         {"{}"sv, R"({"a":{"b":[1,[2,{"c":null}],true,-0.5]},"d":"x"})"sv, R"({"":""})"sv,
          R"({"n":[9223372036854775807,-9223372036854775808,2147483648,1e+300]})"sv,
          R"({"t":"a\u0000b \"quoted\" \\ ñ 👍"})"sv}) {
        EXPECT_EQ(to_json(from_json(json)), json);
    }
}

TEST(Json, ReadsEscapesAndSurrogatePairs) {
    EXPECT_EQ(scalar_at(from_json(R"({"t":"\u00f1\ud83d\udc4d\/\b\f"})"), "t"), Scalar("ñ👍/\b\f"));
}

TEST(Json, ReadsWithBlanksAround) {
    EXPECT_EQ(to_json(from_json(" \t\r\n{ \"a\" : [ 1 , 2 ] } \r\n")), R"({"a":[1,2]})");
}

TEST(Json, LongTextAndKeysArriveWhole) {
    const std::string text(300'000, 'x');
    const std::string key(900, 'k');
    EXPECT_EQ(scalar_at(from_json("{\"" + key + "\":\"" + text + "\"}"), key), Scalar(text));
}

TEST(Json, AddsAValueToADocument) {
    BsonWriter out;
    add_json(out, "list", R"([{"a":1},"x"])");
    add_json(out, "nested", R"({"b":{}})");
    const Document document = out.finish();
    EXPECT_EQ(to_json(document), R"({"list":[{"a":1},"x"],"nested":{"b":{}}})");

    BsonReader in(document);
    EXPECT_EQ(nested_to_json(in.next()), R"([{"a":1},"x"])");
    EXPECT_EQ(nested_to_json(in.next()), R"({"b":{}})");
    EXPECT_THROW(nested_to_json(from_json(R"({"a":1})").bytes().empty()
                                    ? BsonElement(BsonType::kNull, "", "")
                                    : BsonElement(BsonType::kBool, "a", "\x01")),
                 Corrupt);
}

TEST(JsonRefusal, SaysWhatAndAtWhichByte) {
    EXPECT_EQ(refusal(R"({"a":1,})").substr(0, 10), "not JSON: ");
    EXPECT_TRUE(refusal(R"({"a":1,})").ends_with(" at byte 7")) << refusal(R"({"a":1,})");
    EXPECT_TRUE(refusal(R"({"a":1} x)").ends_with(" at byte 8")) << refusal(R"({"a":1} x)");
    EXPECT_TRUE(refusal(R"({"a":)").ends_with(" at byte 5")) << refusal(R"({"a":)");
}

class BrokenJson : public ::testing::TestWithParam<std::string_view> {};

TEST_P(BrokenJson, IsRefusedWithoutShowingTheText) {
    const std::string message = refusal(GetParam());
    EXPECT_NE(message, "read");
    EXPECT_NE(message.find(" at byte "), std::string::npos) << message;
    EXPECT_EQ(message.find("secret"), std::string::npos) << message;
}

INSTANTIATE_TEST_SUITE_P(
    Json, BrokenJson,
    ::testing::Values(""sv, " "sv, "secret"sv, "null"sv, "7"sv, "\"secret\""sv,
                      "[{\"secret\":1}]"sv, "{\"secret\"}"sv, "{\"secret\":}"sv,
                      "{\"secret\":\"x}"sv, "{'secret':1}"sv, "{\"a\":secret}"sv, "{\"a\":01}"sv,
                      "{\"a\":NaN}"sv, "{\"a\":1}{\"secret\":2}"sv, "{\"secret\":1"sv,
                      "{\"a\":\"secret\n\"}"sv, "{\"a\":\"secret\xFF\"}"sv,
                      "{\"a\":\"secret\\ud800\"}"sv, "{\"a\":\"\\x\"}"sv, "{\"secret\":1e999}"sv,
                      "{\"secret\\u0000\":1}"sv, "// secret\n{}"sv));

TEST(JsonRefusal, NestingHasABound) {
    std::string deep = R"({"a":)";
    for (int i = 0; i < 10'000; ++i) deep += '[';
    EXPECT_NE(refusal(deep), "read");
}

/// What JsonListReader makes of a text in pieces of so many bytes: the items of "list", and what is
/// left; or why it refuses.
std::string listed(std::string_view text, std::size_t piece) {
    std::string items;
    JsonListReader reader("list", [&](Document item) { items += to_json(item) + ' '; });
    try {
        for (std::size_t at = 0; at < text.size(); at += piece) {
            reader.read(text.substr(at, piece));
        }
        return items + to_json(reader.finish());
    } catch (const InvalidArgument& problem) {
        return problem.what();
    }
}

TEST(JsonList, GivesItsItemsOneByOneHoweverTheTextIsCut) {
    constexpr auto kText =
        R"({"a":{"list":[1,2]},"list":[{"x":"\u00e9ñ","list":[{"y":1}]},{},{"z":[]}],"b":[true]})"sv;
    constexpr auto kExpected =
        R"({"x":"éñ","list":[{"y":1}]} {} {"z":[]} {"a":{"list":[1,2]},"b":[true]})";
    for (std::size_t piece = 1; piece <= kText.size(); ++piece) {
        EXPECT_EQ(listed(kText, piece), kExpected) << piece;
    }
}

TEST(JsonList, ThatIsNotThereOrEmptyGivesNothing) {
    EXPECT_EQ(listed(R"({"a":1})", 3), R"({"a":1})");
    EXPECT_EQ(listed(R"({"list":[],"a":1})", 3), R"({"a":1})");
    EXPECT_EQ(listed(R"({"list":{"b":1}})", 3), R"({"list":{"b":1}})");
}

TEST(JsonList, RefusesWhatIsNoListOfObjectsOrNotWholeWithoutShowingIt) {
    for (const auto text : {R"({"list":["secret"]})"sv, R"({"list":[{"a":1},7]})"sv,
                            R"([{"secret":1}])"sv, R"({"list":[{"secret":1})"sv,
                            R"({"list":[{"secret":1}])"sv, R"({"list":[{"secret":1}]}x)"sv, ""sv}) {
        const std::string said = listed(text, 5);
        EXPECT_TRUE(said.starts_with("not JSON as expected: ")) << text << ": " << said;
        EXPECT_EQ(said.find("secret"), std::string::npos) << said;
    }
}

}  // namespace
}  // namespace rapport
