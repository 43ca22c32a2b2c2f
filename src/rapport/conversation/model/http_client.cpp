#include "rapport/conversation/model/http_client.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/this_coro.hpp>
#include <cctype>
#include <mutex>
#include <new>
#include <string_view>
#include <utility>

#include "rapport/conversation/model/curl_loop.hpp"

namespace rapport {

/// Multi handles that no call uses, each with its open connections. A handle belongs to one call at
/// a time, so calls share nothing, whatever threads they run on.
class HttpClient::Connections {
  public:
    CurlMulti take() {
        {
            const std::scoped_lock lock(mutex_);
            if (!idle_.empty()) {
                CurlMulti multi = std::move(idle_.back());
                idle_.pop_back();
                return multi;
            }
        }
        CurlMulti multi(curl_multi_init());
        if (!multi) throw std::bad_alloc();
        return multi;
    }
    void give_back(CurlMulti multi) {
        const std::scoped_lock lock(mutex_);
        idle_.push_back(std::move(multi));
    }

  private:
    std::mutex mutex_;
    std::vector<CurlMulti> idle_{};
};

namespace {

struct CurlListDeleter {
    void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using CurlList = std::unique_ptr<curl_slist, CurlListDeleter>;

/// What has come of an answer.
struct Incoming {
    HttpResponse response{};
    const HttpOptions* options = nullptr;
    std::size_t header_bytes = 0;
    bool too_large = false;
};

std::size_t on_body(const char* data, std::size_t, std::size_t size, void* to) {
    auto& incoming = *static_cast<Incoming*>(to);
    std::string& body = incoming.response.body;
    incoming.too_large = size > incoming.options->max_response_bytes - body.size();
    if (incoming.too_large) return 0;
    body.append(data, size);
    return size;
}

std::size_t on_header(const char* data, std::size_t, std::size_t size, void* to) {
    auto& incoming = *static_cast<Incoming*>(to);
    incoming.header_bytes += size;
    incoming.too_large = incoming.header_bytes > incoming.options->max_header_bytes;
    if (incoming.too_large) return 0;
    constexpr std::string_view kName = "retry-after:";
    std::string_view line(data, size);
    const auto same = [](char a, char b) {
        return std::tolower(static_cast<unsigned char>(a)) == b;
    };
    if (line.size() > kName.size() &&
        std::ranges::equal(line.substr(0, kName.size()), kName, same)) {
        line.remove_prefix(kName.size());
        line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
        line = line.substr(0, line.find_last_not_of(" \t\r\n") + 1);
        incoming.response.retry_after = line;
    }
    return size;
}

CurlList list_of(const std::vector<std::string>& lines) {
    CurlList list;
    for (const std::string& line : lines) {
        curl_slist* longer = curl_slist_append(list.get(), line.c_str());
        if (longer == nullptr) throw std::bad_alloc();
        // What it appends to keeps its head.
        if (!list) list.reset(longer);
    }
    return list;
}

CurlEasy prepare(const std::string& url, const curl_slist* headers, const std::string& body,
                 Incoming& incoming) {
    CurlEasy easy(curl_easy_init());
    if (!easy) throw std::bad_alloc();
    const auto set = [&](CURLoption option, auto value) {
        curl_easy_setopt(easy.get(), option, value);
    };
    set(CURLOPT_URL, url.c_str());
    set(CURLOPT_PROTOCOLS_STR, "http,https");
    set(CURLOPT_POST, 1L);
    set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
    set(CURLOPT_POSTFIELDS, body.data());
    set(CURLOPT_HTTPHEADER, headers);
    set(CURLOPT_FOLLOWLOCATION, 0L);
    set(CURLOPT_SSL_VERIFYPEER, 1L);
    set(CURLOPT_SSL_VERIFYHOST, 2L);
    if (!incoming.options->ca_file.empty()) {
        set(CURLOPT_CAINFO, incoming.options->ca_file.c_str());
        set(CURLOPT_CAPATH, static_cast<const char*>(nullptr));
    }
    set(CURLOPT_WRITEFUNCTION, &on_body);
    set(CURLOPT_WRITEDATA, static_cast<void*>(&incoming));
    set(CURLOPT_HEADERFUNCTION, &on_header);
    set(CURLOPT_HEADERDATA, static_cast<void*>(&incoming));
    set(CURLOPT_NOSIGNAL, 1L);
    // A look-up of a host that hangs in its thread must not hold up who gave up waiting for it.
    set(CURLOPT_QUICK_EXIT, 1L);
    return easy;
}

HttpProblem problem_of(CURLcode code, bool sent) {
    switch (code) {
        case CURLE_COULDNT_RESOLVE_HOST:
        case CURLE_COULDNT_RESOLVE_PROXY:
        case CURLE_COULDNT_CONNECT:
            return HttpProblem::kUnreachable;
        case CURLE_PEER_FAILED_VERIFICATION:
        case CURLE_SSL_ISSUER_ERROR:
            return HttpProblem::kUntrusted;
        case CURLE_URL_MALFORMAT:
        case CURLE_SSL_CACERT_BADFILE:
            return HttpProblem::kUnusable;
        case CURLE_UNSUPPORTED_PROTOCOL:
            // Ours, by its URL, or that of a server that does not speak HTTP.
            return sent ? HttpProblem::kBroken : HttpProblem::kUnusable;
        default:
            return HttpProblem::kBroken;
    }
}

bool request_was_sent(CURL* easy) {
    long bytes = 0;
    curl_easy_getinfo(easy, CURLINFO_REQUEST_SIZE, &bytes);
    return bytes > 0;
}

/// Lets go of a transfer however its coroutine ends.
class Running {
  public:
    explicit Running(std::shared_ptr<CurlLoop> loop) : loop_(std::move(loop)) {}
    ~Running() { loop_->stop(); }
    Running(const Running&) = delete;
    Running& operator=(const Running&) = delete;

  private:
    std::shared_ptr<CurlLoop> loop_;
};

}  // namespace

HttpClient::HttpClient(HttpOptions options)
    : options_(std::move(options)), connections_(std::make_unique<Connections>()) {
    [[maybe_unused]] static const CURLcode ready = curl_global_init(CURL_GLOBAL_DEFAULT);
}

HttpClient::~HttpClient() = default;

Async<HttpResponse> HttpClient::post(std::string url, std::vector<std::string> headers,
                                     std::string body, Deadline deadline) {
    // libcurl would otherwise wait a second for a server's leave to send a long body.
    headers.emplace_back("Expect:");
    const CurlList header_list = list_of(headers);
    Incoming incoming{.options = &options_};
    CurlMulti multi = connections_->take();
    const CurlEasy easy = prepare(url, header_list.get(), body, incoming);

    std::optional<CURLcode> code;
    {
        const auto loop =
            std::make_shared<CurlLoop>(co_await boost::asio::this_coro::executor, multi.get());
        const Running running(loop);
        code = co_await loop->run(easy.get(), deadline);
    }
    const bool sent = request_was_sent(easy.get());
    if (!code) {
        throw HttpFailure(HttpProblem::kTimeout, sent, "HTTP: no whole answer by the deadline");
    }
    if (incoming.too_large) {
        throw HttpFailure(HttpProblem::kTooLarge, sent,
                          "HTTP: the answer is larger than is allowed");
    }
    if (*code != CURLE_OK) {
        throw HttpFailure(problem_of(*code, sent), sent,
                          fmt::format("HTTP: {}", curl_easy_strerror(*code)));
    }
    long status = 0;
    curl_easy_getinfo(easy.get(), CURLINFO_RESPONSE_CODE, &status);
    incoming.response.status = static_cast<int>(status);
    connections_->give_back(std::move(multi));
    co_return std::move(incoming.response);
}

}  // namespace rapport
