#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <CLI/CLI.hpp>

#include "rapport/cli/context.hpp"
#include "rapport/cli/progress.hpp"
#include "rapport/core/error.hpp"
#include "rapport/core/json.hpp"

namespace rapport::cli {
namespace {

struct RepairReport {
    std::int64_t leads = 0;
    std::int64_t messages = 0;    ///< that a crash had left in their leads alone
    std::int64_t unreadable = 0;  ///< leads
    std::int64_t erased = 0;      ///< documents that were left of erased leads
};

Async<RepairReport> settle_all(LeadRepository leads, Progress& progress) {
    RepairReport report;
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

void run_repair(Context& context) {
    context.connect();
    Progress progress("repairing", await(context.leads().count()),
                      "what was repaired stays, the rest is left as it was");
    RepairReport report = await(settle_all(context.leads(), progress));
    report.erased = await(context.leads().finish_erasures());
    if (context.json) {
        JsonWriter out;
        out.add("leads", report.leads);
        out.add("messages", report.messages);
        out.add("unreadable", report.unreadable);
        out.add("erased", report.erased);
        fmt::print("{}\n", out.finish());
    } else {
        fmt::print(
            "{} leads looked at, {} messages settled, {} leads unreadable, {} documents of erased "
            "leads removed\n",
            report.leads, report.messages, report.unreadable, report.erased);
    }
    if (report.unreadable > 0) context.exit_code = kDataProblem;
}

}  // namespace

void add_repair(CLI::App& program, Context& context) {
    CLI::App* command = program.add_subcommand(
        "repair", "Finish what a crash left: messages to be stored, leads to be erased");
    command->footer(R"(
Messages that a crash left in their lead alone are stored: loading a lead does that, too; this does
it for all of them. What is left of erased leads is removed. Safe to run at any time, and again.

Examples:
  rapport repair
  rapport --json repair)");
    command->callback([&context] { run_repair(context); });
}

}  // namespace rapport::cli
