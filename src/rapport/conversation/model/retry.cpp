#include "rapport/conversation/model/retry.hpp"

#include <curl/curl.h>

#include <algorithm>
#include <charconv>
#include <string>

namespace rapport {

bool is_worth_repeating(int status) {
    return status == 408 || status == 409 || status == 425 || status == 429 || status >= 500;
}

bool counts_against_service(int status) {
    return is_worth_repeating(status) || status == 401 || status == 403 || status == 404;
}

std::chrono::milliseconds backoff(int attempt, double jitter) {
    constexpr std::chrono::milliseconds kFirst{250};
    constexpr int kDoublings = 5;  // 250 ms · 2^5 = 8 s
    const auto whole = kFirst * (1 << std::clamp(attempt, 0, kDoublings));
    return whole / 2 + std::chrono::floor<std::chrono::milliseconds>(whole / 2 * jitter);
}

std::optional<std::chrono::milliseconds> parse_retry_after(std::string_view text, Timestamp now) {
    std::int64_t seconds = 0;
    const char* begin = text.data();
    const char* end = begin + text.size();
    const auto [stop, error] = std::from_chars(begin, end, seconds);
    if (stop == end && error != std::errc::invalid_argument) {
        constexpr std::int64_t kMost = 1'000'000'000;
        if (error == std::errc::result_out_of_range) seconds = kMost;
        if (seconds < 0) return std::nullopt;
        return std::chrono::seconds(std::min(seconds, kMost));
    }
    // It reads a bare day, too; every date of HTTP has a time.
    const std::time_t at = curl_getdate(std::string(text).c_str(), nullptr);
    if (at < 0 || text.find(':') == std::string_view::npos) return std::nullopt;
    const Timestamp date{std::chrono::seconds(at)};
    return std::max(date - now, std::chrono::milliseconds(0));
}

}  // namespace rapport
