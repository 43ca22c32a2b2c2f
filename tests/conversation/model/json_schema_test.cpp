#include "rapport/conversation/model/json_schema.hpp"

#include <gtest/gtest.h>

#include "rapport/conversation/classification.hpp"
#include "rapport/conversation/execution.hpp"
#include "rapport/conversation/strategy.hpp"

namespace rapport {
namespace {

template <class T>
std::string schema_of() {
    JsonWriter out;
    write_schema<T>(out, "schema");
    return out.finish();
}

bool contains(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

TEST(Schema, OfAnObjectRequiresEveryMemberAndAllowsNoOther) {
    EXPECT_EQ(schema_of<Execution>(),
              R"({"schema":{"type":"object","properties":{)"
              R"("message":{"type":"object","properties":{"content":{"type":"string"},)"
              R"("persona_reasoning":{"type":"string"}},)"
              R"("required":["content","persona_reasoning"],"additionalProperties":false},)"
              R"("agreement_level":{"type":"number"},)"
              R"("feedback_for_director":{"anyOf":[{"type":"string"},{"type":"null"}]},)"
              R"("execution_summary":{"type":"string"}},)"
              R"("required":["message","agreement_level","feedback_for_director",)"
              R"("execution_summary"],"additionalProperties":false}})");
}

TEST(Schema, OfAnEnumListsItsWireStrings) {
    EXPECT_EQ(schema_of<Language>(),
              R"({"schema":{"type":"string","enum":["spanish","english","mixed"]}})");
}

TEST(Schema, OfAnOptionalEnumAllowsNull) {
    const std::string schema = schema_of<Strategy>();
    EXPECT_TRUE(contains(schema, R"("suggested_stage_transition":{"anyOf":[{"type":"string",)"
                                 R"("enum":["0 - initial_contact",)"))
        << schema;
    EXPECT_TRUE(contains(schema, R"("6 - closed_lost"]},{"type":"null"}]})")) << schema;
    EXPECT_TRUE(contains(schema, R"("key_points":{"type":"array","items":{"type":"string"}})"))
        << schema;
}

TEST(Schema, LeavesOutWhatIsOursToFillIn) {
    const std::string schema = schema_of<Classification>();
    EXPECT_TRUE(contains(schema, R"("new_signals":{"type":"array","items":{"type":"object")"));
    EXPECT_TRUE(contains(schema, R"("is_inferred":{"type":"boolean"})"));
    EXPECT_TRUE(contains(schema, R"("confidence":{"type":"object","properties":{"value":)"));
    EXPECT_TRUE(contains(schema, R"("required":["dimension","extracted_value","confidence",)"
                                 R"("is_inferred","inferred_from","raw_evidence"])"));
    EXPECT_FALSE(contains(schema, "source_message_id"));
}

}  // namespace
}  // namespace rapport
