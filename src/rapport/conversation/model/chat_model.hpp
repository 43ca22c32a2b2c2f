#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "rapport/conversation/agents.hpp"
#include "rapport/conversation/model/budget.hpp"
#include "rapport/conversation/model/chat_protocol.hpp"
#include "rapport/conversation/model/circuit_breaker.hpp"
#include "rapport/conversation/model/concurrency_limit.hpp"
#include "rapport/conversation/model/config_files.hpp"
#include "rapport/conversation/model/http_client.hpp"

namespace rapport {

/// The model did not answer. The message says why, in a few words that hold no secret and nothing
/// of the conversation.
class NoAnswer : public Unavailable {
  public:
    using ErrorOf::ErrorOf;
};

struct ChatModelOptions {
    std::string base_url{};
    std::string name{};
    std::string api_key{};
    double temperature = 0;
    /// How long one request may take.
    std::chrono::milliseconds request_timeout{20'000};
    std::size_t max_concurrency = 8;
    Price price{};
    ModelBudget::Limits budget{};
    std::filesystem::path ca_file{};
    CircuitBreaker::Rules breaker{};
    /// The clock that dates in Retry-After, and budgets, are read by.
    std::function<Timestamp()> clock = now;
    /// The breaker's.
    std::function<CircuitBreaker::Clock::time_point()> breaker_clock = CircuitBreaker::Clock::now;
};

/// Asks one model of an OpenAI-compatible API, within its limits: so many requests at once, a
/// budget, a circuit breaker, and a few attempts with growing pauses. Safe from any thread; the
/// executor of each caller must run its handlers one at a time (see HttpClient).
class ChatModel {
  public:
    /// The store, which outlives this, keeps what has been spent.
    ChatModel(ChatModelOptions options, Store& store);

    struct Answered {
        std::string content;
        Usage usage;
    };

    /// Throws NoAnswer, by the deadline. Cancelling ends the request.
    Async<Answered> ask(std::vector<ChatMessage> messages, ChatFormat format, Deadline deadline);

    CircuitBreaker::State breaker_state() const { return breaker_.state(); }

  private:
    /// What one request came to.
    struct Attempt {
        std::optional<Answered> answered{};
        std::string problem{};
        bool repeat = false;
        bool against_service = false;
        /// It failed, and nobody knows whether it was paid all the same.
        bool maybe_paid = false;
        std::optional<std::chrono::milliseconds> retry_after{};
    };

    Async<Attempt> attempt_within_limits(const std::string& body, Deadline deadline);
    /// `most` is what it may cost, in US dollars, and what it counts where the server does not say.
    Async<Attempt> request(const std::string& body, double most, Deadline deadline);
    Attempt judge(const HttpResponse& response, double most) const;
    Async<void> settle(ModelBudget::Reservation reservation, const Attempt& attempt,
                       Deadline deadline);

    const ChatModelOptions options_;
    HttpClient http_;
    ConcurrencyLimit limit_;
    CircuitBreaker breaker_;
    ModelBudget budget_;
};

}  // namespace rapport
