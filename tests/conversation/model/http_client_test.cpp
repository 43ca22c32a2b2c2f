#include "rapport/conversation/model/http_client.hpp"

#include <gtest/gtest.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/system/system_error.hpp>
#include <exception>
#include <fstream>
#include <vector>

#include "tests/conversation/model/scripted_server.hpp"
#include "tests/store/temporary_folder.hpp"

namespace rapport {
namespace {

namespace asio = boost::asio;
using testing::http_reply;
using testing::ScriptedServer;
using Then = ScriptedServer::Then;
using Reply = ScriptedServer::Reply;

const auto kPatience = std::chrono::seconds(30);
const auto kShort = std::chrono::milliseconds(200);

HttpResponse post(HttpClient& client, const std::string& url, Deadline deadline) {
    return await(client.post(url, {"X-Test: 1"}, "the body", deadline));
}

/// Why there was no answer.
HttpProblem problem_of(HttpClient& client, const std::string& url,
                       Deadline deadline = Deadline::in(kPatience)) {
    try {
        const HttpResponse response = post(client, url, deadline);
        ADD_FAILURE() << "an answer came: " << response.status;
    } catch (const HttpFailure& failure) {
        return failure.problem();
    }
    return {};
}

TEST(Http, PostsAndReadsTheWholeAnswer) {
    const std::string text(100'000, 'x');
    const ScriptedServer server({http_reply(503, text, "RETRY-AFTER:  7 \r\n")});
    HttpClient client;
    const HttpResponse response = post(client, server.url(), {});
    EXPECT_EQ(response.status, 503);
    EXPECT_EQ(response.body, text);
    EXPECT_EQ(response.retry_after, "7");
    const auto request = server.requests().at(0);
    EXPECT_TRUE(request.head.starts_with("POST /v1 HTTP/1.1\r\n")) << request.head;
    EXPECT_NE(request.head.find("\r\nX-Test: 1\r\n"), std::string::npos);
    EXPECT_EQ(request.body, "the body");
}

TEST(Http, KeepsItsConnectionFromOneEventLoopToTheNext) {
    const ScriptedServer server({http_reply(200, "ok")});
    HttpClient client;
    for (int i = 0; i < 3; ++i) EXPECT_EQ(post(client, server.url(), {}).body, "ok");
    EXPECT_EQ(server.connections(), 1U);
}

TEST(Http, RunsCallsOnManyThreads) {
    const ScriptedServer server({http_reply(200, "ok")});
    HttpClient client;
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([&] {
            for (int k = 0; k < 25; ++k) EXPECT_EQ(post(client, server.url(), {}).body, "ok");
        });
    }
    threads.clear();
    EXPECT_EQ(server.requests().size(), 100U);
}

TEST(Http, FollowsNoRedirect) {
    const ScriptedServer server({http_reply(307, "", "Location: http://127.0.0.1:1/\r\n")});
    HttpClient client;
    EXPECT_EQ(post(client, server.url(), {}).status, 307);
    EXPECT_EQ(server.requests().size(), 1U);
}

TEST(Http, SaysWhyThereIsNoAnswer) {
    HttpClient client({.max_response_bytes = 10'000, .max_header_bytes = 10'000});
    const std::string ok = "HTTP/1.1 200 OK\r\n";
    const std::vector<std::pair<Reply, HttpProblem>> cases = {
        {{"", Then::kClose}, HttpProblem::kBroken},
        {{"not HTTP at all\r\n\r\n", Then::kClose}, HttpProblem::kBroken},
        {{ok + "Content-Length: 1000\r\n\r\nhalf", Then::kClose}, HttpProblem::kBroken},
        {{ok + "Content-Length: 99999999\r\n\r\n" + std::string(4000, 'x'), Then::kEndless},
         HttpProblem::kTooLarge},
        {{ok + "\r\n" + std::string(4000, 'x'), Then::kEndless}, HttpProblem::kTooLarge},
        {http_reply(200, "", "X-Long: " + std::string(20'000, 'x') + "\r\n"),
         HttpProblem::kTooLarge}};
    for (std::size_t i = 0; i < cases.size(); ++i) {
        const ScriptedServer server({cases[i].first});
        EXPECT_EQ(problem_of(client, server.url()), cases[i].second) << "case " << i;
    }
    EXPECT_EQ(problem_of(client, "http://127.0.0.1:1/"), HttpProblem::kUnreachable);
    EXPECT_EQ(problem_of(client, "file:///etc/hostname"), HttpProblem::kUnusable);
}

TEST(Http, EndsAtTheDeadlineThoughTheServerHangs) {
    HttpClient client;
    for (const char* bytes : {"", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"}) {
        const ScriptedServer server({Reply{bytes, Then::kHang}});
        EXPECT_EQ(problem_of(client, server.url(), Deadline::in(kShort)), HttpProblem::kTimeout);
    }
}

TEST(Http, TellsWhetherAnythingWasSent) {
    const ScriptedServer server({Reply{"", Then::kClose}});
    HttpClient client;
    const auto sent = [&](const std::string& url) {
        try {
            post(client, url, {});
        } catch (const HttpFailure& failure) {
            return failure.sent();
        }
        return false;
    };
    EXPECT_TRUE(sent(server.url()));
    EXPECT_FALSE(sent("http://127.0.0.1:1/"));
}

TEST(Http, IsCancelledAndGoesOnWithTheNextCall) {
    const ScriptedServer server({Reply{"", Then::kHang}, http_reply(200, "ok")});
    HttpClient client;
    asio::io_context context;
    asio::cancellation_signal cancel;
    std::exception_ptr ended;
    asio::co_spawn(
        context, client.post(server.url(), {}, "", Deadline::in(kPatience)),
        asio::bind_cancellation_slot(cancel.slot(), [&](const std::exception_ptr& error,
                                                        const HttpResponse&) { ended = error; }));
    while (server.requests().empty()) context.run_one_for(std::chrono::milliseconds(5));
    cancel.emit(asio::cancellation_type::terminal);
    context.run();
    EXPECT_THROW(std::rethrow_exception(ended), boost::system::system_error);
    EXPECT_EQ(post(client, server.url(), {}).body, "ok");
}

TEST(Http, OutlivesAnEventLoopThatIsDroppedMidCall) {
    const ScriptedServer server({Reply{"", Then::kHang}, http_reply(200, "ok")});
    HttpClient client;
    {
        asio::io_context dying;
        asio::co_spawn(dying, client.post(server.url(), {}, "", Deadline::in(kPatience)),
                       asio::detached);
        while (server.requests().empty()) dying.run_one_for(std::chrono::milliseconds(5));
    }
    EXPECT_EQ(post(client, server.url(), {}).body, "ok");
}

class Https : public ::testing::Test {
  protected:
    std::filesystem::path ca_file(const testing::Certificate& trusted) const {
        const auto path = folder.path() / "ca.pem";
        std::ofstream(path) << trusted.certificate;
        return path;
    }

    testing::TemporaryFolder folder;
    testing::Certificate certificate = testing::self_signed("IP:127.0.0.1");
    ScriptedServer server{{http_reply(200, "ok")}, certificate};
};

TEST_F(Https, TrustsTheAuthoritiesOfAFile) {
    HttpClient client({.ca_file = ca_file(certificate)});
    EXPECT_EQ(post(client, server.url(), {}).body, "ok");
}

TEST_F(Https, TrustsNobodyElse) {
    HttpClient client;
    EXPECT_EQ(problem_of(client, server.url()), HttpProblem::kUntrusted);
    HttpClient other({.ca_file = ca_file(testing::self_signed("IP:127.0.0.1"))});
    EXPECT_EQ(problem_of(other, server.url()), HttpProblem::kUntrusted);
    EXPECT_TRUE(server.requests().empty());
}

TEST_F(Https, WantsTheCertificateToBeTheServersOwn) {
    const auto another = testing::self_signed("DNS:models.example");
    const ScriptedServer impostor({http_reply(200, "ok")}, another);
    HttpClient client({.ca_file = ca_file(another)});
    EXPECT_EQ(problem_of(client, impostor.url()), HttpProblem::kUntrusted);
    EXPECT_TRUE(impostor.requests().empty());
}

TEST_F(Https, SaysThatTheFileOfAuthoritiesIsOfNoUse) {
    HttpClient client({.ca_file = folder.path() / "missing.pem"});
    EXPECT_EQ(problem_of(client, server.url()), HttpProblem::kUnusable);
}

}  // namespace
}  // namespace rapport
