#include "tests/support/proxy.hpp"

#include <fmt/format.h>

#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <cstdint>
#include <cstring>
#include <set>
#include <utility>

namespace rapport::testing {
namespace {

namespace asio = boost::asio;
using asio::use_awaitable;
using asio::ip::tcp;

/// A message of the wire protocol: four numbers, the first of them its length, then its body.
struct WireMessage {
    static constexpr std::size_t kHeader = 16;

    std::string bytes{};

    std::int32_t number(std::size_t position) const {
        std::int32_t value = 0;
        std::memcpy(&value, bytes.data() + 4 * position, sizeof value);
        return value;
    }
    std::int32_t request_id() const { return number(1); }
    std::int32_t response_to() const { return number(2); }
};

Async<WireMessage> read_message(tcp::socket& from) {
    WireMessage message;
    message.bytes.resize(WireMessage::kHeader);
    co_await asio::async_read(from, asio::buffer(message.bytes), use_awaitable);
    constexpr std::int32_t kMost = 64 << 20;
    const std::int32_t length = message.number(0);
    if (length < static_cast<std::int32_t>(WireMessage::kHeader) || length > kMost) {
        throw std::runtime_error("proxy: not the wire protocol");
    }
    message.bytes.resize(static_cast<std::size_t>(length));
    co_await asio::async_read(from,
                              asio::buffer(message.bytes.data() + WireMessage::kHeader,
                                           message.bytes.size() - WireMessage::kHeader),
                              use_awaitable);
    co_return message;
}

}  // namespace

struct Proxy::Link {
    tcp::socket client;
    tcp::socket server;
    /// Requests on the database that are not answered yet.
    std::set<std::int32_t> open{};
    /// While a new connection to the server takes the place of one that may be broken.
    bool is_connecting = false;

    void close() {
        boost::system::error_code ignored;
        client.close(ignored);
        server.close(ignored);
    }
};

Proxy::Proxy(int server_port, const std::string& database, unsigned seed)
    : server_(asio::ip::address_v4::loopback(), static_cast<std::uint16_t>(server_port)),
      random_(seed),
      acceptor_(context_, {asio::ip::address_v4::loopback(), 0}) {
    // BSON: the name of a text member, its length with the zero behind it, the text.
    const auto size = static_cast<std::int32_t>(database.size() + 1);
    marker_ = std::string("$db\0", 4);
    marker_.append(reinterpret_cast<const char*>(&size), sizeof size);
    marker_ += database;
    asio::co_spawn(context_, listen(), asio::detached);
    thread_ = std::jthread([this] { context_.run(); });
}

void Proxy::before(const std::string& command, std::function<void()> act) {
    const std::scoped_lock lock(mutex_);
    // BSON: the type of a text, its name.
    awaited_ = '\x02' + command + '\0';
    act_ = std::move(act);
}

/// Empty for all but the command that is waited for.
std::function<void()> Proxy::act_before(const std::string& request) {
    const std::scoped_lock lock(mutex_);
    if (!act_ || request.find(awaited_) == std::string::npos) return {};
    return std::exchange(act_, {});
}

Proxy::~Proxy() { context_.stop(); }

std::string Proxy::address() const {
    return fmt::format("127.0.0.1:{}", acceptor_.local_endpoint().port());
}

Async<void> Proxy::listen() {
    while (true) {
        tcp::socket client = co_await acceptor_.async_accept(use_awaitable);
        asio::co_spawn(context_, serve(std::move(client)), asio::detached);
    }
}

Async<void> Proxy::serve(tcp::socket client) try {
    const auto link = std::make_shared<Link>(std::move(client), tcp::socket(context_));
    co_await link->server.async_connect(server_, use_awaitable);
    link->client.set_option(tcp::no_delay(true));
    link->server.set_option(tcp::no_delay(true));
    asio::co_spawn(context_, forward_answers(link), asio::detached);
    co_await forward_requests(link);
} catch (const boost::system::system_error&) {
    co_return;  // the server is gone
}

Async<void> Proxy::connect_anew(std::shared_ptr<Link> link) {
    link->is_connecting = true;
    tcp::socket server(context_);
    co_await server.async_connect(server_, use_awaitable);
    boost::system::error_code ignored;
    link->server.close(ignored);
    // The reader of the old connection hears of that first.
    co_await asio::post(context_, use_awaitable);
    link->server = std::move(server);
    link->is_connecting = false;
    asio::co_spawn(context_, forward_answers(link), asio::detached);
}

/// Until either side closes, or an answer is lost: then both are closed, and so is the other
/// direction.
Async<void> Proxy::forward_requests(std::shared_ptr<Link> link) try {
    while (true) {
        const WireMessage request = co_await read_message(link->client);
        if (request.bytes.find(marker_) != std::string::npos) {
            link->open.insert(request.request_id());
            if (const auto act = act_before(request.bytes)) {
                act();
                co_await connect_anew(link);
            }
        }
        co_await asio::async_write(link->server, asio::buffer(request.bytes), use_awaitable);
    }
} catch (const boost::system::system_error&) {
    link->close();
}

Async<void> Proxy::forward_answers(std::shared_ptr<Link> link) try {
    std::uniform_real_distribution<double> chance(0, 1);
    while (true) {
        const WireMessage answer = co_await read_message(link->server);
        if (link->open.erase(answer.response_to()) > 0 && chance(random_) < share_) {
            ++lost_;
            link->close();
            co_return;
        }
        co_await asio::async_write(link->client, asio::buffer(answer.bytes), use_awaitable);
    }
} catch (const boost::system::system_error&) {
    if (!link->is_connecting) link->close();
}

}  // namespace rapport::testing
