#include <fmt/format.h>
#include <mongoc/mongoc.h>

#include <functional>
#include <map>
#include <optional>

#include "tests/repository/repository_test.hpp"
#include "tests/support/mongod.hpp"

namespace rapport::testing {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// Settings for a server that is there, however busy the machine is.
Settings patient() {
    Settings settings;
    settings.mongodb_database = "rapport_test_connection";
    settings.max_pool_size = 2;
    settings.server_selection_timeout = seconds(30);
    return settings;
}

/// Settings that do not keep a test waiting for a server that does not come.
Settings impatient() {
    Settings settings = patient();
    settings.server_selection_timeout = milliseconds(1000);
    return settings;
}

/// Does something against a server that is about to answer: a test's own patience with impatient().
void once_available(const std::function<void()>& f) {
    const Deadline patience = Deadline::in(seconds(30));
    for (;;) {
        try {
            return f();
        } catch (const Unavailable&) {
            if (patience.passed()) throw;
        }
    }
}

DatabaseUrl url_of(std::string uri) { return {DatabaseUrl::Engine::kMongo, std::move(uri)}; }

/// Why a database cannot be connected to.
std::string refusal_of(const std::string& uri) {
    DatabaseManager manager(impatient(), url_of(uri));
    return error_of<Unavailable>([&] { await(manager.connect()); });
}

void expect_holds(const std::string& text, std::string_view part) {
    EXPECT_NE(text.find(part), std::string::npos) << text;
}

void expect_lacks(const std::string& text, std::string_view part) {
    EXPECT_EQ(text.find(part), std::string::npos) << text;
}

// Every kind of server keeps conversations.

struct Kind {
    std::string name;
    Mongod::Mode mode;
    std::string topology;
};

class Server : public ::testing::TestWithParam<Kind> {};

INSTANTIATE_TEST_SUITE_P(
    Connection, Server,
    ::testing::Values(Kind{"replica_set", Mongod::Mode::kReplicaSet, "replica set rs0"},
                      Kind{"standalone", Mongod::Mode::kStandalone, "standalone"},
                      Kind{"with_authentication", Mongod::Mode::kWithAuthentication, "standalone"},
                      Kind{"with_tls", Mongod::Mode::kWithTls, "standalone"}),
    [](const auto& kind) { return "mongodb_" + kind.param.name; });

TEST_P(Server, KeepsALeadAndItsMessages) {
    const Mongod server(GetParam().mode);
    DatabaseManager manager(patient(), url_of(server.uri()));
    await(manager.connect());
    await(manager.create_indexes());
    EXPECT_EQ(await(manager.client().server_information()).topology, GetParam().topology);

    LeadRepository leads(manager.database());
    MessageRepository messages(manager.database());
    await(leads.get_or_create(kPhone));
    await(messages.save_messages({said("first"), said("second", seconds(1))}));
    await(manager.disconnect());
    await(manager.connect());
    EXPECT_TRUE(await(leads.get_by_phone(kPhone)));
    EXPECT_EQ(contents(await(messages.get_recent_messages(kPhone))),
              (std::vector<std::string>{"first", "second"}));
}

/// With `w=1` an answer does not wait until a majority, which others read from, has the write.
TEST(ConnectionMongodb, WhatIsAcknowledgedIsSeenByTheNextLoadAlsoWithW1) {
    const Mongod server(Mongod::Mode::kReplicaSet);
    const std::string uri = server.uri();
    const char sign = uri.find('?') == std::string::npos ? '?' : '&';
    DatabaseManager manager(patient(), url_of(fmt::format("{}{}w=1", uri, sign)));
    await(manager.connect());
    await(manager.create_indexes());
    LeadRepository leads(manager.database());
    Lead lead = await(leads.get_or_create(kPhone));
    for (int i = 0; i < 100; ++i) {
        lead = await(leads.save(lead));
        lead = await(LeadRepository(manager.database()).get_by_phone(kPhone)).value();
        ASSERT_EQ(lead.version, i + 2);
    }
}

// Who may come in, and what is said to the others. `mongodb` is in the names for ctest -R.

TEST(ConnectionMongodb, AWrongPasswordIsRefusedWithoutShowingIt) {
    const Mongod server(Mongod::Mode::kWithAuthentication);
    const std::string refusal =
        refusal_of(fmt::format("mongodb://admin:hunter2@{}/?authSource=admin", server.address()));
    expect_holds(refusal, "credentials");
    expect_holds(refusal, "authSource");
    expect_holds(refusal, server.address());
    expect_lacks(refusal, "hunter2");
}

TEST(ConnectionMongodb, AUserThatIsMissingIsSaidWhenTheServerAsksForOne) {
    const Mongod server(Mongod::Mode::kWithAuthentication);
    DatabaseManager manager(patient(), url_of(fmt::format("mongodb://{}/", server.address())));
    // The server lets anybody say hello; the first use of data is refused.
    const std::string refusal = error_of<Unavailable>([&] {
        await(manager.connect());
        await(manager.create_indexes());
    });
    expect_holds(refusal, "does not allow this user");
}

TEST(ConnectionMongodb, ACertificateThatNobodyTrustsIsRefused) {
    const Mongod server(Mongod::Mode::kWithTls);
    const std::string refusal = refusal_of(fmt::format("mongodb://{}/?tls=true", server.address()));
    expect_holds(refusal, "TLS");
    expect_holds(refusal, server.address());
}

TEST(ConnectionMongodb, AServerThatRequiresTlsRefusesPlainText) {
    const Mongod server(Mongod::Mode::kWithTls);
    expect_holds(refusal_of(fmt::format("mongodb://{}/", server.address())), "TLS");
}

TEST(ConnectionMongodb, NoServerIsSaidWithinTheSelectionTimeout) {
    const auto started = Deadline::Clock::now();
    const std::string refusal = refusal_of("mongodb://somebody:hunter2@127.0.0.1:1/");
    EXPECT_LT(Deadline::Clock::now() - started, seconds(10));
    expect_holds(refusal, "no MongoDB server answers");
    expect_holds(refusal, "127.0.0.1:1");
    expect_lacks(refusal, "hunter2");
}

TEST(ConnectionMongodb, AReplicaSetOfAnotherNameIsRefused) {
    const Mongod server(Mongod::Mode::kReplicaSet);
    expect_holds(refusal_of(fmt::format("mongodb://{}/?replicaSet=other", server.address())),
                 "no MongoDB server answers");
}

TEST(ConnectionMongodb, WritesThatNobodyConfirmsAreRefused) {
    const std::string refusal = error_of<InvalidArgument>([] {
        DatabaseManager(Settings(),
                        DatabaseUrl{DatabaseUrl::Engine::kMongo, "mongodb://127.0.0.1/?w=0"});
    });
    EXPECT_NE(refusal.find("w=0"), std::string::npos);
}

TEST(ConnectionMongodb, WhatIsNoUriIsRefusedWithoutItsPassword) {
    for (const std::string uri : {"mongodb://", "mongo://u:hunter2@host/", "mongodb://u:hunter2@/",
                                  "mongodb://u:hun@ter2@h", "mongodb://u:hunter2@host:port/",
                                  "mongodb://u:hunter2/@host/"}) {
        const std::string refusal = error_of<InvalidArgument>(
            [&] { const DatabaseManager manager(impatient(), url_of(uri)); });
        expect_holds(refusal, "expected mongodb://");
        expect_lacks(refusal, "hunter2");
        expect_lacks(refusal, "ter2");
    }
}

TEST(ConnectionMongodb, AfterAFailureItConnectsOnceTheServerIsThere) {
    Mongod server(Mongod::Mode::kReplicaSet);
    server.stop();
    DatabaseManager manager(impatient(), url_of(server.uri()));
    EXPECT_THROW(await(manager.connect()), Unavailable);
    EXPECT_THROW(manager.database(), NotConnected);
    server.start();
    once_available([&] { await(manager.connect()); });
    await(manager.client().ping());
}

TEST(ConnectionMongodb, AServerThatGoesIsUnavailableAndUsedAgainWhenItIsBack) {
    Mongod server(Mongod::Mode::kReplicaSet);
    DatabaseManager manager(impatient(), url_of(server.uri()));
    once_available([&] { await(manager.connect()); });
    LeadRepository leads(manager.database());
    const Lead before = await(leads.get_or_create(kPhone));
    server.stop();
    EXPECT_THROW(await(leads.get_by_phone(kPhone)), Unavailable);
    EXPECT_THROW(await(leads.save(before)), Unavailable);
    server.start();
    // It is elected again a moment after it listens.
    std::optional<Lead> after;
    once_available([&] { after = await(leads.get_by_phone(kPhone)); });
    EXPECT_EQ(after, before);
    EXPECT_EQ(await(leads.save(before)).version, before.version + 1);
}

TEST(ConnectionMongodb, DisconnectingWhileTheServerIsGoneEnds) {
    Mongod server(Mongod::Mode::kStandalone);
    DatabaseManager manager(impatient(), url_of(server.uri()));
    once_available([&] { await(manager.connect()); });
    server.stop();
    await(manager.disconnect());
    EXPECT_THROW(manager.client(), NotConnected);
}

// Indexes, beside what every engine does with them.

/// What listIndexes says of one collection, by name.
struct Listed {
    std::vector<std::string> keys;  ///< `name` ascending, `-name` descending
    std::int64_t expires = -1;      ///< seconds; -1 when it does not
};

class MongodbIndexes : public ::testing::TestWithParam<std::string> {
  protected:
    void ensure(const Settings& settings) {
        DatabaseManager manager(settings, database.url());
        await(manager.connect());
        await(manager.create_indexes());
    }

    void command(const std::string& json) {
        use([&](mongoc_client_t* client) {
            bson_error_t error{};
            bson_t request;
            ASSERT_TRUE(bson_init_from_json(&request, json.c_str(), -1, &error)) << error.message;
            EXPECT_TRUE(mongoc_client_command_simple(client, name().c_str(), &request, nullptr,
                                                     nullptr, &error))
                << error.message;
            bson_destroy(&request);
        });
    }

    std::map<std::string, Listed> indexes_of(const std::string& collection) {
        std::map<std::string, Listed> indexes;
        use([&](mongoc_client_t* client) {
            mongoc_collection_t* handle =
                mongoc_client_get_collection(client, name().c_str(), collection.c_str());
            mongoc_cursor_t* cursor = mongoc_collection_find_indexes_with_opts(handle, nullptr);
            const bson_t* index = nullptr;
            while (mongoc_cursor_next(cursor, &index)) {
                indexes.insert(read(*index));
            }
            mongoc_cursor_destroy(cursor);
            mongoc_collection_destroy(handle);
        });
        return indexes;
    }

    OwnDatabase database{GetParam()};

  private:
    const std::string& name() const { return settings_.mongodb_database; }

    void use(const std::function<void(mongoc_client_t*)>& f) {
        DatabaseManager manager(settings_, database.url());
        await(manager.connect());
        await(manager.client().use_native_handle(
            [&](void* client) { f(static_cast<mongoc_client_t*>(client)); }));
    }

    static std::pair<std::string, Listed> read(const bson_t& index) {
        bson_iter_t at;
        EXPECT_TRUE(bson_iter_init_find(&at, &index, "name"));
        std::pair<std::string, Listed> listed{bson_iter_utf8(&at, nullptr), {}};
        EXPECT_TRUE(bson_iter_init_find(&at, &index, "key"));
        bson_iter_t key;
        for (bson_iter_recurse(&at, &key); bson_iter_next(&key);) {
            const std::string sign = bson_iter_as_int64(&key) < 0 ? "-" : "";
            listed.second.keys.push_back(sign + bson_iter_key(&key));
        }
        if (bson_iter_init_find(&at, &index, "expireAfterSeconds")) {
            listed.second.expires = bson_iter_as_int64(&at);
        }
        return listed;
    }

    Settings settings_ = database.settings();
};

INSTANTIATE_TEST_SUITE_P(Connection, MongodbIndexes, ::testing::Values("mongodb"),
                         [](const auto& engine) { return engine.param; });

TEST_P(MongodbIndexes, AChangedRetentionIsAppliedOnline) {
    Settings settings = database.settings();
    settings.message_retention_days = 365;
    ensure(settings);
    EXPECT_EQ(indexes_of("messages").at("idx_message_ttl").expires, 365 * 86400);
    for (const int days : {1, 3650}) {
        settings.message_retention_days = days;
        ensure(settings);
        EXPECT_EQ(indexes_of("messages").at("idx_message_ttl").expires, days * 86400);
    }
}

TEST_P(MongodbIndexes, WithoutExpiryNoMessageIsRemovedAnyMore) {
    Settings settings = database.settings();
    ensure(settings);
    settings.enable_message_archival = false;
    ensure(settings);
    EXPECT_FALSE(indexes_of("messages").contains("idx_message_ttl"));
    settings.enable_message_archival = true;
    ensure(settings);
    EXPECT_TRUE(indexes_of("messages").contains("idx_message_ttl"));
}

TEST_P(MongodbIndexes, TheShorterIndexOfAnEarlierSystemIsReplacedUnderItsName) {
    command(R"({"createIndexes": "messages", "indexes":
        [{"name": "idx_lead_messages", "key": {"lead_id": 1, "timestamp": -1}}]})");
    ensure(database.settings());
    const auto indexes = indexes_of("messages");
    EXPECT_EQ(indexes.at("idx_lead_messages").keys,
              (std::vector<std::string>{"lead_id", "-timestamp", "-seq", "-_id"}));
    EXPECT_FALSE(indexes.contains("idx_lead_messages_bridge"));
}

TEST_P(MongodbIndexes, TheShorterIndexUnderAnotherNameGoesToo) {
    command(R"({"createIndexes": "messages", "indexes":
        [{"name": "lead_id_1_timestamp_-1", "key": {"lead_id": 1, "timestamp": -1}}]})");
    ensure(database.settings());
    EXPECT_FALSE(indexes_of("messages").contains("lead_id_1_timestamp_-1"));
}

TEST_P(MongodbIndexes, TheSameIndexUnderAnotherNameIsNotMadeTwice) {
    command(R"({"createIndexes": "leads", "indexes":
        [{"name": "phone", "key": {"lead_id": 1}, "unique": true}]})");
    ensure(database.settings());
    const auto indexes = indexes_of("leads");
    EXPECT_TRUE(indexes.contains("phone"));
    EXPECT_FALSE(indexes.contains("idx_lead_id_unique"));
}

TEST_P(MongodbIndexes, AnIndexOfOthersStays) {
    command(R"({"createIndexes": "leads", "indexes":
        [{"name": "theirs", "key": {"full_name": 1}}]})");
    ensure(database.settings());
    EXPECT_TRUE(indexes_of("leads").contains("theirs"));
}

TEST_P(MongodbIndexes, AnIndexOfOurNameThatIsNotUniqueBecomesSo) {
    command(R"({"createIndexes": "leads", "indexes":
        [{"name": "idx_lead_id_unique", "key": {"lead_id": 1}}]})");
    ensure(database.settings());
    DatabaseManager manager(database.settings(), database.url());
    await(manager.connect());
    LeadRepository leads(manager.database());
    await(leads.create(new_lead()));
    EXPECT_THROW(await(leads.create(new_lead())), DuplicateKey);
}

}  // namespace
}  // namespace rapport::testing
