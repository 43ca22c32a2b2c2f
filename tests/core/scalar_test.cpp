#include "rapport/core/scalar.hpp"

#include <gtest/gtest.h>

#include <optional>

#include "rapport/core/json.hpp"

namespace rapport {
namespace {

TEST(ScalarAt, FollowsDocuments) {
    const Document document = from_json(R"({"a": {"b": {"c": "x"}, "n": null}, "l": [{"b": 1}]})");
    EXPECT_EQ(scalar_at(document, "a.b.c"), Scalar("x"));
    EXPECT_EQ(scalar_at(document, "a.b"), Scalar()) << "a document is no scalar";
    EXPECT_EQ(scalar_at(document, "a.n"), Scalar());
    EXPECT_EQ(scalar_at(document, "a.b.c.d"), Scalar());
    EXPECT_EQ(scalar_at(document, "l.b"), Scalar()) << "nor are lists followed";
    EXPECT_EQ(text_at(document, "a.b.c"), "x");
    EXPECT_EQ(text_at(document, "l"), "");
}

TEST(IntegerAt, TakesDoublesThatAreWholeNumbers) {
    BsonWriter to;
    to.add("int", std::int64_t{7});
    to.add("double", 7.0);
    to.add("fraction", 7.5);
    to.add("huge", 1e300);
    to.add("text", "7");
    const Document document = to.finish();
    EXPECT_EQ(integer_at(document, "int"), 7);
    EXPECT_EQ(integer_at(document, "double"), 7);
    for (const char* other : {"fraction", "huge", "text", "none"}) {
        EXPECT_EQ(integer_at(document, other), std::nullopt) << other;
    }
}

}  // namespace
}  // namespace rapport
