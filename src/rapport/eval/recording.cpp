#include "rapport/eval/recording.hpp"

#include <fmt/format.h>

#include <fstream>
#include <map>
#include <memory>
#include <optional>
#include <utility>

#include "rapport/channel/hash.hpp"
#include "rapport/core/codec.hpp"
#include "rapport/core/error.hpp"
#include "rapport/core/time.hpp"

namespace rapport::eval {
namespace {

constexpr std::int64_t kRecordingVersion = 1;

/// The first line of a recording.
struct RecordingHead {
    std::int64_t recording_version = 0;
    std::string agents{};
};
BOOST_DESCRIBE_STRUCT(RecordingHead, (), (recording_version, agents))

/// Each further line: what one agent said to one message.
struct Recorded {
    std::string lead_id{};
    Timestamp at{};
    std::string agent{};
    /// A digest of what the lead said.
    std::string message{};
    std::optional<Classification> classification{};
    std::optional<Strategy> strategy{};
    std::optional<Execution> execution{};
    std::int64_t prompt_tokens = 0;
    std::int64_t completion_tokens = 0;
    double cost_usd = 0;
    std::optional<std::string> fallback{};
};
BOOST_DESCRIBE_STRUCT(Recorded, (),
                      (lead_id, at, agent, message, classification, strategy, execution,
                       prompt_tokens, completion_tokens, cost_usd, fallback))

std::string key(std::string_view lead_id, Timestamp at, std::string_view agent) {
    return fmt::format("{} at {}, {}", lead_id, to_iso8601(at), agent);
}

std::string digest(const Message& message) { return short_hash({message.content}); }

/// Which of an agent's answers stands where.
constexpr auto member(const Classification*) { return &Recorded::classification; }
constexpr auto member(const Strategy*) { return &Recorded::strategy; }
constexpr auto member(const Execution*) { return &Recorded::execution; }

class Recorder {
  public:
    Recorder(const std::string& name, const std::filesystem::path& file) : file_(file) {
        if (std::filesystem::exists(file)) {
            throw InvalidArgument(
                fmt::format("{}: is there already; name another file to record to", file.string()));
        }
        out_.open(file);
        write(to_json(RecordingHead{kRecordingVersion, name}));
    }

    template <class T>
    Answer<T> keep(std::string_view agent, const Conversation& conversation, Answer<T> answer) {
        Recorded line{.lead_id = conversation.lead.lead_id,
                      .at = conversation.incoming.timestamp,
                      .agent = std::string(agent),
                      .message = digest(conversation.incoming),
                      .prompt_tokens = answer.usage.prompt_tokens,
                      .completion_tokens = answer.usage.completion_tokens,
                      .cost_usd = answer.usage.cost_usd,
                      .fallback = answer.fallback};
        line.*member(static_cast<const T*>(nullptr)) = answer.value;
        write(to_json(line));
        return answer;
    }

  private:
    void write(const std::string& line) {
        out_ << line << std::endl;
        if (!out_) throw InvalidArgument(fmt::format("{}: cannot be written", file_.string()));
    }

    std::filesystem::path file_;
    std::ofstream out_;
};

class Recording {
  public:
    explicit Recording(const std::filesystem::path& file) {
        std::ifstream in(file);
        if (!in) throw InvalidArgument(fmt::format("{}: cannot be read", file.string()));
        int number = 0;
        for (std::string line; std::getline(in, line);) {
            ++number;
            try {
                number == 1 ? read_head(line) : read_answer(line);
            } catch (const Error& problem) {
                throw InvalidDocument(
                    fmt::format("{}:{}: {}", file.string(), number, problem.what()));
            }
        }
        if (number == 0) throw InvalidDocument(file.string() + ": empty, not a recording");
    }

    template <class T>
    Answer<T> find(std::string_view agent, const Conversation& conversation) const {
        const std::string place =
            key(conversation.lead.lead_id, conversation.incoming.timestamp, agent);
        const auto found = answers_.find(place);
        if (found == answers_.end()) {
            throw NotRecorded(place + ": not in the recording; record again");
        }
        const Recorded& line = found->second;
        const auto& value = line.*member(static_cast<const T*>(nullptr));
        if (line.message != digest(conversation.incoming) || !value) {
            throw NotRecorded(place +
                              ": the lead said something else when it was recorded; "
                              "record again");
        }
        return {.value = *value,
                .usage = {line.prompt_tokens, line.completion_tokens, line.cost_usd},
                .fallback = line.fallback};
    }

    const std::string& name() const { return name_; }

  private:
    void read_head(const std::string& line) {
        auto head = from_document<RecordingHead>(from_json(line));
        if (head.recording_version != kRecordingVersion) {
            throw InvalidDocument("recording_version: made by another version; record again");
        }
        name_ = std::move(head.agents);
    }
    void read_answer(const std::string& line) {
        auto answer = from_document<Recorded>(from_json(line));
        std::string place = key(answer.lead_id, answer.at, answer.agent);
        answers_.insert_or_assign(std::move(place), std::move(answer));
    }

    std::string name_;
    std::map<std::string, Recorded> answers_;
};

constexpr std::string_view kClassifier = "classifier";
constexpr std::string_view kStrategist = "strategist";
constexpr std::string_view kResponder = "responder";

class RecordingAgents final : public Classifier, public Strategist, public Responder {
  public:
    RecordingAgents(Agents agents, const std::string& name, const std::filesystem::path& file)
        : agents_(std::move(agents)), recorder_(name, file) {}

    Async<Answer<Classification>> classify(const Conversation& conversation,
                                           Deadline deadline) override {
        co_return recorder_.keep(kClassifier, conversation,
                                 co_await agents_.classifier->classify(conversation, deadline));
    }
    Async<Answer<Strategy>> decide(const Conversation& conversation,
                                   const Classification& classification,
                                   Deadline deadline) override {
        co_return recorder_.keep(
            kStrategist, conversation,
            co_await agents_.strategist->decide(conversation, classification, deadline));
    }
    Async<Answer<Execution>> respond(const Conversation& conversation,
                                     const Classification& classification, const Strategy& strategy,
                                     Deadline deadline) override {
        co_return recorder_.keep(
            kResponder, conversation,
            co_await agents_.responder->respond(conversation, classification, strategy, deadline));
    }

  private:
    Agents agents_;
    Recorder recorder_;
};

class ReplayingAgents final : public Classifier, public Strategist, public Responder {
  public:
    explicit ReplayingAgents(Recording recording) : recording_(std::move(recording)) {}

    Async<Answer<Classification>> classify(const Conversation& conversation, Deadline) override {
        co_return recording_.find<Classification>(kClassifier, conversation);
    }
    Async<Answer<Strategy>> decide(const Conversation& conversation, const Classification&,
                                   Deadline) override {
        co_return recording_.find<Strategy>(kStrategist, conversation);
    }
    Async<Answer<Execution>> respond(const Conversation& conversation, const Classification&,
                                     const Strategy&, Deadline) override {
        co_return recording_.find<Execution>(kResponder, conversation);
    }

  private:
    Recording recording_;
};

}  // namespace

std::string golden_lead_id(const std::string& conversation, std::size_t run) {
    return fmt::format("ext:{}, run {}", conversation, run + 1);
}

Agents recording_agents(const Agents& agents, const std::string& name,
                        const std::filesystem::path& file) {
    const auto all = std::make_shared<RecordingAgents>(agents, name, file);
    return {all, all, all};
}

RecordedAgents replaying_agents(const std::filesystem::path& file) {
    Recording recording(file);
    std::string name = recording.name();
    const auto all = std::make_shared<ReplayingAgents>(std::move(recording));
    return {{all, all, all}, std::move(name)};
}

}  // namespace rapport::eval
