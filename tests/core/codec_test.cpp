#include "rapport/core/codec.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <random>

#include "tests/core/samples.hpp"

namespace rapport {
namespace {

using samples::full;
using samples::Inner;
using samples::Outer;

/// The document of full() after `change` has seen each of its elements: it writes what is to stand
/// there instead, and returns true, or returns false to keep the element.
Document changed(const std::function<bool(BsonWriter&, const BsonElement&)>& change) {
    BsonWriter out;
    const Document whole = to_document(full());
    for (BsonReader in(whole); !in.at_end();) {
        const BsonElement element = in.next();
        if (!change(out, element)) out.add(element.name(), element);
    }
    return out.finish();
}

Document with(std::string_view name, const std::function<void(BsonWriter&)>& write) {
    return changed([&](BsonWriter& out, const BsonElement& element) {
        if (element.name() != name) return false;
        write(out);
        return true;
    });
}

Document without(std::string_view name) {
    return with(name, [](BsonWriter&) {});
}

std::string refusal(const Document& document) {
    try {
        from_document<Outer>(document);
        return "read";
    } catch (const InvalidDocument& problem) {
        return problem.what();
    }
}

TEST(Codec, ReadsBackEveryKindOfMember) {
    EXPECT_EQ(from_document<Outer>(to_document(full())), full());
}

TEST(Codec, ReadsBackWhatIsAbsentAsAbsent) {
    Outer outer = full();
    outer.note.reset();
    outer.due.reset();
    outer.ref.reset();
    outer.extra.reset();
    outer.list.clear();
    EXPECT_EQ(from_document<Outer>(to_document(outer)), outer);
}

TEST(Codec, WritesTheNamesAndTypesOfTheWire) {
    EXPECT_EQ(to_json(to_document(full())),
              R"({"_id":"507f1f77bcf86cd799439011","name":"Zoë \"the first\"","flag":true,)"
              R"("count":1099511627776,"ratio":0.1,"colour":"green",)"
              R"("at":"2023-11-14T22:13:20.123Z","inner":{"text":"in","number":3},)"
              R"("list":[{"text":"a"},{"text":"b","number":-1}],"words":["x",""],"note":"n",)"
              R"("due":"2023-11-14T23:13:20.123Z","ref":"00000000000000000000000a",)"
              R"("extra":{"text":"e"},"version":9})");
    const Document document = to_document(full());
    for (BsonReader in(document); !in.at_end();) {
        const BsonElement element = in.next();
        if (element.name() == "_id" || element.name() == "ref") {
            EXPECT_EQ(element.type(), BsonType::kObjectId);
        }
        if (element.name() == "at" || element.name() == "due") {
            EXPECT_EQ(element.type(), BsonType::kDate);
        }
    }
}

TEST(Codec, JsonOfAnEntityIsTheJsonOfItsDocument) {
    EXPECT_EQ(to_json(full()), to_json(to_document(full())));
}

TEST(Codec, ReadsWhatItWroteAsJson) {
    EXPECT_EQ(from_document<Outer>(from_json(to_json(full()))), full());
}

TEST(Codec, NeverWritesNull) {
    const Document document = to_document(Outer{});
    for (BsonReader in(document); !in.at_end();) {
        const BsonElement element = in.next();
        EXPECT_NE(element.type(), BsonType::kNull) << element.name();
        for (const char* absent : {"_id", "note", "due", "ref", "extra"}) {
            EXPECT_NE(element.name(), absent);
        }
    }
}

TEST(Codec, ANestedStructLeavesOutWhatItsRulesSay) {
    Inner inner{.text = "t", .only_outside = "here"};
    EXPECT_EQ(to_json(inner), R"({"text":"t","only_outside":"here"})");
    Outer outer = full();
    outer.inner = inner;
    EXPECT_EQ(from_document<Outer>(to_document(outer)).inner, (Inner{.text = "t"}));
}

TEST(Codec, AcceptsNullForWhatMayBeAbsent) {
    for (const char* name : {"note", "due", "ref", "extra"}) {
        const Outer read = from_document<Outer>(with(name, [&](auto& out) { out.add_null(name); }));
        EXPECT_NE(read, full()) << name;
    }
    EXPECT_EQ(
        from_document<Outer>(with("version", [](auto& out) { out.add_null("version"); })).version,
        0);
}

TEST(Codec, AcceptsDatesAndIdsAsText) {
    const Document document = changed([](BsonWriter& out, const BsonElement& element) {
        if (element.name() == "at") out.add("at", "2023-11-14T22:13:20.123456+00:00");
        if (element.name() == "due") out.add("due", "2023-11-14 23:13:20.123");
        if (element.name() == "_id") out.add("_id", "507F1F77BCF86CD799439011");
        return element.name() == "at" || element.name() == "due" || element.name() == "_id";
    });
    EXPECT_EQ(from_document<Outer>(document), full());
}

TEST(Codec, AcceptsWholeNumbersStoredAsDoublesAndDoublesStoredAsWholeNumbers) {
    EXPECT_EQ(from_document<Outer>(with("count", [](auto& out) { out.add("count", 5.0); })).count,
              5);
    EXPECT_EQ(
        from_document<Outer>(with("ratio", [](auto& out) { out.add("ratio", std::int64_t{2}); }))
            .ratio,
        2.0);
}

TEST(Codec, PassesOverMembersItDoesNotKnow) {
    const Document document = changed([](BsonWriter& out, const BsonElement& element) {
        if (element.name() == "inner") {
            out.add("is_hot", true);
            out.add_null("campaign");
            out.begin_document("inner");
            out.add("text", "in");
            out.add("number", std::int64_t{3});
            out.add("unknown", "x");
            out.end();
            return true;
        }
        return false;
    });
    EXPECT_EQ(from_document<Outer>(document), full());
}

TEST(Codec, ReadsAMemberThatItsRulesDefault) {
    EXPECT_EQ(from_document<Outer>(without("version")).version, 0);
}

TEST(CodecRefusal, NamesAMemberThatIsMissingOrNull) {
    EXPECT_EQ(refusal(without("name")), "name: missing");
    EXPECT_EQ(refusal(without("_id")), "_id: missing");
    EXPECT_EQ(refusal(without("inner")), "inner: missing");
    EXPECT_EQ(refusal(with("at", [](auto& out) { out.add_null("at"); })), "at: missing");
}

TEST(CodecRefusal, NamesTheExpectedAndTheFoundType) {
    const auto replaced_by_text = [](const char* name) {
        return refusal(with(name, [&](auto& out) { out.add(name, "text"); }));
    };
    EXPECT_EQ(replaced_by_text("flag"), "flag: expected a bool, found string");
    EXPECT_EQ(replaced_by_text("count"), "count: expected a whole number, found string");
    EXPECT_EQ(replaced_by_text("ratio"), "ratio: expected a number, found string");
    EXPECT_EQ(replaced_by_text("inner"), "inner: expected a document, found string");
    EXPECT_EQ(replaced_by_text("list"), "list: expected an array, found string");
    EXPECT_EQ(replaced_by_text("at"), "at: expected a date, found a string that is not ISO 8601");
    EXPECT_EQ(replaced_by_text("_id"), "_id: expected an ObjectId, found a string that is none");
    EXPECT_EQ(refusal(with("name", [](auto& out) { out.add("name", std::int64_t{1}); })),
              "name: expected a string, found int32");
    EXPECT_EQ(refusal(with("at", [](auto& out) { out.add("at", 1.5); })),
              "at: expected a date, found double");
    EXPECT_EQ(refusal(with("note", [](auto& out) { out.add("note", true); })),
              "note: expected a string, found bool");
}

TEST(CodecRefusal, NamesTheWholePath) {
    const Document document = with("list", [](BsonWriter& out) {
        out.begin_array("list");
        for (int i = 0; i < 4; ++i) {
            out.begin_document("");
            if (i != 3) out.add("text", "fine");
            out.end();
        }
        out.end();
    });
    EXPECT_EQ(refusal(document), "list[3].text: missing");
    EXPECT_EQ(refusal(with("inner",
                           [](BsonWriter& out) {
                               out.begin_document("inner");
                               out.add("text", "in");
                               out.add("number", "three");
                               out.end();
                           })),
              "inner.number: expected a whole number, found string");
    EXPECT_EQ(refusal(with("words",
                           [](BsonWriter& out) {
                               out.begin_array("words");
                               out.add("", "one");
                               out.add("", false);
                               out.end();
                           })),
              "words[1]: expected a string, found bool");
}

TEST(CodecRefusal, NamesAValueThatTheEnumDoesNotHave) {
    EXPECT_EQ(refusal(with("colour", [](auto& out) { out.add("colour", "blue"); })),
              R"(colour: unknown value "blue")");
    EXPECT_EQ(refusal(with("colour", [](auto& out) { out.add("colour", std::int64_t{1}); })),
              "colour: expected a string, found int32");
}

TEST(CodecRefusal, AcceptsNoNumberThatIsNotWholeOrNotExact) {
    for (const double number : {0.5, 1e300, -1e17}) {
        EXPECT_EQ(refusal(with("count", [&](auto& out) { out.add("count", number); })),
                  "count: expected a whole number, found double");
    }
}

TEST(CodecRefusal, TextThatIsNotUtf8IsNamedAndNotShown) {
    std::string bytes(to_document(full()).bytes());
    bytes[bytes.find("Zo")] = '\xFF';
    EXPECT_EQ(refusal(Document(bytes)), "name: expected UTF-8 text");
}

TEST(CodecRefusal, WritingRefusesTextThatIsNotUtf8AndNamesIt) {
    Outer outer = full();
    outer.note = "caf\xE9";
    try {
        to_document(outer);
        FAIL();
    } catch (const InvalidArgument& problem) {
        EXPECT_STREQ(problem.what(), "note: the text is not valid UTF-8");
    }
}

TEST(CodecDamage, RandomDamageIsReadOrRefusedButNeverCrashes) {
    const std::string whole(to_document(full()).bytes());
    int refused = 0;
    for (std::uint32_t seed = 0; seed < 10'000; ++seed) {
        std::mt19937 random(seed);
        std::string bytes = whole;
        bytes[random() % bytes.size()] = static_cast<char>(random());
        try {
            from_document<Outer>(Document(bytes));
        } catch (const Corrupt&) {
            ++refused;
        } catch (const InvalidDocument&) {
            ++refused;
        }
    }
    EXPECT_GT(refused, 5'000);
}

}  // namespace
}  // namespace rapport
