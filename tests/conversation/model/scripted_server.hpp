#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <cstddef>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "rapport/core/await.hpp"

namespace rapport::testing {

/// A key and a certificate that signs itself, both PEM.
struct Certificate {
    std::string key;
    std::string certificate;
};

/// `subject`: a subjectAltName, `IP:127.0.0.1` or `DNS:models.example`.
Certificate self_signed(const std::string& subject);

/// An HTTP server on a loopback port and a thread of its own that answers as a test wants, well or
/// badly.
class ScriptedServer {
  public:
    struct Request {
        std::string head;
        std::string body;
    };
    enum class Then {
        kKeep,     ///< waits for the next request
        kClose,    ///< ends the connection
        kHang,     ///< says nothing more, and stays
        kEndless,  ///< repeats the last bytes without an end
    };
    struct Reply {
        std::string bytes;
        Then then = Then::kKeep;
    };

    /// Gives these replies in turn, the last one for ever.
    explicit ScriptedServer(std::vector<Reply> replies,
                            const std::optional<Certificate>& certificate = {});
    ~ScriptedServer();
    ScriptedServer(const ScriptedServer&) = delete;
    ScriptedServer& operator=(const ScriptedServer&) = delete;

    /// Begins anew with these.
    void reply_with(std::vector<Reply> replies);

    /// `http://127.0.0.1:port/v1`, or https.
    std::string url() const;
    std::vector<Request> requests() const;
    std::size_t connections() const;

  private:
    Async<void> listen();
    Async<void> serve(boost::asio::ip::tcp::socket socket);
    template <class Stream>
    Async<void> converse(Stream& stream);
    Reply next_reply(Request request);

    mutable std::mutex mutex_;
    std::vector<Reply> replies_;
    std::size_t next_ = 0;
    std::vector<Request> requests_{};
    std::size_t connections_ = 0;
    std::optional<boost::asio::ssl::context> tls_{};
    boost::asio::io_context context_;
    boost::asio::ip::tcp::acceptor acceptor_;
    std::jthread thread_;
};

/// A whole response; `headers` are lines that end with CRLF.
ScriptedServer::Reply http_reply(int status, std::string_view body, std::string_view headers = "");

/// A chat completion with this text that took 1,000 and 200 tokens.
ScriptedServer::Reply chat_reply(std::string_view content);

}  // namespace rapport::testing
