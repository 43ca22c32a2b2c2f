#pragma once

#include <curl/curl.h>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <map>
#include <memory>
#include <optional>

#include "rapport/core/await.hpp"
#include "rapport/core/deadline.hpp"

namespace rapport {

/// libcurl types easy and multi handles alike, so each has a deleter of its own.
struct CurlEasyDeleter {
    void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
};
struct CurlMultiDeleter {
    void operator()(CURLM* handle) const { curl_multi_cleanup(handle); }
};
using CurlEasy = std::unique_ptr<CURL, CurlEasyDeleter>;
using CurlMulti = std::unique_ptr<CURLM, CurlMultiDeleter>;

/// Runs one transfer of a multi handle on Asio: its sockets and its timer
/// (https://curl.se/libcurl/c/libcurl-multi.html, "multi_socket"). All on one executor that runs
/// its handlers one at a time.
class CurlLoop : public std::enable_shared_from_this<CurlLoop> {
  public:
    CurlLoop(boost::asio::any_io_executor executor, CURLM* multi);
    CurlLoop(const CurlLoop&) = delete;
    CurlLoop& operator=(const CurlLoop&) = delete;

    /// Adds the handle and waits until its transfer has ended: with its result, or absent at the
    /// deadline. Cancelled, it throws as every operation does. stop() comes after it in any case.
    Async<std::optional<CURLcode>> run(CURL* easy, Deadline deadline);

    /// Lets go of the sockets and of the handle. Idempotent.
    void stop();

  private:
    struct Socket;

    static int on_socket(CURL*, curl_socket_t descriptor, int wanted, void* self, void*);
    static int on_timer(CURLM*, long milliseconds, void* self);

    void watch(curl_socket_t descriptor, int wanted);
    void arm(const std::shared_ptr<Socket>& socket);
    void wait_for(const std::shared_ptr<Socket>& socket, int event, bool& waiting);
    void act(curl_socket_t descriptor, int events);

    CURLM* multi_;
    CURL* easy_ = nullptr;
    boost::asio::any_io_executor executor_;
    std::map<curl_socket_t, std::shared_ptr<Socket>> sockets_{};
    boost::asio::steady_timer timer_;
    boost::asio::steady_timer ended_;
    std::optional<CURLcode> result_{};
};

}  // namespace rapport
