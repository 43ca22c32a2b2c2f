#include "tests/support/mongod.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <mongoc/mongoc.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <memory>
#include <string>

namespace rapport::testing {
namespace {

/// What is wrong with `command` at the server; empty when it succeeds.
std::string error_of(const std::string& uri, const char* command = R"({"ping": 1})") {
    using Client = std::unique_ptr<mongoc_client_t, decltype(&mongoc_client_destroy)>;
    const Client client(mongoc_client_new(uri.c_str()), &mongoc_client_destroy);
    if (!client) return "not a URI";
    bson_error_t error{};
    bson_t request;
    if (!bson_init_from_json(&request, command, -1, &error)) return error.message;
    const bool done = mongoc_client_command_simple(client.get(), "rapport_test_support", &request,
                                                   nullptr, nullptr, &error);
    bson_destroy(&request);
    return done ? "" : fmt::format("{}: {}", error.code, error.message);
}

/// Succeeds once the server has it, however often it is sent.
constexpr const char* kMajorityWrite = R"({"update": "things", "updates":
    [{"q": {"_id": 1}, "u": {"$set": {"x": 1}}, "upsert": true}],
    "writeConcern": {"w": "majority", "j": true}})";

TEST(Mongod, IsAReplicaSetWithAPrimary) {
    const Mongod server(Mongod::Mode::kReplicaSet);
    EXPECT_EQ(error_of(server.uri()), "");
    EXPECT_EQ(error_of(server.uri(), kMajorityWrite), "");
}

TEST(Mongod, IsAStandaloneServer) {
    const Mongod server(Mongod::Mode::kStandalone);
    EXPECT_EQ(error_of(server.uri()), "");
    EXPECT_NE(error_of(server.uri() + "?replicaSet=rs0"), "");
}

TEST(Mongod, LetsOnlyItsUserInWithAuthentication) {
    const Mongod server(Mongod::Mode::kWithAuthentication);
    EXPECT_EQ(error_of(server.uri(), kMajorityWrite), "");
    const std::string wrong_password =
        fmt::format("mongodb://admin:wrong@{}/?authSource=admin", server.address());
    EXPECT_NE(error_of(wrong_password), "");
    const std::string nobody = fmt::format("mongodb://{}/", server.address());
    EXPECT_NE(error_of(nobody, kMajorityWrite), "");
}

TEST(Mongod, LetsOnlyThoseInWhoTrustItsCertificateWithTls) {
    const Mongod server(Mongod::Mode::kWithTls);
    EXPECT_EQ(error_of(server.uri()), "");
    EXPECT_NE(error_of(fmt::format("mongodb://{}/", server.address())), "") << "without TLS";
    EXPECT_NE(error_of(fmt::format("mongodb://{}/?tls=true", server.address())), "")
        << "without its certificate";
}

TEST(Mongod, ComesBackWithItsData) {
    Mongod server(Mongod::Mode::kReplicaSet);
    const std::string uri = server.uri();
    ASSERT_EQ(error_of(uri, kMajorityWrite), "");
    server.stop();
    EXPECT_NE(error_of(uri), "");
    server.start();
    EXPECT_EQ(server.uri(), uri);
    // It is elected again a moment after it listens.
    const std::string patient = uri + "&serverSelectionTryOnce=false";
    EXPECT_EQ(error_of(patient, R"({"collMod": "things"})"), "") << "there is such a collection";
}

TEST(Mongod, LeavesNothingBehind) {
    auto server = std::make_unique<Mongod>(Mongod::Mode::kStandalone);
    const std::filesystem::path folder = server->folder();
    const std::string uri = server->uri();
    EXPECT_TRUE(std::filesystem::exists(folder));
    server.reset();
    EXPECT_FALSE(std::filesystem::exists(folder));
    EXPECT_NE(error_of(uri), "");
}

TEST(SharedMongod, AnswersAndIsTheSameForTheWholeProcess) {
    const std::string uri = shared_mongodb_uri();
    EXPECT_EQ(error_of(uri), "");
    EXPECT_EQ(shared_mongodb_uri(), uri);
}

TEST(EndProcess, EndsAChildThatHeedsIt) {
    const pid_t child = ::fork();
    if (child == 0) {
        ::execlp("sleep", "sleep", "1000", nullptr);
        ::_exit(127);
    }
    end_process(child);
    EXPECT_NE(::kill(child, 0), 0);
}

/// Where nobody reaps orphans, as in a container without an init, an ended server stays a zombie.
TEST(EndProcess, DoesNotWaitForAnotherToReapTheProcess) {
    std::array<int, 2> pipe{};
    ASSERT_EQ(::pipe(pipe.data()), 0);
    const pid_t parent = ::fork();
    if (parent == 0) {
        const pid_t grandchild = ::fork();
        if (grandchild == 0) ::execlp("sleep", "sleep", "1000", nullptr);
        if (::write(pipe[1], &grandchild, sizeof grandchild) < 0) ::_exit(1);
        ::pause();  // never reaps
        ::_exit(0);
    }
    pid_t orphan = 0;
    ASSERT_EQ(::read(pipe[0], &orphan, sizeof orphan), static_cast<ssize_t>(sizeof orphan));
    end_process(orphan);
    ::kill(parent, SIGKILL);
    EXPECT_EQ(::waitpid(parent, nullptr, 0), parent);
    for (const int end : pipe) ::close(end);
}

}  // namespace
}  // namespace rapport::testing
