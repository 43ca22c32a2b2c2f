#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <filesystem>

#include "rapport/cli/transfer_report.hpp"
#include "rapport/core/json.hpp"
#include "rapport/repository/output_file.hpp"

namespace rapport::cli {
namespace {

void print_backup(const Context& context, const std::string& file, const BackupSummary& summary) {
    const auto bytes = static_cast<std::int64_t>(std::filesystem::file_size(file));
    if (context.json) {
        JsonWriter out;
        out.add("file", std::string_view(file));
        out.add("bytes", bytes);
        out.add("leads", summary.content.leads.count());
        out.add("messages", summary.content.messages.count());
        out.add("others", summary.others);
        out.add("content", std::string_view(summary.content.hash()));
        fmt::print("{}\n", out.finish());
    } else {
        fmt::print("{}: {} leads, {} messages, {} other documents in {} bytes\ncontent {}\n", file,
                   summary.content.leads.count(), summary.content.messages.count(), summary.others,
                   bytes, summary.content.hash());
    }
}

void run_backup(Context& context, const std::string& path) {
    context.connect();
    TransferBars bars(path + " was not made; what was written of it is removed");
    OutputFile file(path);
    const BackupSummary summary = await(write_backup(
        context.manager().database(), [&](std::string_view piece) { file.write(piece); },
        bars.progress()));
    file.finish();
    print_backup(context, path, summary);
}

}  // namespace

void add_backup(CLI::App& program, Context& context) {
    CLI::App* command =
        program.add_subcommand("backup", "Everything in the database, as one compressed file");
    auto file = std::make_shared<std::string>();
    command->add_option("file", *file, "made anew, or replaced")->type_name("FILE")->required();
    command->footer(R"(
Leads, messages, hand-offs, the audit, marks of erasures and what the models have cost; each lead
with its messages as of one moment, while conversations go on. FILE is readable by its owner alone
and appears when it is whole; `rapport restore FILE` stores it in a database of either engine.

Examples:
  rapport backup rapport-2026-12-01.backup
  rapport --db mongodb://localhost/ --json backup nightly.backup)");
    command->callback([&context, file] { run_backup(context, *file); });
}

}  // namespace rapport::cli
