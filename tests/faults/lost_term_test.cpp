// What a turn comes to when the primary goes between its change and its messages, which come after
// it in the same log as long as one primary takes both.
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "rapport/core/await.hpp"
#include "rapport/core/error.hpp"
#include "rapport/repository/database_manager.hpp"
#include "rapport/repository/lead_repository.hpp"
#include "rapport/repository/message_repository.hpp"
#include "tests/support/mongod.hpp"
#include "tests/support/proxy.hpp"

namespace rapport::testing {
namespace {

constexpr auto kNumber = "+525512345678";

class LostTermMongodb : public ::testing::Test {
  protected:
    static constexpr auto kDatabase = "rapport_test_lost_term";

    static Settings settings() {
        Settings settings;
        settings.mongodb_database = kDatabase;
        settings.max_pool_size = 1;  // the worker that knows that the server tells of elections
        return settings;
    }

    DatabaseManager& connected() {
        await(manager_.connect());
        return manager_;
    }
    Message said(const std::string& text) {
        Message message;
        message.lead_id = kNumber;
        message.role = MessageRole::kLead;
        message.content = text;
        message.timestamp = now();
        return message;
    }
    /// Two messages, and the lead as it then is.
    Lead talk(LeadRepository& leads, Lead lead, const std::string& text) {
        return await(leads.commit_turn({std::move(lead), {said(text), said(text + "!")}})).lead;
    }
    /// What the server is told from now on is lost in a crash: it writes no journal.
    void keep_no_journal() {
        const auto told = admin_command(
            server_.uri(),
            R"({"configureFailPoint": "pauseJournalFlusherBeforeFlush", "mode": "alwaysOn"})");
        ASSERT_TRUE(told);
    }
    /// Two turns, and a third that this happens to the moment before its messages reach the server.
    void talk_until(std::function<void()> happening, bool is_lost = false) {
        lead_ = talk(leads_, await(leads_.get_or_create(kNumber)), "1");
        lead_ = talk(leads_, std::move(lead_), "2");
        if (is_lost) keep_no_journal();
        proxy_.before("insert", [this, happening = std::move(happening)] {
            happening();
            happened_ = true;
        });
        lead_ = talk(leads_, std::move(lead_), "3");
    }
    /// The lead counts what is stored, and each of it once.
    void expect_stored(const std::vector<std::string>& texts) {
        EXPECT_TRUE(happened_);
        MessageRepository messages(manager_.database());
        std::vector<std::string> stored;
        std::int64_t seq = 0;
        for (const Message& message : await(messages.get_recent_messages(kNumber, 20))) {
            stored.push_back(message.content);
            EXPECT_EQ(message.seq, ++seq) << message.content;
        }
        EXPECT_EQ(stored, texts);
        EXPECT_EQ(await(leads_.get_by_phone(kNumber))->message_count, std::ssize(texts));
    }
    void crash() {
        server_.kill();
        server_.start();
        wait_for([&] { return admin_command(server_.uri(), R"({"ping": 1})").has_value(); },
                 "no primary");
    }

    Mongod server_{
        Mongod::Mode::kReplicaSet, Mongod::Lifetime::kWithParent, {"enableTestCommands=1"}};
    Proxy proxy_{server_.port(), kDatabase, 1};
    DatabaseManager manager_{
        settings(),
        {DatabaseUrl::Engine::kMongo, "mongodb://" + proxy_.address() + "/?directConnection=true"}};
    LeadRepository leads_{connected().database()};
    Lead lead_;
    bool happened_ = false;
};

TEST_F(LostTermMongodb, ATurnWhoseMessagesMeetANewTermIsThereOnce) {
    talk_until([&] {
        admin_command(server_.uri(), R"({"replSetStepDown": 1, "force": true})");
        wait_for([&] { return admin_command(server_.uri(), R"({"ping": 1})").has_value(); },
                 "not primary again");
    });
    talk(leads_, lead_, "4");
    expect_stored({"1", "1!", "2", "2!", "3", "3!", "4", "4!"});
}

/// The server takes the messages, and has lost the change before them.
TEST_F(LostTermMongodb, ATurnWhoseChangeWasLostInACrashIsThereOnce) {
    talk_until([&] { crash(); }, true);
    talk(leads_, lead_, "4");
    expect_stored({"1", "1!", "2", "2!", "3", "3!", "4", "4!"});
}

TEST_F(LostTermMongodb, MessagesOfATurnThatAnotherForestalledAreTakenBack) {
    const auto forestall = [&] {
        crash();
        DatabaseManager other(settings(), {DatabaseUrl::Engine::kMongo, server_.uri()});
        await(other.connect());
        LeadRepository leads(other.database());
        talk(leads, await(leads.get_or_create(kNumber)), "other");
    };
    EXPECT_THROW(talk_until(forestall, true), VersionConflict);
    expect_stored({"1", "1!", "2", "2!", "other", "other!"});
}

}  // namespace
}  // namespace rapport::testing
