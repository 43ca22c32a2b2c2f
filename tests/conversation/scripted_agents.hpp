#pragma once

#include <functional>
#include <memory>

#include "rapport/conversation/agents.hpp"

namespace rapport::testing {

/// Agents that answer as a test says, and count how often they were asked.
class ScriptedAgents : public Classifier, public Strategist, public Responder {
  public:
    Classification classification{};
    Strategy strategy{};
    std::string reply = "an answer";
    std::optional<std::string> fallback{};
    Usage usage{};
    /// Runs while the first agent is at work.
    std::function<Async<void>(const Conversation&)> thinking{};

    int asked = 0;
    Conversation seen{};

    Async<Answer<Classification>> classify(const Conversation& conversation, Deadline) override {
        ++asked;
        seen = conversation;
        if (thinking) co_await thinking(conversation);
        co_return Answer<Classification>{classification, usage, fallback};
    }
    Async<Answer<Strategy>> decide(const Conversation&, const Classification&, Deadline) override {
        co_return Answer<Strategy>{strategy, usage, {}};
    }
    Async<Answer<Execution>> respond(const Conversation& conversation, const Classification&,
                                     const Strategy&, Deadline) override {
        Execution execution;
        execution.message.content =
            reply == "echo" ? "re: " + conversation.incoming.content : reply;
        co_return Answer<Execution>{std::move(execution), usage, {}};
    }
};

/// The same one in all three places.
inline Agents as_agents(const std::shared_ptr<ScriptedAgents>& scripted) {
    return {scripted, scripted, scripted};
}

}  // namespace rapport::testing
