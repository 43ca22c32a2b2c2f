#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "rapport/conversation/classification.hpp"
#include "rapport/conversation/execution.hpp"
#include "rapport/conversation/strategy.hpp"
#include "rapport/core/await.hpp"
#include "rapport/core/deadline.hpp"
#include "rapport/domain/lead.hpp"

namespace rapport {

/// What agents know when a message comes in.
struct Conversation {
    /// As it was before the message, which its history does not hold. History is sorted by
    /// (timestamp, order of arrival).
    Lead lead;
    Message incoming;
    /// The injected clock's.
    Timestamp now;
};

/// What asking an agent took. Rules take nothing.
struct Usage {
    std::int64_t prompt_tokens = 0;
    std::int64_t completion_tokens = 0;
    double cost_usd = 0;

    Usage& operator+=(const Usage& other) {
        prompt_tokens += other.prompt_tokens;
        completion_tokens += other.completion_tokens;
        cost_usd += other.cost_usd;
        return *this;
    }
    bool operator==(const Usage&) const = default;
};

template <class T>
struct Answer {
    T value{};
    Usage usage{};
    /// Set where the agent itself could not answer and this is what stands in for it: why, in a few
    /// words that hold no secret and nothing of the conversation. A human is then asked for.
    std::optional<std::string> fallback{};
};

/// The three agents of the pipeline. They are asked outside any database operation, and what they
/// are given outlives the call. An implementation answers by the deadline, with a stand-in if need
/// be; what it throws ends the turn, with nothing stored.
class Classifier {
  public:
    virtual ~Classifier() = default;
    virtual Async<Answer<Classification>> classify(const Conversation& conversation,
                                                   Deadline deadline) = 0;
};

class Strategist {
  public:
    virtual ~Strategist() = default;
    virtual Async<Answer<Strategy>> decide(const Conversation& conversation,
                                           const Classification& classification,
                                           Deadline deadline) = 0;
};

class Responder {
  public:
    virtual ~Responder() = default;
    virtual Async<Answer<Execution>> respond(const Conversation& conversation,
                                             const Classification& classification,
                                             const Strategy& strategy, Deadline deadline) = 0;
};

struct Agents {
    std::shared_ptr<Classifier> classifier;
    std::shared_ptr<Strategist> strategist;
    std::shared_ptr<Responder> responder;
};

}  // namespace rapport
