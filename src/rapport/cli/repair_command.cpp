#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <CLI/CLI.hpp>

#include "rapport/cli/context.hpp"
#include "rapport/cli/progress.hpp"
#include "rapport/core/error.hpp"
#include "rapport/core/json.hpp"

namespace rapport::cli {
namespace {

struct Report {
    std::int64_t leads = 0;
    std::int64_t messages = 0;    ///< that a crash had left in their leads alone
    std::int64_t unreadable = 0;  ///< leads
};

Async<Report> settle_all(LeadRepository leads, Progress& progress) {
    Report report;
    auto all = leads.stream({});
    while (true) {
        try {
            const auto lead = co_await all.next();
            if (!lead) co_return report;
            report.messages += co_await leads.settle(*lead);
        } catch (const InvalidDocument& problem) {
            spdlog::warn("passed over: {}", problem.what());
            ++report.unreadable;
        }
        ++report.leads;
        progress.advance(1);
    }
}

void run(Context& context) {
    context.connect();
    Progress progress("repairing", await(context.leads().count()));
    const Report report = await(settle_all(context.leads(), progress));
    if (context.json) {
        JsonWriter out;
        out.add("leads", report.leads);
        out.add("messages", report.messages);
        out.add("unreadable", report.unreadable);
        fmt::print("{}\n", out.finish());
    } else {
        fmt::print("{} leads looked at, {} messages settled, {} leads unreadable\n", report.leads,
                   report.messages, report.unreadable);
    }
    if (report.unreadable > 0) context.exit_code = kDataProblem;
}

}  // namespace

void add_repair(CLI::App& program, Context& context) {
    CLI::App* command =
        program.add_subcommand("repair", "Store what a crash left between a lead and its messages");
    command->footer(R"(
Loading a lead repairs it, too: this does it for all of them. Safe to run at any time, and again.

Examples:
  rapport repair
  rapport --json repair)");
    command->callback([&context] { run(context); });
}

}  // namespace rapport::cli
