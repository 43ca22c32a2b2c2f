#pragma once

#include <string>
#include <utility>

#include "rapport/conversation/agents.hpp"
#include "rapport/conversation/rules/rule_agents.hpp"

namespace rapport {

/// A message of a lead, after what we said last, if anything.
inline Conversation rule_conversation(std::string text, std::string before = {}) {
    Conversation conversation;
    conversation.incoming.id = ObjectId::generate();
    conversation.incoming.content = std::move(text);
    if (!before.empty()) {
        Message ours;
        ours.role = MessageRole::kAssistant;
        ours.content = std::move(before);
        conversation.lead.recent_history.push_back(std::move(ours));
    }
    return conversation;
}

/// What the three agents make of a message.
struct RuleTurn {
    Classification classification{};
    Strategy strategy{};
    Execution execution{};
};

inline RuleTurn rule_turn(const Conversation& conversation,
                          const RuleTables& tables = built_in_rule_tables()) {
    const Agents agents = rule_agents(tables);
    RuleTurn turn;
    turn.classification = await(agents.classifier->classify(conversation, Deadline())).value;
    turn.strategy =
        await(agents.strategist->decide(conversation, turn.classification, Deadline())).value;
    turn.execution = await(agents.responder->respond(conversation, turn.classification,
                                                     turn.strategy, Deadline()))
                         .value;
    return turn;
}

}  // namespace rapport
