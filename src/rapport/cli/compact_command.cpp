#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "rapport/cli/context.hpp"
#include "rapport/cli/interruption.hpp"
#include "rapport/core/json.hpp"
#include "rapport/store/sqlite/compaction.hpp"

namespace rapport::cli {
namespace {

Compaction compact(const std::string& file) {
    const Interruption interruption;
    try {
        return compact_sqlite(file, [] { return Interruption::requested(); });
    } catch (const Timeout&) {
        if (!Interruption::requested()) throw;
        throw Interrupted("stopped compacting: the file is as it was");
    }
}

void run_compact(Context& context) {
    const DatabaseUrl url = context.database_url();
    if (url.engine == DatabaseUrl::Engine::kMongo) {
        throw InvalidArgument("compact is for SQLite files",
                              "MongoDB uses the space of what was removed again by itself");
    }
    // Nothing is made that is not there, and a file of another kind or version is refused.
    context.connect();
    await(context.manager().disconnect());
    const Compaction done = compact(url.location);
    if (context.json) {
        JsonWriter out;
        out.add("bytes_before", done.bytes_before);
        out.add("bytes_after", done.bytes_after);
        fmt::print("{}\n", out.finish());
        return;
    }
    constexpr double kMiB = 1024.0 * 1024.0;
    fmt::print("{}: {:.1f} MiB, {:.1f} MiB before\n", url.location,
               static_cast<double>(done.bytes_after) / kMiB,
               static_cast<double>(done.bytes_before) / kMiB);
}

}  // namespace

void add_compact(CLI::App& program, Context& context) {
    CLI::App* command = program.add_subcommand(
        "compact", "Give the space of what was removed from a SQLite file back to the disk");
    command->footer(R"(
Worth it where much was removed: by retention, `rapport retain` or many erasures. New messages use
that space otherwise. The file is written anew: that takes up to twice its size on its disk for as
long. Others may read meanwhile; what they write waits, for 30 s unless they say otherwise, so run
it when little is written. Stopped or killed, the file is as it was.

Examples:
  rapport compact
  rapport --json --db sqlite:/srv/rapport.db compact)");
    command->callback([&context] { run_compact(context); });
}

}  // namespace rapport::cli
