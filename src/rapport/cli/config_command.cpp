#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "rapport/cli/context.hpp"
#include "rapport/cli/terminal.hpp"
#include "rapport/core/json.hpp"

namespace rapport::cli {
namespace {

void run_config(Context& context) {
    const std::string database = context.database_url().display();
    if (context.json) {
        JsonWriter out;
        out.add("database", std::string_view(database));
        out.begin_array("settings");
        for (const SettingLine& line : context.settings().lines) {
            out.begin_document({});
            out.add("name", std::string_view(line.name));
            out.add("value", std::string_view(line.value));
            out.add("source", std::string_view(line.source));
            out.end();
        }
        fmt::print("{}\n", out.finish());
        return;
    }
    fmt::print("Database: {}\n\n", database);
    Table table({"setting", "value", "source"});
    for (const SettingLine& line : context.settings().lines) {
        table.add({line.name, line.value, line.source});
    }
    table.print();
}

}  // namespace

void add_config(CLI::App& program, Context& context) {
    CLI::App* command =
        program.add_subcommand("config", "Every setting, its value and where it comes from");
    command->footer("\nExamples:\n  rapport config\n  DEFAULT_REGION=BR rapport --json config");
    command->callback([&context] { run_config(context); });
}

}  // namespace rapport::cli
