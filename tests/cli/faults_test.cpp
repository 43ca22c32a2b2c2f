// What a person reads when a server or a file is not as it should be: what, where, and what to do.
#include <fmt/format.h>
#include <gmock/gmock-matchers.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/ssl/impl/src.hpp>  // nothing else here needs it built
#include <boost/asio/write.hpp>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <thread>

#include "rapport/core/bson.hpp"
#include "tests/cli/program.hpp"
#include "tests/support/mongod.hpp"

namespace rapport::testing {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr auto kNoDatabase = 3;

/// Accepts on a free loopback port, one connection after the other.
class FakeServer {
  public:
    explicit FakeServer(std::function<void(tcp::socket)> serve)
        : acceptor_(context_, {asio::ip::address_v4::loopback(), 0}),
          thread_([this, serve = std::move(serve)](const std::stop_token& stop) {
              while (!stop.stop_requested()) {
                  tcp::socket socket = acceptor_.accept();
                  if (stop.stop_requested()) break;
                  serve(std::move(socket));
              }
          }) {}
    ~FakeServer() {
        thread_.request_stop();
        tcp::socket wake(context_);
        boost::system::error_code ignored;
        wake.connect(acceptor_.local_endpoint(), ignored);
    }
    FakeServer(const FakeServer&) = delete;
    FakeServer& operator=(const FakeServer&) = delete;

    std::string uri(std::string_view options) const {
        return fmt::format("mongodb://127.0.0.1:{}/?{}", acceptor_.local_endpoint().port(),
                           options);
    }

  private:
    asio::io_context context_;
    tcp::acceptor acceptor_;
    std::jthread thread_;
};

class Faults : public ::testing::Test {
  protected:
    // So long each of them waits; a busy machine may need as long for a handshake.
    Faults() { rapport.set("MONGODB_SERVER_SELECTION_TIMEOUT_MS", "5000"); }

    /// Expects exit code 3, and gives what stands on stderr.
    std::string refusal(const std::string& url, std::vector<std::string> command = {"leads"}) {
        command.insert(command.begin(), {"--db", url});
        const Outcome outcome = rapport.run_bare(std::move(command));
        EXPECT_EQ(outcome.exit_code, kNoDatabase) << outcome.err;
        EXPECT_EQ(outcome.out, "");
        return outcome.err;
    }

    Program rapport{"sqlite"};
};

class FaultsMongodb : public Faults {};

TEST_F(FaultsMongodb, ACertificateOfNobodyTrustedIsSaidAndHowToTrustIt) {
    const Mongod server(Mongod::Mode::kWithTls);
    const std::string said = refusal("mongodb://" + server.address() + "/?tls=true");
    EXPECT_THAT(said, HasSubstr(server.address() + ": MongoDB's TLS certificate is of nobody "
                                                   "trusted here: name the file of who signed it"));
}

TEST_F(FaultsMongodb, ACertificateOfAnotherHostIsSaid) {
    const Mongod server(Mongod::Mode::kWithTls);
    const std::string said = refusal(fmt::format("mongodb://localhost:{}/?tls=true&tlsCAFile={}",
                                                 server.port(), server.ca_file().string()));
    EXPECT_THAT(said, HasSubstr("TLS certificate is another host's: name the server in"));
}

// A mongod refuses to start with such a certificate: it has to expire while it runs.
TEST_F(FaultsMongodb, ACertificateThatHasExpiredIsSaid) {
    const std::string folder = rapport.folder().string();
    const std::string make = fmt::format(
        "cd {} && echo subjectAltName=IP:127.0.0.1 > ext && openssl req -newkey rsa:2048 -nodes "
        "-subj /CN=127.0.0.1 -keyout key -out request 2>/dev/null && openssl x509 -req -in request "
        "-signkey key -days -1 -extfile ext -out certificate 2>/dev/null",
        folder);
    ASSERT_EQ(std::system(make.c_str()), 0);
    asio::ssl::context tls(asio::ssl::context::tls_server);
    tls.use_certificate_chain_file(folder + "/certificate");
    tls.use_private_key_file(folder + "/key", asio::ssl::context::pem);
    const FakeServer server([&](tcp::socket socket) {
        asio::ssl::stream<tcp::socket> stream(std::move(socket), tls);
        boost::system::error_code refused;
        stream.handshake(asio::ssl::stream_base::server, refused);
    });
    EXPECT_THAT(refusal(server.uri("tls=true&tlsCAFile=" + folder + "/certificate")),
                HasSubstr("MongoDB's TLS certificate has expired: renew it on the server"));
}

/// Answers whatever is asked as a server of MongoDB 2.6 would: wire version 2.
// https://www.mongodb.com/docs/manual/legacy-opcodes/#op_reply
void answer_as_an_old_server(tcp::socket socket) {
    constexpr std::int32_t kReply = 1;
    std::array<std::int32_t, 4> head{};  // length, request, response to, operation
    for (boost::system::error_code gone; !gone;) {
        asio::read(socket, asio::buffer(head), gone);
        if (gone) return;
        std::string body(static_cast<std::size_t>(head[0]) - sizeof head, '\0');
        asio::read(socket, asio::buffer(body), gone);
        BsonWriter out;
        out.add("ok", 1.0);
        out.add("ismaster", true);
        out.add("maxWireVersion", std::int64_t{2});
        out.add("minWireVersion", std::int64_t{0});
        const Document document = out.finish();
        const std::string_view bytes = document.bytes();
        // flags, cursor (two halves), starting from, number returned
        const std::array<std::int32_t, 5> reply{8, 0, 0, 0, 1};
        const std::int32_t asked = head[1];
        head = {static_cast<std::int32_t>(sizeof head + sizeof reply + bytes.size()), 1, asked,
                kReply};
        asio::write(socket,
                    std::array<asio::const_buffer, 3>{asio::buffer(head), asio::buffer(reply),
                                                      asio::buffer(bytes.data(), bytes.size())},
                    gone);
    }
}

TEST_F(FaultsMongodb, AServerThatIsTooOldIsSaid) {
    std::vector<std::jthread> connections;
    const FakeServer server([&](tcp::socket socket) {
        connections.emplace_back(answer_as_an_old_server, std::move(socket));
    });
    EXPECT_THAT(refusal(server.uri("")), HasSubstr("MongoDB is too old: 6.0 or later is needed"));
}

TEST_F(FaultsMongodb, ANameThatIsNotInDnsIsSaidWithoutThePassword) {
    const std::string srv = refusal("mongodb+srv://user:hunter2@nobody.example.invalid/");
    EXPECT_THAT(srv, HasSubstr("mongodb+srv: the name has no SRV record in DNS"));
    EXPECT_THAT(srv, Not(HasSubstr("hunter2")));
    const std::string host = refusal("mongodb://user:hunter2@nobody.invalid/");
    EXPECT_THAT(host, HasSubstr("nobody.invalid:27017: MongoDB's host has no address in DNS"));
    EXPECT_THAT(host, Not(HasSubstr("hunter2")));
}

TEST_F(FaultsMongodb, AUserWithoutRightsIsToldWhichToAskFor) {
    const Mongod server(Mongod::Mode::kWithAuthentication);
    ASSERT_TRUE(
        admin_command(server.uri(), R"({"createUser":"reader","pwd":"hunter2","roles":[]})"));
    const std::string said =
        refusal("mongodb://reader:hunter2@" + server.address() + "/?authSource=admin");
    EXPECT_THAT(said, HasSubstr("does not allow this user the operation: grant readWrite"));
    EXPECT_THAT(said, Not(HasSubstr("hunter2")));
}

class FaultsSqlite : public Faults {
  protected:
    std::string url() const { return "sqlite:" + file(); }
    std::string file() const { return rapport.path("own.db").string(); }
    void create() {
        ASSERT_EQ(rapport.run_bare({"--db", url(), "lead", "create", kPhone}).exit_code, 0);
    }
};

TEST_F(FaultsSqlite, AFileThatIsNoDatabaseIsNamedAndLeftAsItIs) {
    const std::string text(5000, 'x');
    rapport.write("own.db", text);
    EXPECT_THAT(refusal(url(), {"lead", "create", kPhone}),
                HasSubstr(file() + ": not a SQLite database"));
    std::ifstream in(file(), std::ios::binary);
    EXPECT_EQ(std::string(std::istreambuf_iterator<char>(in), {}), text);
}

TEST_F(FaultsSqlite, AFileThatWasCutIsDamagedWhereverItIsCut) {
    for (const double kept : {0.1, 0.5, 0.9}) {
        std::filesystem::remove(file());
        create();
        const auto size = static_cast<double>(std::filesystem::file_size(file()));
        std::filesystem::resize_file(file(), static_cast<std::uintmax_t>(size * kept));
        const std::string said = refusal(url(), {"lead", "create", "+525599998888"});
        EXPECT_THAT(said, HasSubstr("damaged")) << kept;
        EXPECT_THAT(said, HasSubstr("restore it from a copy")) << kept;
    }
}

TEST_F(FaultsSqlite, AFileThatAnotherProgramKeepsLockedIsSaid) {
    create();
    sqlite3* other = nullptr;
    ASSERT_EQ(sqlite3_open(file().c_str(), &other), SQLITE_OK);
    ASSERT_EQ(sqlite3_exec(other, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr), SQLITE_OK);
    const std::string said = refusal(url(), {"lead", "create", "+525599998888"});
    sqlite3_close(other);
    EXPECT_THAT(said, HasSubstr(file() + ": another process holds the write lock"));
    EXPECT_THAT(said, HasSubstr("try again"));
}

TEST_F(FaultsSqlite, AFileThatMayOnlyBeReadIsRefusedForWriting) {
    create();
    std::filesystem::permissions(file(), std::filesystem::perms(0444));
    rapport.give_up_rights();
    EXPECT_THAT(refusal(url(), {"lead", "create", "+525599998888"}), HasSubstr("write permission"));
}

}  // namespace
}  // namespace rapport::testing
