#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "rapport/cli/context.hpp"
#include "rapport/cli/show.hpp"
#include "rapport/core/error.hpp"

namespace rapport::cli {
namespace {

struct HistoryOptions {
    std::string phone{};
    std::int64_t limit = 20;
    std::string before{};
};

/// A date, or a cursor that an earlier page gave.
HistoryEnd end_of(const std::string& before) {
    if (before.empty()) return {};
    if (const auto time = parse_iso8601(before)) return *time;
    return before;
}

void run_history(Context& context, const HistoryOptions& options) {
    if (options.limit < 1) throw InvalidArgument("--limit: expected at least 1");
    context.connect();
    // Its load stores what a crash left in the lead alone.
    const bool is_lead = await(context.leads().get_by_phone(options.phone)).has_value();
    MessageRepository messages = context.messages();
    const HistoryPage page = await(
        messages.get_conversation_history(options.phone, options.limit, end_of(options.before)));
    if (page.messages.empty() && !is_lead) context.require_lead(options.phone);
    if (context.json) {
        JsonWriter out;
        out.begin_array("messages");
        for (const Message& message : page.messages) add_entity(out, {}, message);
        out.end();
        if (page.next) {
            out.add("next", std::string_view(*page.next));
        } else {
            out.add_null("next");
        }
        fmt::print("{}\n", out.finish());
        return;
    }
    if (page.messages.empty()) {
        fmt::print("No message here.\n");
        return;
    }
    print_messages(page.messages);
    fmt::print("\nTimes are UTC.");
    if (page.next) fmt::print(" Earlier: the same command with --before {}", *page.next);
    fmt::print("\n");
}

}  // namespace

void add_history(CLI::App& program, Context& context) {
    CLI::App* command =
        program.add_subcommand("history", "A page of a conversation, oldest message first");
    auto options = std::make_shared<HistoryOptions>();
    command->add_option("phone", options->phone, "the lead")->type_name("PHONE")->required();
    command->add_option("--limit", options->limit, "messages a page (default 20)")->type_name("N");
    command->add_option("--before", options->before, "end before this date, or where a cursor says")
        ->type_name("CURSOR")
        ->check(refuse_empty);
    command->footer(R"(
Examples:
  rapport history 5512345678
  rapport history 5512345678 --limit 50 --before 2026-11-01
  rapport --json history 5512345678)");
    command->callback([&context, options] { run_history(context, *options); });
}

}  // namespace rapport::cli
