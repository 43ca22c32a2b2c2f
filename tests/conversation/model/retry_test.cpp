#include "rapport/conversation/model/retry.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace rapport {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(Retry, GoesByTheStatusAlone) {
    for (const int status : {408, 409, 425, 429, 500, 502, 503, 504, 529}) {
        EXPECT_TRUE(is_worth_repeating(status)) << status;
        EXPECT_TRUE(counts_against_service(status)) << status;
    }
    for (const int status : {301, 400, 401, 403, 404, 413, 422}) {
        EXPECT_FALSE(is_worth_repeating(status)) << status;
    }
    for (const int status : {401, 403, 404}) EXPECT_TRUE(counts_against_service(status)) << status;
    for (const int status : {400, 413, 422}) EXPECT_FALSE(counts_against_service(status)) << status;
}

TEST(Backoff, DoublesUpToEightSecondsAndSpreadsOverItsUpperHalf) {
    EXPECT_EQ(backoff(0, 0), milliseconds(125));
    EXPECT_EQ(backoff(0, 1), milliseconds(250));
    EXPECT_EQ(backoff(1, 0.5), milliseconds(375));
    EXPECT_EQ(backoff(5, 1), seconds(8));
    EXPECT_EQ(backoff(1000, 1), seconds(8));
}

TEST(RetryAfter, IsReadAsSecondsOrAsADate) {
    const Timestamp now = *parse_iso8601("1994-11-06T08:49:07Z");
    const std::vector<std::pair<std::string, std::optional<milliseconds>>> cases = {
        {"0", seconds(0)},
        {"120", seconds(120)},
        {"99999999999999999999", seconds(1'000'000'000)},
        {"Sun, 06 Nov 1994 08:49:37 GMT", seconds(30)},
        {"Sunday, 06-Nov-94 08:49:37 GMT", seconds(30)},
        {"Sun Nov  6 08:49:37 1994", seconds(30)},
        {"Sun, 06 Nov 1994 08:00:00 GMT", seconds(0)},
        {"-5", std::nullopt},
        {"1.5", std::nullopt},
        {"120 s", std::nullopt},
        {"soon", std::nullopt},
        {"", std::nullopt}};
    for (const auto& [text, expected] : cases) {
        EXPECT_EQ(parse_retry_after(text, now), expected) << text;
    }
}

}  // namespace
}  // namespace rapport
