#include "rapport/cli/conversation.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "rapport/cli/show.hpp"
#include "rapport/domain/phone_number.hpp"

namespace rapport::cli {
namespace {

constexpr std::size_t kWho = 10;  ///< columns before what was said

template <class T>
void add_optional(JsonWriter& out, std::string_view name, const std::optional<T>& value) {
    if (value) {
        add_entity(out, name, *value);
    } else {
        out.add_null(name);
    }
}

void print_reason(std::string_view name, const std::string& value) {
    if (value.empty()) return;
    print_said(name, Colour::kDim, value);
}

}  // namespace

std::unique_ptr<ConversationOrchestrator> start_orchestrator(Context& context,
                                                             std::function<Timestamp()> clock) {
    context.connect_to_write();
    OrchestratorOptions options;
    options.clock = std::move(clock);
    const Settings& settings = context.settings().settings;
    options.default_region = settings.default_region;
    options.handoff_texts = load_language_texts(settings.config_dir, kHandoffFile);
    options.notifier = [](const HandoffNotice& notice) {
        spdlog::warn("lead {}: a person is asked for", mask_phone(notice.lead_id));
    };
    auto orchestrator = std::make_unique<ConversationOrchestrator>(
        context.leads(), context.messages(), context.agents(), std::move(options));
    await(orchestrator->initialize());
    return orchestrator;
}

void print_said(std::string_view who, Colour colour, std::string_view text) {
    print_beside(who, kWho, colour, text);
}

void print_answer(const OrchestrationResult& result) {
    if (result.outbound_message) {
        print_said("agent", Colour::kGreen, *result.outbound_message);
    } else if (!result.replayed) {
        print_said("", Colour::kDim, "(stored; a person has this conversation)");
    }
    if (result.replayed) print_said("", Colour::kDim, "(answered before)");
    if (result.handoff_triggered) print_said("", Colour::kYellow, "(a person is asked for)");
}

void print_reasons(const OrchestrationResult& result) {
    if (!result.classification || !result.strategy) {
        fmt::print("No agent was asked: {}.\n", result.replayed
                                                    ? "the message had been answered before"
                                                    : "a person has this conversation");
        return;
    }
    const Classification& read = *result.classification;
    const Strategy& strategy = *result.strategy;
    print_reason("intent",
                 fmt::format("{} ({:.2f}), {} urgency, {}, {}", enum_to_string(read.intent),
                             read.intent_confidence, enum_to_string(read.urgency),
                             enum_to_string(read.language), enum_to_string(read.sentiment)));
    print_reason("because", read.reasoning);
    for (const Signal& signal : read.new_signals) {
        print_reason(enum_to_string(signal.dimension),
                     fmt::format("{} (\"{}\")", signal.extracted_value, signal.raw_evidence));
    }
    std::string action(enum_to_string(strategy.action));
    if (strategy.suggested_stage_transition) {
        action += fmt::format(", to {}", short_name(*strategy.suggested_stage_transition));
    }
    print_reason("action", action);
    print_reason("because", strategy.strategic_reasoning);
    if (result.execution) print_reason("answer", result.execution->execution_summary);
    std::string took = fmt::format("{} ms", result.total_duration_ms);
    if (const auto tokens = result.usage.prompt_tokens + result.usage.completion_tokens;
        tokens > 0) {
        took += fmt::format(", {} tokens, {:.4f} USD", tokens, result.usage.cost_usd);
    }
    print_reason("took", took);
}

std::string to_json_line(const OrchestrationResult& result) {
    JsonWriter out;
    if (result.outbound_message) {
        out.add("outbound_message", std::string_view(*result.outbound_message));
    } else {
        out.add_null("outbound_message");
    }
    add_optional(out, "classification", result.classification);
    add_optional(out, "strategy", result.strategy);
    add_optional(out, "execution", result.execution);
    out.add("total_duration_ms", result.total_duration_ms);
    out.add("handoff_triggered", result.handoff_triggered);
    out.add("replayed", result.replayed);
    out.add("tokens", result.usage.prompt_tokens + result.usage.completion_tokens);
    out.add("cost_usd", result.usage.cost_usd);
    out.add("lead_id", std::string_view(result.lead_updated.lead_id));
    out.add("current_stage", enum_to_string(result.lead_updated.current_stage));
    return out.finish();
}

}  // namespace rapport::cli
