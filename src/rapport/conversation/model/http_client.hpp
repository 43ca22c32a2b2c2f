#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "rapport/core/await.hpp"
#include "rapport/core/deadline.hpp"
#include "rapport/core/error.hpp"

namespace rapport {

/// What a server answered, whatever its status.
struct HttpResponse {
    int status = 0;
    std::string body{};
    /// The header of that name (RFC 9110, 10.2.3), as it came.
    std::optional<std::string> retry_after{};
};

/// Why there is no answer.
enum class HttpProblem {
    kUnreachable,  ///< no such host, or nobody there
    kUntrusted,    ///< its certificate is not one we trust, or not its own
    kBroken,       ///< the connection ended before the answer did, or it is not HTTP
    kTooLarge,     ///< the answer is larger than we take
    kTimeout,      ///< no whole answer by the deadline
    kUnusable,     ///< the URL, or the file of authorities, is of no use
};

/// No whole answer came. The message holds nothing of URL, headers or body.
class HttpFailure : public Unavailable {
  public:
    HttpFailure(HttpProblem problem, bool sent, const std::string& message)
        : Unavailable(message), problem_(problem), sent_(sent) {}
    HttpProblem problem() const noexcept { return problem_; }
    /// Something of the request had gone out, so that the server may have worked on it.
    bool sent() const noexcept { return sent_; }

  private:
    HttpProblem problem_;
    bool sent_;
};

struct HttpOptions {
    /// Authorities (PEM) to trust instead of the system's; empty: the system's.
    std::filesystem::path ca_file{};
    std::size_t max_response_bytes = std::size_t{1} << 20;
    std::size_t max_header_bytes = std::size_t{64} << 10;
};

/// Posts over HTTP and HTTPS (libcurl). Certificates are always verified, redirects never followed:
/// the headers hold a key. Connections are kept for the next call.
///
/// May be used from any number of threads and coroutines at once. The executor of each must run its
/// handlers one at a time: a strand, or an io_context with one thread.
class HttpClient {
  public:
    explicit HttpClient(HttpOptions options = {});
    ~HttpClient();
    HttpClient(const HttpClient&) = delete;
    HttpClient& operator=(const HttpClient&) = delete;

    /// Never blocks. `headers` are whole lines, `Name: value`. Throws HttpFailure, at the deadline
    /// too. Cancelling drops the connection.
    Async<HttpResponse> post(std::string url, std::vector<std::string> headers, std::string body,
                             Deadline deadline);

  private:
    class Connections;

    const HttpOptions options_;
    std::unique_ptr<Connections> connections_;
};

}  // namespace rapport
