#include "rapport/conversation/model/chat_model.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <random>
#include <utility>

#include "rapport/conversation/model/retry.hpp"
#include "rapport/core/error.hpp"

namespace rapport {
namespace {

constexpr int kMaxAttempts = 4;

/// With less time left no model answers.
constexpr std::chrono::milliseconds kLeastTime{200};

double jitter() {
    thread_local std::minstd_rand random(std::random_device{}());
    return std::uniform_real_distribution<double>(0, 1)(random);
}

Async<void> pause(std::chrono::milliseconds time) {
    boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor, time);
    co_await timer.async_wait(boost::asio::use_awaitable);
}

std::string_view describe(HttpProblem problem) {
    switch (problem) {
        case HttpProblem::kUnreachable:
            return "the model's server cannot be reached";
        case HttpProblem::kUntrusted:
            return "the certificate of the model's server is not trusted";
        case HttpProblem::kBroken:
            return "the connection to the model broke off";
        case HttpProblem::kTooLarge:
            return "the model's answer is too large";
        case HttpProblem::kTimeout:
            return "the model did not answer in time";
        case HttpProblem::kUnusable:
            return "MODEL_BASE_URL or MODEL_CA_FILE cannot be used";
    }
    return "the model cannot be asked";
}

bool is_worth_repeating(HttpProblem problem) {
    return problem == HttpProblem::kUnreachable || problem == HttpProblem::kBroken ||
           problem == HttpProblem::kTimeout;
}

}  // namespace

ChatModel::ChatModel(ChatModelOptions options, Store& store)
    : options_(std::move(options)),
      http_({.ca_file = options_.ca_file}),
      limit_(options_.max_concurrency),
      breaker_(options_.breaker, options_.breaker_clock),
      budget_(store, options_.budget, options_.clock) {}

Async<ChatModel::Answered> ChatModel::ask(std::vector<ChatMessage> messages, ChatFormat format,
                                          Deadline deadline) {
    const std::string body = chat_request(options_.name, options_.temperature, messages, format);
    std::string problem = "too little time is left to ask the model";
    for (int number = 0; number < kMaxAttempts && deadline.left() >= kLeastTime; ++number) {
        Attempt attempt = co_await attempt_within_limits(body, deadline);
        if (attempt.answered) co_return std::move(*attempt.answered);
        problem = std::move(attempt.problem);
        spdlog::debug("model: attempt {}: {}", number + 1, problem);
        if (!attempt.repeat || number + 1 == kMaxAttempts) break;
        const auto asked_for = attempt.retry_after.value_or(std::chrono::milliseconds(0));
        const auto wait = std::max(backoff(number, jitter()), asked_for);
        if (wait + kLeastTime > deadline.left()) break;
        co_await pause(wait);
    }
    throw NoAnswer(problem);
}

Async<ChatModel::Attempt> ChatModel::attempt_within_limits(const std::string& body,
                                                           Deadline deadline) {
    std::optional<ConcurrencyLimit::Permit> place;
    try {
        place.emplace(co_await limit_.acquire(deadline));
    } catch (const Overloaded&) {
        co_return Attempt{.problem = "too many requests to the model are under way"};
    }
    auto permit = breaker_.ask();
    if (!permit) co_return Attempt{.problem = "the model has failed again and again: it rests"};

    // A token is a byte at least.
    const double most =
        options_.price.of(static_cast<std::int64_t>(body.size()), kMaxCompletionTokens);
    std::optional<ModelBudget::Reservation> reservation;
    try {
        reservation = co_await budget_.reserve(to_micro_usd(most), deadline);
    } catch (const Error&) {
        co_return Attempt{.problem = "what models have cost cannot be looked up"};
    }
    if (!reservation) co_return Attempt{.problem = "the budget for models is spent"};

    Attempt attempt = co_await request(body, most, deadline);
    if (attempt.against_service) {
        permit->failed();
    } else {
        permit->succeeded();
    }
    if (!attempt.maybe_paid) co_await settle(*reservation, attempt, deadline);
    co_return attempt;
}

Async<ChatModel::Attempt> ChatModel::request(const std::string& body, double most,
                                             Deadline deadline) {
    std::vector<std::string> headers{"Content-Type: application/json"};
    if (!options_.api_key.empty()) headers.push_back("Authorization: Bearer " + options_.api_key);
    const Deadline end(std::min(deadline.at(), Deadline::in(options_.request_timeout).at()));
    try {
        const HttpResponse response = co_await http_.post(options_.base_url + "/chat/completions",
                                                          std::move(headers), body, end);
        co_return judge(response, most);
    } catch (const HttpFailure& failure) {
        co_return Attempt{.problem = std::string(describe(failure.problem())),
                          .repeat = is_worth_repeating(failure.problem()),
                          .against_service = true,
                          .maybe_paid = failure.sent()};
    }
}

ChatModel::Attempt ChatModel::judge(const HttpResponse& response, double most) const {
    if (response.status < 200 || response.status > 299) {
        Attempt attempt{
            .problem = fmt::format("the model's server answered with status {}", response.status),
            .repeat = is_worth_repeating(response.status),
            .against_service = counts_against_service(response.status)};
        if (response.retry_after) {
            attempt.retry_after = parse_retry_after(*response.retry_after, options_.clock());
        }
        return attempt;
    }
    try {
        ChatReply reply = parse_chat_reply(response.body);
        Usage usage{.cost_usd = most};
        if (reply.usage) {
            const auto& [prompt, completion] = *reply.usage;
            usage = {prompt, completion, options_.price.of(prompt, completion)};
        }
        return {.answered = Answered{std::move(reply.content), usage}};
    } catch (const Error&) {
        return {.problem = "the model's server answered what is no chat completion",
                .against_service = true,
                .maybe_paid = true};
    }
}

/// What cannot be settled stays reserved, and so counts as spent.
Async<void> ChatModel::settle(ModelBudget::Reservation reservation, const Attempt& attempt,
                              Deadline deadline) {
    const double cost = attempt.answered ? attempt.answered->usage.cost_usd : 0;
    try {
        co_await budget_.settle(reservation, to_micro_usd(cost), deadline);
    } catch (const Error& error) {
        spdlog::warn("model: the cost of a call stays at its estimate: {}", error.what());
    }
}

}  // namespace rapport
