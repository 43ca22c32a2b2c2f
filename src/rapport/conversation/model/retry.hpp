#pragma once

#include <chrono>
#include <optional>
#include <string_view>

#include "rapport/core/time.hpp"

namespace rapport {

/// True for a status that says "later": 408, 409, 425, 429 and 5xx.
bool is_worth_repeating(int status);

/// True for a status that says that the service, not the request, is at fault: those above, and
/// refusals of the key, the address or the model.
bool counts_against_service(int status);

/// How long to wait before the attempt after the `attempt`-th (from 0): half of 250 ms · 2^attempt,
/// at most 8 s, and `jitter` (0 to 1) of the other half, so that callers spread.
std::chrono::milliseconds backoff(int attempt, double jitter);

/// Reads the header Retry-After: whole seconds, or a date (RFC 9110, 10.2.3, with its three forms
/// of date). Never negative; absent for anything else.
std::optional<std::chrono::milliseconds> parse_retry_after(std::string_view text, Timestamp now);

}  // namespace rapport
