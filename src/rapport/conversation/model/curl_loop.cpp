#include "rapport/conversation/model/curl_loop.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>
#include <utility>

namespace rapport {
namespace asio = boost::asio;
using boost::system::error_code;

/// A socket of libcurl's, which opens and closes it.
struct CurlLoop::Socket {
    Socket(const asio::any_io_executor& executor, curl_socket_t descriptor)
        : stream(executor, descriptor) {}
    ~Socket() {
        if (stream.is_open()) stream.release();
    }
    Socket(const Socket&) = delete;
    Socket& operator=(const Socket&) = delete;

    asio::posix::stream_descriptor stream;
    int wanted = CURL_POLL_NONE;
    bool reading = false;
    bool writing = false;
};

CurlLoop::CurlLoop(asio::any_io_executor executor, CURLM* multi)
    : multi_(multi), executor_(std::move(executor)), timer_(executor_), ended_(executor_) {}

Async<std::optional<CURLcode>> CurlLoop::run(CURL* easy, Deadline deadline) {
    curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, &CurlLoop::on_socket);
    curl_multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
    curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, &CurlLoop::on_timer);
    curl_multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
    ended_.expires_at(deadline.at());
    easy_ = easy;
    if (curl_multi_add_handle(multi_, easy) != CURLM_OK) co_return CURLE_FAILED_INIT;

    error_code error;
    co_await ended_.async_wait(asio::redirect_error(asio::use_awaitable, error));
    if (!result_ && error) throw boost::system::system_error(asio::error::operation_aborted);
    co_return result_;
}

void CurlLoop::stop() {
    curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, nullptr);
    curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, nullptr);
    timer_.cancel();
    for (const auto& [descriptor, socket] : sockets_) socket->stream.release();
    sockets_.clear();
    if (easy_ != nullptr) curl_multi_remove_handle(multi_, std::exchange(easy_, nullptr));
}

int CurlLoop::on_socket(CURL*, curl_socket_t descriptor, int wanted, void* self, void*) {
    static_cast<CurlLoop*>(self)->watch(descriptor, wanted);
    return 0;
}

int CurlLoop::on_timer(CURLM*, long milliseconds, void* self) {
    auto& loop = *static_cast<CurlLoop*>(self);
    if (milliseconds < 0) {
        loop.timer_.cancel();
        return 0;
    }
    loop.timer_.expires_after(std::chrono::milliseconds(milliseconds));
    loop.timer_.async_wait([weak = loop.weak_from_this()](const error_code& error) {
        const auto live = error ? nullptr : weak.lock();
        if (live) live->act(CURL_SOCKET_TIMEOUT, 0);
    });
    return 0;
}

void CurlLoop::watch(curl_socket_t descriptor, int wanted) {
    if (wanted == CURL_POLL_REMOVE) {
        const auto gone = sockets_.extract(descriptor);
        // Let go now: libcurl may close it, and open another of that number, before we are back.
        if (gone) gone.mapped()->stream.release();
        return;
    }
    auto& socket = sockets_[descriptor];
    if (!socket) socket = std::make_shared<Socket>(executor_, descriptor);
    socket->wanted = wanted;
    arm(socket);
}

void CurlLoop::arm(const std::shared_ptr<Socket>& socket) {
    if ((socket->wanted & CURL_POLL_IN) != 0) wait_for(socket, CURL_CSELECT_IN, socket->reading);
    if ((socket->wanted & CURL_POLL_OUT) != 0) wait_for(socket, CURL_CSELECT_OUT, socket->writing);
}

void CurlLoop::wait_for(const std::shared_ptr<Socket>& socket, int event, bool& waiting) {
    if (std::exchange(waiting, true)) return;
    const auto direction = event == CURL_CSELECT_IN ? asio::posix::descriptor_base::wait_read
                                                    : asio::posix::descriptor_base::wait_write;
    socket->stream.async_wait(
        direction, [weak = weak_from_this(), socket, event, &waiting](const error_code& error) {
            waiting = false;
            const auto loop = error ? nullptr : weak.lock();
            if (!loop || !socket->stream.is_open()) return;
            loop->act(socket->stream.native_handle(), event);
            if (socket->stream.is_open()) loop->arm(socket);
        });
}

void CurlLoop::act(curl_socket_t descriptor, int events) {
    if (easy_ == nullptr) return;
    int running = 0;
    curl_multi_socket_action(multi_, descriptor, events, &running);
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi_, &left)) {
        if (message->msg != CURLMSG_DONE) continue;
        result_ = message->data.result;
        ended_.cancel();
    }
}

}  // namespace rapport
