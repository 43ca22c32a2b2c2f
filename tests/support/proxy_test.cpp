#include "tests/support/proxy.hpp"

#include <gtest/gtest.h>
#include <mongoc/mongoc.h>

#include <chrono>
#include <string>

#include "rapport/core/deadline.hpp"
#include "tests/support/mongod.hpp"

namespace rapport::testing {
namespace {

constexpr auto kDatabase = "rapport_test_proxy";

class ProxyMongodb : public ::testing::Test {
  protected:
    ProxyMongodb()
        : client_(mongoc_client_new(
              ("mongodb://" + proxy_.address() + "/?directConnection=true&retryWrites=false")
                  .c_str())) {}
    ~ProxyMongodb() override { mongoc_client_destroy(client_); }

    /// False when no answer came.
    bool insert(const char* database) {
        mongoc_collection_t* things = mongoc_client_get_collection(client_, database, "things");
        bson_t thing = BSON_INITIALIZER;
        const bool told = mongoc_collection_insert_one(things, &thing, nullptr, nullptr, nullptr);
        bson_destroy(&thing);
        mongoc_collection_destroy(things);
        return told;
    }
    std::int64_t count(const char* database) {
        mongoc_collection_t* things = mongoc_client_get_collection(client_, database, "things");
        bson_t all = BSON_INITIALIZER;
        const std::int64_t number =
            mongoc_collection_count_documents(things, &all, nullptr, nullptr, nullptr, nullptr);
        bson_destroy(&all);
        mongoc_collection_destroy(things);
        return number;
    }

    Mongod server_{Mongod::Mode::kStandalone};
    Proxy proxy_{server_.port(), kDatabase, 1};
    mongoc_client_t* client_;
};

TEST_F(ProxyMongodb, PassesEverythingOn) {
    EXPECT_TRUE(insert(kDatabase));
    EXPECT_EQ(count(kDatabase), 1);
    EXPECT_EQ(proxy_.lost(), 0);
}

TEST_F(ProxyMongodb, LosesTheAnswerToWhatTheServerHasDone) {
    proxy_.lose(1);
    EXPECT_FALSE(insert(kDatabase));
    EXPECT_EQ(proxy_.lost(), 1);
    proxy_.lose(0);
    EXPECT_EQ(count(kDatabase), 1);
}

TEST_F(ProxyMongodb, ClosesWhatAServerThatIsGoneHadOpen) {
    EXPECT_TRUE(insert(kDatabase));
    server_.kill();
    const Deadline soon = Deadline::in(std::chrono::seconds(10));
    EXPECT_FALSE(insert(kDatabase));
    EXPECT_FALSE(soon.passed());
}

TEST_F(ProxyMongodb, LosesNothingOfOtherDatabases) {
    proxy_.lose(1);
    EXPECT_TRUE(insert("rapport_test_proxy_other"));
    EXPECT_EQ(proxy_.lost(), 0);
}

}  // namespace
}  // namespace rapport::testing
