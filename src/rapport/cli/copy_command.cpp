#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <filesystem>

#include "rapport/cli/transfer_report.hpp"
#include "rapport/core/error.hpp"

namespace rapport::cli {
namespace {

struct Place {
    std::string url{};
    /// MongoDB's; empty: that of the settings.
    std::string database{};

    std::pair<Settings, DatabaseUrl> resolve(const Context& context) const {
        Settings settings = context.settings().settings;
        if (!database.empty()) settings.mongodb_database = database;
        return {settings, parse_database_url(url)};
    }
};

struct CopyOptions {
    Place from{};
    Place to{};
};

bool are_same(const std::pair<Settings, DatabaseUrl>& a,
              const std::pair<Settings, DatabaseUrl>& b) {
    if (a.second.engine != b.second.engine) return false;
    if (a.second.engine == DatabaseUrl::Engine::kMongo) {
        return a.second.location == b.second.location &&
               a.first.mongodb_database == b.first.mongodb_database;
    }
    std::error_code ignored;
    return std::filesystem::equivalent(a.second.location, b.second.location, ignored);
}

void run_copy(Context& context, const CopyOptions& options) {
    const auto from = options.from.resolve(context);
    const auto to = options.to.resolve(context);
    if (are_same(from, to)) {
        throw InvalidArgument("--from and --to name the same database");
    }
    const bool is_file = from.second.engine == DatabaseUrl::Engine::kSqlite;
    if (is_file && !std::filesystem::exists(from.second.location)) {
        throw Unavailable(from.second.location + ": no database there", "--from names another");
    }
    DatabaseManager source(from.first, from.second);
    await(source.connect());
    DatabaseManager target(to.first, to.second);
    await(target.connect());
    await(target.create_indexes());
    TransferBars bars;
    report(context, await(copy_database(source.database(), target.database(),
                                        transfer_options(context), bars.progress())));
}

}  // namespace

void add_copy(CLI::App& program, Context& context) {
    CLI::App* command =
        program.add_subcommand("copy", "Everything from one database into another, of any engine");
    auto options = std::make_shared<CopyOptions>();
    const auto add = [&](const std::string& name, Place& place, const char* what) {
        command->add_option("--" + name, place.url, what)->type_name("URL")->required();
        command
            ->add_option("--" + name + "-database", place.database,
                         "on MongoDB (default: MONGODB_DATABASE)")
            ->type_name("NAME");
    };
    add("from", options->from, "the source: mongodb://… or sqlite:FILE");
    add("to", options->to, "the target, empty or from an earlier run");
    command->footer(R"help(
Conversations may go on in the source meanwhile: each lead is copied with its messages as of one
moment. Run again, after a kill or later, it copies what is missing and brings forward what has gone
on. Persons who were erased in the source stay erased. At the end the target is read and compared
with what was copied.

Examples:
  rapport copy --from sqlite:rapport.db --to mongodb://localhost/
  rapport copy --from mongodb://localhost/ --to sqlite:rapport.db
  rapport copy --from mongodb://a/ --to mongodb://a/ --to-database gp_data_test)help");
    command->callback([&context, options] { run_copy(context, *options); });
}

}  // namespace rapport::cli
