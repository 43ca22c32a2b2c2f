#include "rapport/conversation/model/json_schema.hpp"

#include <gmock/gmock-matchers.h>
#include <gtest/gtest.h>

#include "rapport/conversation/classification.hpp"
#include "rapport/conversation/execution.hpp"
#include "rapport/conversation/strategy.hpp"

namespace rapport {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

template <class T>
std::string schema_of() {
    JsonWriter out;
    write_schema<T>(out, "schema");
    return out.finish();
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
    EXPECT_THAT(schema, HasSubstr(R"("suggested_stage_transition":{"anyOf":[{"type":"string",)"
                                  R"("enum":["0 - initial_contact",)"));
    EXPECT_THAT(schema, HasSubstr(R"("6 - closed_lost"]},{"type":"null"}]})"));
    EXPECT_THAT(schema, HasSubstr(R"("key_points":{"type":"array","items":{"type":"string"}})"));
}

TEST(Schema, LeavesOutWhatIsOursToFillIn) {
    const std::string schema = schema_of<Classification>();
    EXPECT_THAT(schema, HasSubstr(R"("new_signals":{"type":"array","items":{"type":"object")"));
    EXPECT_THAT(schema, HasSubstr(R"("is_inferred":{"type":"boolean"})"));
    EXPECT_THAT(schema, HasSubstr(R"("confidence":{"type":"object","properties":{"value":)"));
    EXPECT_THAT(schema, HasSubstr(R"("required":["dimension","extracted_value","confidence",)"
                                  R"("is_inferred","inferred_from","raw_evidence"])"));
    EXPECT_THAT(schema, Not(HasSubstr("source_message_id")));
}

}  // namespace
}  // namespace rapport
