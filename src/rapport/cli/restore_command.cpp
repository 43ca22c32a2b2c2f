#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstring>
#include <fstream>

#include "rapport/cli/operator_name.hpp"
#include "rapport/cli/transfer_report.hpp"
#include "rapport/core/error.hpp"
#include "rapport/core/json.hpp"

namespace rapport::cli {
namespace {

struct RestoreOptions {
    std::string file{};
    std::string by{};
    bool restore_erased = false;
    bool check = false;
};

void print_restored(const Context& context, const std::string& file, const BackupSummary& summary) {
    if (context.json) {
        JsonWriter out;
        out.add("file", std::string_view(file));
        out.add("made_at", summary.info.made_at);
        out.add("engine", std::string_view(summary.info.engine));
        out.add("leads", summary.content.leads.count());
        out.add("messages", summary.content.messages.count());
        out.add("others", summary.others);
        out.add("content", std::string_view(summary.content.hash()));
        fmt::print("{}\n", out.finish());
    } else {
        fmt::print("{}: whole; of {}, from {}: {} leads, {} messages, {} other documents\n", file,
                   to_iso8601(summary.info.made_at), summary.info.engine,
                   summary.content.leads.count(), summary.content.messages.count(), summary.others);
    }
}

void run_restore(Context& context, const RestoreOptions& options) {
    std::ifstream in(options.file, std::ios::binary);
    if (!in) {
        throw InvalidArgument(
            fmt::format("{}: cannot be opened: {}", options.file, std::strerror(errno)));
    }
    TransferBars bars;
    BackupSummary summary = check_backup(in, options.file, bars.progress());
    if (options.check) return print_restored(context, options.file, summary);
    context.connect_to_write();
    TransferOptions how = transfer_options(context);
    how.restore_erased = options.restore_erased;
    how.by = operator_name(options.by);
    report(context, await(restore_backup(context.manager().database(), in, options.file,
                                         std::move(summary), std::move(how), bars.progress())));
}

}  // namespace

void add_restore(CLI::App& program, Context& context) {
    CLI::App* command = program.add_subcommand("restore", "Store what `rapport backup` wrote");
    auto options = std::make_shared<RestoreOptions>();
    command->add_option("file", options->file, "the backup")->type_name("FILE")->required();
    command->add_flag("--check", options->check, "only read it to its end; needs no database");
    command->add_flag("--restore-erased", options->restore_erased,
                      "store persons who were erased since all the same; the audit will say so");
    command->add_option("--by", options->by, "who restores them (default: the user's name)")
        ->type_name("NAME");
    command->footer(R"help(
FILE is read to its end first: one that is cut short or altered is refused, and nothing is stored.
The database is empty, or holds a part of the same backup: what was interrupted is run again and
goes on. Persons who were erased in it since are left out (exit code 1). At the end the database is
read and compared with what was stored.

Examples:
  rapport restore rapport-2026-12-01.backup
  rapport --db mongodb://localhost/ restore nightly.backup
  rapport restore --check nightly.backup)help");
    command->callback([&context, options] { run_restore(context, *options); });
}

}  // namespace rapport::cli
