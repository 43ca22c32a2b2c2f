#pragma once

#include <memory>
#include <string>
#include <utility>

#include "rapport/conversation/agents.hpp"

namespace rapport::testing {

/// A moment that every test counts from.
inline const Timestamp kNow{std::chrono::milliseconds(1'700'000'000'000)};

inline Message said(std::string content, std::chrono::milliseconds offset = {},
                    MessageRole role = MessageRole::kLead) {
    Message message;
    message.id = ObjectId::generate();
    message.lead_id = "+525512345678";
    message.role = role;
    message.content = std::move(content);
    message.timestamp = kNow + offset;
    return message;
}

/// A lead who has written before, and now writes this.
inline Conversation conversation(std::string incoming) {
    Conversation conversation;
    conversation.lead.lead_id = "+525512345678";
    conversation.lead.add_message(said("Hola", -std::chrono::minutes(2)));
    conversation.incoming = said(std::move(incoming));
    conversation.now = kNow;
    return conversation;
}

/// Agents that answer at once, each in its own words.
class FixedClassifier final : public Classifier {
  public:
    Async<Answer<Classification>> classify(const Conversation&, Deadline) override {
        Answer<Classification> answer;
        answer.value.topic = "stand-in";
        answer.value.language = Language::kSpanish;
        co_return answer;
    }
};

class FixedStrategist final : public Strategist {
  public:
    Async<Answer<Strategy>> decide(const Conversation&, const Classification&, Deadline) override {
        Answer<Strategy> answer;
        answer.value.action = Action::kNurture;
        answer.value.strategic_reasoning = "stand-in";
        co_return answer;
    }
};

class FixedResponder final : public Responder {
  public:
    Async<Answer<Execution>> respond(const Conversation&, const Classification&, const Strategy&,
                                     Deadline) override {
        Answer<Execution> answer;
        answer.value.message.content = "stand-in";
        co_return answer;
    }
};

inline Agents fixed_agents() {
    return {std::make_shared<FixedClassifier>(), std::make_shared<FixedStrategist>(),
            std::make_shared<FixedResponder>()};
}

inline constexpr auto kClassificationJson =
    R"({"intent":"pricing_question","intent_confidence":0.9,"topic":"prices","topic_confidence":0.8,)"
    R"("urgency":"low","urgency_confidence":0.5,"language":"english","sentiment":"neutral",)"
    R"("engagement_level":"high","requires_human_escalation":false,"reasoning":"Asks for a price.",)"
    R"("new_signals":[{"dimension":"budget","extracted_value":"40,000 a year",)"
    R"("confidence":{"value":0.8,"reasoning":"Said so."},"is_inferred":false,"inferred_from":null,)"
    R"("raw_evidence":"we have 40,000"},{"dimension":"need","extracted_value":"made up",)"
    R"("confidence":{"value":0.8,"reasoning":""},"is_inferred":true,"inferred_from":"nothing",)"
    R"("raw_evidence":"words nobody said"}]})";

inline constexpr auto kStrategyJson =
    R"({"action":"qualify","message_strategy":{"tone":"warm","language":"english",)"
    R"("empathy_points":[],"key_points":["price depends on seats"],)"
    R"("conversational_goal":"learn how many seats"},"suggested_stage_transition":"1 - discovery",)"
    R"("focus_dimension":"need","scheduling_instruction":null,"strategic_reasoning":"Early."})";

inline constexpr auto kExecutionJson =
    R"({"message":{"content":"Happy to help! How many seats?","persona_reasoning":"warm"},)"
    R"("agreement_level":0.9,"feedback_for_director":null,"execution_summary":"Asked for seats"})";

}  // namespace rapport::testing
