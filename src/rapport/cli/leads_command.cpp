#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <charconv>

#include "rapport/cli/context.hpp"
#include "rapport/cli/show.hpp"
#include "rapport/core/error.hpp"

namespace rapport::cli {
namespace {

struct LeadsOptions {
    std::string stage{};
    std::optional<std::int64_t> stale{};
    std::string due{};
    std::string high_intent{};
    std::int64_t limit = 20;
    std::string after{};
};

/// What is listed, and in which order.
struct List {
    Filter<Lead> filter = LeadRepository::any_stage();
    Sort<Lead> sort = LeadRepository::latest_interaction_first();
};

SalesStage stage_of(const std::string& text) {
    const auto stage = parse_stage(text);
    if (stage) return *stage;
    std::string names;
    for (const auto& [value, name] : kEnumTable<SalesStage>) {
        names += fmt::format("{}{}", names.empty() ? "" : ", ", short_name(value));
    }
    throw InvalidArgument(fmt::format("--stage {}: expected one of {}", text, names));
}

List stale_list(std::int64_t days) {
    constexpr std::int64_t kMaxDays = 365'000;
    if (days < 0 || days > kMaxDays) throw InvalidArgument("--stale: expected 0 to 365000 days");
    return {LeadRepository::stale_since(now() - std::chrono::days(days),
                                        {SalesStage::kClosedWon, SalesStage::kClosedLost}),
            LeadRepository::oldest_interaction_first()};
}

List due_list(const std::string& before) {
    return {LeadRepository::due_by(before == "now" ? now() : parse_time("--due", before)),
            LeadRepository::earliest_followup_first()};
}

List high_intent_list(const std::string& least) {
    std::int64_t messages = 0;
    const auto [end, error] = std::from_chars(least.data(), least.data() + least.size(), messages);
    if (error != std::errc() || end != least.data() + least.size() || messages < 0) {
        throw InvalidArgument("--high-intent: expected a number of messages");
    }
    return {LeadRepository::high_intent(messages, {SalesStage::kDiscovery, SalesStage::kQualified,
                                                   SalesStage::kDemoScheduled}),
            LeadRepository::most_messages_first()};
}

List list_of(const LeadsOptions& options) {
    if (!options.stage.empty()) return {LeadRepository::in_stage(stage_of(options.stage))};
    if (options.stale) return stale_list(*options.stale);
    if (!options.due.empty()) return due_list(options.due);
    if (!options.high_intent.empty()) return high_intent_list(options.high_intent);
    return {};
}

void run_leads(Context& context, const LeadsOptions& options) {
    if (options.limit < 1) throw InvalidArgument("--limit: expected at least 1");
    const List list = list_of(options);
    context.connect();
    LeadRepository leads = context.leads();
    const auto page = await(leads.find_page(list.filter, list.sort, options.after, options.limit));
    if (context.json) {
        JsonWriter out;
        out.begin_array("leads");
        for (const Lead& lead : page.items) add_entity(out, {}, lead);
        out.end();
        if (page.next) {
            out.add("next", std::string_view(*page.next));
        } else {
            out.add_null("next");
        }
        fmt::print("{}\n", out.finish());
        return;
    }
    if (page.items.empty()) {
        fmt::print("No lead here.\n");
        return;
    }
    print_leads(page.items);
    if (page.next) fmt::print("\nMore: the same command with --after {}\n", *page.next);
}

}  // namespace

void add_leads(CLI::App& program, Context& context) {
    CLI::App* command = program.add_subcommand("leads", "List leads, latest interaction first");
    auto options = std::make_shared<LeadsOptions>();
    auto* which = command->add_option_group("which", "at most one of these");
    which->add_option("--stage", options->stage, "in this stage: a name, or its number")
        ->check(refuse_empty);
    which
        ->add_option("--stale", options->stale,
                     "without an interaction for so many days, oldest first")
        ->type_name("DAYS");
    which->add_option("--due", options->due, "follow-up due by then (default: now), earliest first")
        ->type_name("BEFORE")
        ->expected(0, 1)
        ->default_str("now");
    which
        ->add_option("--high-intent", options->high_intent,
                     "in play, with at least so many messages (default 5), most first")
        ->type_name("N")
        ->expected(0, 1)
        ->default_str("5");
    which->require_option(0, 1);
    command->add_option("--limit", options->limit, "leads a page (default 20)")->type_name("N");
    command->add_option("--after", options->after, "go on where a page ended")
        ->type_name("CURSOR")
        ->check(refuse_empty);
    command->footer(R"(
Examples:
  rapport leads --stage discovery
  rapport leads --stale 30 --limit 50
  rapport leads --due
  rapport leads --due 2026-12-01
  rapport --json leads --high-intent 10)");
    command->callback([&context, options] { run_leads(context, *options); });
}

}  // namespace rapport::cli
