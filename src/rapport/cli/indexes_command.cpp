#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "rapport/cli/context.hpp"
#include "rapport/cli/terminal.hpp"
#include "rapport/core/json.hpp"
#include "rapport/repository/doctor.hpp"

namespace rapport::cli {
namespace {

struct IndexesOptions {
    bool plan = false;
    bool apply = false;
};

void print_json(const Context& context, const IndexPlan& plan, bool applied) {
    JsonWriter out;
    out.add("database", std::string_view(context.database_url().display()));
    out.add("applied", applied);
    out.begin_array("differences");
    for (const IndexDifference& difference : plan.differences) {
        const Difference explained = explain(difference);
        out.begin_document({});
        out.add("collection", std::string_view(difference.collection));
        out.add("index", std::string_view(difference.name()));
        out.add("kind", explained.kind);
        if (difference.found) out.add("found", std::string_view(explained.found));
        if (difference.wanted) out.add("wanted", std::string_view(explained.wanted));
        out.add("cure", std::string_view(explained.cure));
        out.end();
    }
    fmt::print("{}\n", out.finish());
}

void print_line(std::string_view name, const std::string& text) {
    constexpr std::size_t kMargin = 12;
    std::string margin = fmt::format("    {:<6}  ", name);
    for (const std::string& line :
         wrapped(text, std::max<std::size_t>(terminal_width(), 40) - kMargin)) {
        fmt::print("{}{}\n", margin, line);
        margin.assign(kMargin, ' ');
    }
}

void print_plan(const IndexPlan& plan, bool applied) {
    if (plan.differences.empty()) {
        fmt::print("All indexes are as they should be.\n");
        return;
    }
    std::string_view collection;
    for (const IndexDifference& difference : plan.differences) {
        if (collection != difference.collection) {
            collection = difference.collection;
            fmt::print("{}\n", coloured(collection, Colour::kBold));
        }
        const Difference explained = explain(difference);
        fmt::print("  {}  {}\n", coloured(fmt::format("{:<9}", explained.kind), Colour::kYellow),
                   difference.name());
        if (difference.found) print_line("is", explained.found);
        if (difference.wanted) print_line("should", explained.wanted);
        print_line(applied ? "done" : "to do", explained.cure);
    }
    if (!applied) fmt::print("\nNothing was changed: `rapport indexes --apply` does it.\n");
}

void run_indexes(Context& context, const IndexesOptions& options) {
    context.connect();
    const IndexPlan plan = await(context.manager().plan_indexes());
    if (options.apply) await(context.manager().create_indexes());
    context.json ? print_json(context, plan, options.apply) : print_plan(plan, options.apply);
    if (!options.apply && !plan.differences.empty()) context.exit_code = kSomethingToDo;
}

}  // namespace

void add_indexes(CLI::App& program, Context& context) {
    CLI::App* command = program.add_subcommand(
        "indexes", "What the indexes are and should be, and bringing them there");
    auto options = std::make_shared<IndexesOptions>();
    CLI::Option* plan = command->add_flag("--plan", options->plan,
                                          "say what differs and change nothing (the default)");
    command->add_flag("--apply", options->apply, "do it")->excludes(plan);
    command->footer(R"(
An index that is replaced is dropped when the new one stands, so that no query is slow meanwhile. A
changed MESSAGE_RETENTION_DAYS is applied in place. Indexes of other programs stay. Two --apply at
once are safe. `rapport import` and `rapport chat` apply by themselves.

Exit codes: 0 nothing differs, or --apply has done it; 1 something differs.

Examples:
  rapport indexes
  rapport --json indexes --plan
  MESSAGE_RETENTION_DAYS=90 rapport indexes --apply)");
    command->callback([&context, options] { run_indexes(context, *options); });
}

}  // namespace rapport::cli
