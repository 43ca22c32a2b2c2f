#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "rapport/conversation/orchestrator.hpp"
#include "tests/conversation/scripted_agents.hpp"
#include "tests/repository/repository_test.hpp"

namespace rapport::testing {

/// An orchestrator with scripted agents on a database of the test's own.
class OrchestratorTest : public RepositoryTest {
  protected:
    OrchestratorTest() { await(orchestrator->initialize()); }

    /// As another process would have it: with nothing of this one's memory.
    std::unique_ptr<ConversationOrchestrator> another() {
        OrchestratorOptions options;
        options.clock = [this] { return clock; };
        options.notifier = [this](const HandoffNotice& notice) { hear(notice); };
        Store& store = engine.store();
        return std::make_unique<ConversationOrchestrator>(
            LeadRepository(store), MessageRepository(store), as_agents(agents), std::move(options));
    }

    OrchestrationResult say(const std::string& content, MessageDetails details = {}) {
        return await(
            orchestrator->process_message(content, std::string(kPhone), std::move(details)));
    }
    Lead loaded() { return await(leads.get_by_phone(kPhone)).value(); }
    /// What is stored, as `role: content`, oldest first.
    std::vector<std::string> conversation() {
        std::vector<std::string> lines;
        for (const Message& message : await(messages.get_recent_messages(kPhone, 0))) {
            lines.push_back(std::string(enum_to_string(message.role)) + ": " + message.content);
        }
        return lines;
    }
    virtual void hear(const HandoffNotice& notice) { notices.push_back(notice); }

    Timestamp clock = kStart;
    std::vector<HandoffNotice> notices;
    std::shared_ptr<ScriptedAgents> agents = std::make_shared<ScriptedAgents>();
    std::unique_ptr<ConversationOrchestrator> orchestrator = another();
};

}  // namespace rapport::testing
