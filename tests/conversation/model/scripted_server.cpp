#include "tests/conversation/model/scripted_server.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/ssl/impl/src.hpp>  // nothing else here needs it built
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <functional>
#include <memory>
#include <stdexcept>
#include <utility>

#include "rapport/core/json.hpp"

namespace rapport::testing {
namespace {

namespace asio = boost::asio;
using asio::use_awaitable;
using asio::ip::tcp;

std::string pem_of(const std::function<int(BIO*)>& write) {
    const std::unique_ptr<BIO, int (*)(BIO*)> bio(BIO_new(BIO_s_mem()), BIO_free);
    if (write(bio.get()) != 1) throw std::runtime_error("OpenSSL: cannot write PEM");
    char* data = nullptr;
    const auto size = BIO_get_mem_data(bio.get(), &data);
    return {data, static_cast<std::size_t>(size)};
}

std::size_t content_length(std::string_view head) {
    constexpr std::string_view kName = "content-length: ";
    const auto found = std::ranges::search(head, kName, [](char a, char b) {
        return std::tolower(static_cast<unsigned char>(a)) == b;
    });
    return found.empty() ? 0 : std::stoul(std::string(found.end(), head.end()));
}

}  // namespace

Certificate self_signed(const std::string& subject) {
    const std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)> key(EVP_EC_gen("P-256"), EVP_PKEY_free);
    const std::unique_ptr<X509, void (*)(X509*)> certificate(X509_new(), X509_free);
    if (!key || !certificate) throw std::runtime_error("OpenSSL: no key");
    X509* x509 = certificate.get();
    X509_set_version(x509, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(x509), 1);
    X509_gmtime_adj(X509_getm_notBefore(x509), -3600);
    X509_gmtime_adj(X509_getm_notAfter(x509), 3600);
    X509_set_pubkey(x509, key.get());
    X509_NAME* name = X509_get_subject_name(x509);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>("test"), -1, -1, 0);
    X509_set_issuer_name(x509, name);
    X509V3_CTX context;
    X509V3_set_ctx(&context, x509, x509, nullptr, nullptr, 0);
    for (const auto& [kind, value] :
         {std::pair<int, std::string>(NID_basic_constraints, "critical,CA:TRUE"),
          std::pair<int, std::string>(NID_subject_alt_name, subject)}) {
        const std::unique_ptr<X509_EXTENSION, void (*)(X509_EXTENSION*)> extension(
            X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str()), X509_EXTENSION_free);
        X509_add_ext(x509, extension.get(), -1);
    }
    X509_sign(x509, key.get(), EVP_sha256());
    return {pem_of([&](BIO* to) {
                return PEM_write_bio_PrivateKey(to, key.get(), nullptr, nullptr, 0, nullptr,
                                                nullptr);
            }),
            pem_of([&](BIO* to) { return PEM_write_bio_X509(to, x509); })};
}

ScriptedServer::ScriptedServer(std::vector<Reply> replies,
                               const std::optional<Certificate>& certificate)
    : replies_(std::move(replies)),
      acceptor_(context_, tcp::endpoint(asio::ip::address_v4::loopback(), 0)) {
    if (certificate) {
        tls_.emplace(asio::ssl::context::tls_server);
        tls_->use_private_key(asio::buffer(certificate->key), asio::ssl::context::pem);
        tls_->use_certificate(asio::buffer(certificate->certificate), asio::ssl::context::pem);
    }
    asio::co_spawn(context_, listen(), asio::detached);
    thread_ = std::jthread([this] { context_.run(); });
}

ScriptedServer::~ScriptedServer() {
    context_.stop();
    thread_.join();
}

void ScriptedServer::reply_with(std::vector<Reply> replies) {
    const std::scoped_lock lock(mutex_);
    replies_ = std::move(replies);
    next_ = 0;
}

ScriptedServer::Reply ScriptedServer::next_reply(Request request) {
    const std::scoped_lock lock(mutex_);
    requests_.push_back(std::move(request));
    return replies_.at(std::min(next_++, replies_.size() - 1));
}

std::string ScriptedServer::url() const {
    return fmt::format("{}://127.0.0.1:{}/v1", tls_ ? "https" : "http",
                       acceptor_.local_endpoint().port());
}

std::vector<ScriptedServer::Request> ScriptedServer::requests() const {
    const std::scoped_lock lock(mutex_);
    return requests_;
}

std::size_t ScriptedServer::connections() const {
    const std::scoped_lock lock(mutex_);
    return connections_;
}

Async<void> ScriptedServer::listen() {
    while (true) {
        asio::co_spawn(context_, serve(co_await acceptor_.async_accept(use_awaitable)),
                       asio::detached);
    }
}

Async<void> ScriptedServer::serve(tcp::socket socket) {
    {
        const std::scoped_lock lock(mutex_);
        ++connections_;
    }
    if (!tls_) co_return co_await converse(socket);
    asio::ssl::stream<tcp::socket&> stream(socket, *tls_);
    co_await stream.async_handshake(asio::ssl::stream_base::server, use_awaitable);
#ifndef __clang_analyzer__  // which takes Asio's coroutines over TLS for null pointers
    co_await converse(stream);
#endif
}

/// Ends with what reading throws when the client leaves.
template <class Stream>
Async<void> ScriptedServer::converse(Stream& stream) {
    std::string input;
    while (true) {
        const std::size_t end = co_await asio::async_read_until(stream, asio::dynamic_buffer(input),
                                                                "\r\n\r\n", use_awaitable);
        Request request{input.substr(0, end), {}};
        const std::size_t whole = end + content_length(request.head);
        if (input.size() < whole) {
            co_await asio::async_read(stream, asio::dynamic_buffer(input),
                                      asio::transfer_exactly(whole - input.size()), use_awaitable);
        }
        request.body = input.substr(end, whole - end);
        input.erase(0, whole);
        const Reply reply = next_reply(std::move(request));
        co_await asio::async_write(stream, asio::buffer(reply.bytes), use_awaitable);
        if (reply.then == Then::kClose) co_return;
        while (reply.then == Then::kEndless) {
            co_await asio::async_write(stream, asio::buffer(reply.bytes), use_awaitable);
        }
        if (reply.then == Then::kHang) {
            co_await asio::async_read(stream, asio::dynamic_buffer(input), use_awaitable);
        }
    }
}

ScriptedServer::Reply http_reply(int status, std::string_view body, std::string_view headers) {
    return {fmt::format("HTTP/1.1 {} Whatever\r\nContent-Length: {}\r\n{}\r\n{}", status,
                        body.size(), headers, body)};
}

ScriptedServer::Reply chat_reply(std::string_view content) {
    JsonWriter out;
    out.add("id", "chatcmpl-1");
    out.begin_array("choices");
    out.begin_document({});
    out.begin_document("message");
    out.add("role", "assistant");
    out.add("content", content);
    out.end();
    out.add("finish_reason", "stop");
    out.end();
    out.end();
    out.begin_document("usage");
    out.add("prompt_tokens", std::int64_t{1000});
    out.add("completion_tokens", std::int64_t{200});
    out.end();
    return http_reply(200, out.finish(), "Content-Type: application/json\r\n");
}

}  // namespace rapport::testing
