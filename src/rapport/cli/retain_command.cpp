#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "rapport/cli/context.hpp"
#include "rapport/cli/progress.hpp"
#include "rapport/core/json.hpp"
#include "rapport/repository/retention.hpp"

namespace rapport::cli {
namespace {

void print(const Context& context, const Retained& done) {
    if (context.json) {
        JsonWriter out;
        out.add("archived", done.archived);
        out.add("files", done.files);
        out.add("finished", done.finished);
        out.add("skipped", done.skipped);
        fmt::print("{}\n", out.finish());
        return;
    }
    if (done.finished > 0) {
        fmt::print("{} messages of a run that was cut short removed from the database\n",
                   done.finished);
    }
    fmt::print("{} messages archived, in {} files\n", done.archived, done.files);
    if (done.skipped > 0) {
        fmt::print(
            "{} messages of another system stay in the database: their `_id` is no ObjectId, or "
            "their `created_at` no date\n",
            done.skipped);
    }
}

void archive(Context& context, std::chrono::seconds retention) {
    context.connect();
    // Nothing else may remove what is to be archived.
    await(context.manager().create_indexes());
    Store& store = context.manager().database();
    const Timestamp before = now() - retention;
    Progress progress("archiving", await(count_due(store, before)),
                      "those are in the archive, and the next run goes on");
    const MessageArchive folder(context.settings().settings.archive_dir);
    const auto left = [&](std::int64_t messages) { progress.advance(messages); };
    print(context, await(archive_due(store, folder, before, left)));
}

void print_removed(const Context& context, std::int64_t removed, bool by_server) {
    if (context.json) {
        JsonWriter out;
        out.add("removed", removed);
        out.add("by_server", by_server);
        fmt::print("{}\n", out.finish());
    } else if (by_server) {
        fmt::print("{} messages are due; the server removes them by itself, within a minute\n",
                   removed);
    } else {
        fmt::print("{} messages removed\n", removed);
    }
}

void remove(Context& context, std::chrono::seconds retention) {
    context.connect();
    const Timestamp before = now() - retention;
    const std::int64_t due = await(count_due(context.manager().database(), before));
    // The rule is applied by whatever applies the indexes.
    await(context.manager().create_indexes());
    print_removed(context, due, context.database_url().engine == DatabaseUrl::Engine::kMongo);
}

void run_retain(Context& context) {
    const Settings& settings = context.settings().settings;
    const auto retention = retention_of(settings);
    if (!retention) {
        throw InvalidArgument("retention is off",
                              "ENABLE_MESSAGE_ARCHIVAL=true and MESSAGE_RETENTION_DAYS say when "
                              "messages are due");
    }
    settings.archive_dir.empty() ? remove(context, *retention) : archive(context, *retention);
}

}  // namespace

void add_retain(CLI::App& program, Context& context) {
    CLI::App* command = program.add_subcommand(
        "retain", "Archive, or remove, messages at the end of their retention");
    command->footer(R"(
Messages older than MESSAGE_RETENTION_DAYS move to files in ARCHIVE_DIR: they are removed from the
database once a file of them is on the disk. Without ARCHIVE_DIR they are removed for good: MongoDB
does that by itself, SQLite when it is written to, and now. Run it once a day; cut short, the next
run finishes. `rapport export` and `rapport erase` reach what is archived.

Examples:
  ARCHIVE_DIR=archive rapport retain
  rapport --json retain)");
    command->callback([&context] { run_retain(context); });
}

}  // namespace rapport::cli
