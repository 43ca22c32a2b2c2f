#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "rapport/cli/context.hpp"
#include "rapport/cli/terminal.hpp"
#include "rapport/core/error.hpp"
#include "rapport/core/json.hpp"

namespace rapport::cli {
namespace {

struct StatsOptions {
    std::string phone{};
    std::optional<std::int64_t> hours{};
};

std::string show_seconds(const std::optional<double>& seconds) {
    if (!seconds) return "no answer yet";
    if (*seconds < 120) return fmt::format("{:.1f} s", *seconds);
    if (*seconds < 7200) return fmt::format("{:.1f} min", *seconds / 60);
    return fmt::format("{:.1f} h", *seconds / 3600);
}

void add_optional(JsonWriter& out, std::string_view name, const std::optional<double>& value) {
    value ? out.add(name, *value) : out.add_null(name);
}

void run_stats(Context& context, const StatsOptions& options) {
    constexpr std::int64_t kMaxHours = 876'000;
    std::optional<std::chrono::hours> within;
    if (options.hours) {
        if (*options.hours < 1 || *options.hours > kMaxHours) {
            throw InvalidArgument("--hours: expected 1 to 876000");
        }
        within = std::chrono::hours(*options.hours);
    }
    context.connect();
    const Lead lead = context.require_lead(options.phone);
    MessageRepository messages = context.messages();
    const std::int64_t count = await(messages.count_messages_for_lead(lead.lead_id));
    const std::int64_t tokens = await(messages.get_total_tokens_for_lead(lead.lead_id));
    const auto assistant = await(messages.get_average_response_time(lead.lead_id, within));
    const auto everyone = await(messages.get_average_response_time(
        lead.lead_id, within, {MessageRole::kAssistant, MessageRole::kHuman}));
    if (context.json) {
        JsonWriter out;
        out.add("lead_id", std::string_view(lead.lead_id));
        out.add("messages", count);
        out.add("tokens", tokens);
        if (within) out.add("hours", static_cast<std::int64_t>(within->count()));
        add_optional(out, "average_response_seconds", assistant);
        add_optional(out, "average_response_seconds_with_humans", everyone);
        fmt::print("{}\n", out.finish());
        return;
    }
    const std::string span =
        within ? fmt::format("last {} h", within->count()) : std::string("whole conversation");
    Table table({lead.lead_id, ""});
    table.add({"messages", fmt::to_string(count)});
    table.add({"tokens", fmt::to_string(tokens)});
    table.add({fmt::format("response time of the agent, {}", span), show_seconds(assistant)});
    table.add({fmt::format("response time with people, {}", span), show_seconds(everyone)});
    table.print();
}

}  // namespace

void add_stats(CLI::App& program, Context& context) {
    CLI::App* command =
        program.add_subcommand("stats", "Figures of one conversation: messages, tokens, response");
    auto options = std::make_shared<StatsOptions>();
    command->add_option("phone", options->phone, "the lead")->type_name("PHONE")->required();
    command
        ->add_option("--hours", options->hours,
                     "response time over the last so many hours (default: all)")
        ->type_name("H");
    command->footer(R"(
Response time runs from the first message of the lead that is not answered yet to the next answer,
the agent's or a person's. The agent's is the mean of its own answers alone: what a person answers
first counts only with people.

Examples:
  rapport stats 5512345678
  rapport stats 5512345678 --hours 48)");
    command->callback([&context, options] { run_stats(context, *options); });
}

}  // namespace rapport::cli
