#include "rapport/conversation/model/model_agents.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "rapport/conversation/model/ask.hpp"
#include "rapport/conversation/model/prompt_context.hpp"

namespace rapport {
namespace {

/// The model's part of the time, so that what stands in for it can still answer by the deadline.
Deadline model_deadline(Deadline deadline) {
    constexpr std::chrono::milliseconds kForStandIn{200};
    return Deadline(deadline.at() - kForStandIn);
}

/// What a stand-in says, with what the model took.
template <class T>
Answer<T> stand_in_answer(Answer<T> answer, Asked<T> asked) {
    spdlog::warn("model: a stand-in answers: {}", asked.problem);
    answer.usage += asked.usage;
    answer.fallback = std::move(asked.problem);
    return answer;
}

/// Models make up evidence, and know no ids.
void check_evidence(Classification& classification, const Message& incoming) {
    std::erase_if(classification.new_signals, [&](const Signal& signal) {
        return signal.raw_evidence.empty() ||
               incoming.content.find(signal.raw_evidence) == std::string::npos;
    });
    for (Signal& signal : classification.new_signals) {
        signal.source_message_id = incoming.id.empty() ? "" : incoming.id.to_string();
    }
}

class ModelClassifier final : public Classifier {
  public:
    ModelClassifier(std::shared_ptr<ChatModel> model, std::string prompt,
                    std::shared_ptr<Classifier> stand_in)
        : model_(std::move(model)), prompt_(std::move(prompt)), stand_in_(std::move(stand_in)) {}

    Async<Answer<Classification>> classify(const Conversation& conversation,
                                           Deadline deadline) override {
        auto asked = co_await ask<Classification>(
            *model_, format_of<Classification>("classification"), prompt_,
            conversation_context(conversation), model_deadline(deadline));
        if (!asked.value) {
            co_return stand_in_answer(co_await stand_in_->classify(conversation, deadline),
                                      std::move(asked));
        }
        check_evidence(*asked.value, conversation.incoming);
        co_return Answer<Classification>{std::move(*asked.value), asked.usage};
    }

  private:
    std::shared_ptr<ChatModel> model_;
    std::string prompt_;
    std::shared_ptr<Classifier> stand_in_;
};

class ModelStrategist final : public Strategist {
  public:
    ModelStrategist(std::shared_ptr<ChatModel> model, std::string prompt,
                    std::shared_ptr<Strategist> stand_in)
        : model_(std::move(model)), prompt_(std::move(prompt)), stand_in_(std::move(stand_in)) {}

    Async<Answer<Strategy>> decide(const Conversation& conversation,
                                   const Classification& classification,
                                   Deadline deadline) override {
        auto asked =
            co_await ask<Strategy>(*model_, format_of<Strategy>("strategy"), prompt_,
                                   conversation_context(conversation) + "\nClassification:\n" +
                                       on_one_line(to_json(classification)) + "\n",
                                   model_deadline(deadline));
        if (asked.value) co_return Answer<Strategy>{std::move(*asked.value), asked.usage};
        auto answer = stand_in_answer(
            co_await stand_in_->decide(conversation, classification, deadline), std::move(asked));
        answer.value.action = Action::kEscalate;
        co_return answer;
    }

  private:
    std::shared_ptr<ChatModel> model_;
    std::string prompt_;
    std::shared_ptr<Strategist> stand_in_;
};

class ModelResponder final : public Responder {
  public:
    ModelResponder(std::shared_ptr<ChatModel> model, std::string prompt,
                   LanguageTexts holding_messages)
        : model_(std::move(model)),
          prompt_(std::move(prompt)),
          holding_messages_(std::move(holding_messages)) {}

    Async<Answer<Execution>> respond(const Conversation& conversation,
                                     const Classification& classification, const Strategy& strategy,
                                     Deadline deadline) override {
        auto asked =
            co_await ask<Execution>(*model_, format_of<Execution>("execution"), prompt_,
                                    conversation_context(conversation) + "\nClassification:\n" +
                                        on_one_line(to_json(classification)) + "\n\nStrategy:\n" +
                                        on_one_line(to_json(strategy)) + "\n",
                                    model_deadline(deadline));
        if (asked.value) co_return Answer<Execution>{std::move(*asked.value), asked.usage};
        Execution holding;
        holding.message = {holding_messages_.at(classification.language),
                           "the model did not answer: a holding message"};
        holding.agreement_level = 0;
        holding.execution_summary = "Told the lead that someone will write soon";
        co_return stand_in_answer(Answer<Execution>{std::move(holding)}, std::move(asked));
    }

  private:
    std::shared_ptr<ChatModel> model_;
    std::string prompt_;
    LanguageTexts holding_messages_;
};

ChatModelOptions options_of(const Settings& settings, const ModelTexts& texts) {
    ChatModelOptions options;
    options.base_url = settings.model_base_url;
    options.name = settings.model_name;
    options.api_key = settings.model_api_key;
    options.temperature = settings.model_temperature;
    options.request_timeout = settings.model_timeout;
    options.max_concurrency = static_cast<std::size_t>(settings.model_max_concurrency);
    options.budget = {to_micro_usd(settings.model_hourly_budget_usd),
                      to_micro_usd(settings.model_daily_budget_usd)};
    options.ca_file = settings.model_ca_file;
    const auto price = texts.prices.find(settings.model_name);
    if (price != texts.prices.end()) {
        options.price = price->second;
    } else {
        spdlog::warn(
            "model: prices.toml has no price for {}: it counts as free, and no budget stops it",
            settings.model_name);
    }
    return options;
}

}  // namespace

Agents model_agents(const Settings& settings, Store& store, const Agents& rules) {
    if (settings.model_name.empty()) return rules;
    ModelTexts texts = load_model_texts(settings.config_dir);
    const auto model = std::make_shared<ChatModel>(options_of(settings, texts), store);
    return {std::make_shared<ModelClassifier>(model, std::move(texts.classifier_prompt),
                                              rules.classifier),
            std::make_shared<ModelStrategist>(model, std::move(texts.strategist_prompt),
                                              rules.strategist),
            std::make_shared<ModelResponder>(model, std::move(texts.responder_prompt),
                                             std::move(texts.holding_messages))};
}

}  // namespace rapport
