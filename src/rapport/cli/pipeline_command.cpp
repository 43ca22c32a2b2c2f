#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>

#include "rapport/cli/context.hpp"
#include "rapport/cli/terminal.hpp"
#include "rapport/core/json.hpp"

namespace rapport::cli {
namespace {

void run_pipeline(Context& context) {
    context.connect();
    const auto counts = await(context.leads().count_by_stage());
    std::int64_t total = 0;
    std::int64_t most = 1;
    for (const auto& [stage, count] : counts) {
        total += count;
        most = std::max(most, count);
    }
    if (context.json) {
        JsonWriter out;
        out.begin_document("stages");
        for (const auto& [stage, count] : counts) out.add(enum_to_string(stage), count);
        out.end();
        out.add("total", total);
        fmt::print("{}\n", out.finish());
        return;
    }
    constexpr std::size_t kTextColumns = 30;  // stage and count
    const std::size_t width = terminal_width();
    const std::size_t room = width > kTextColumns + 10 ? width - kTextColumns : 10;
    for (const auto& [stage, count] : counts) {
        const auto blocks =
            static_cast<std::size_t>(count * static_cast<std::int64_t>(room) / most);
        std::string bar;
        for (std::size_t i = 0; i < std::max<std::size_t>(blocks, count > 0 ? 1 : 0); ++i) {
            bar += "█";
        }
        fmt::print("{:<17} {:>9}  {}\n", short_name(stage), count, coloured(bar, Colour::kGreen));
    }
    fmt::print("{}\n", coloured(fmt::format("{:<17} {:>9}", "all", total), Colour::kBold));
}

}  // namespace

void add_pipeline(CLI::App& program, Context& context) {
    CLI::App* command = program.add_subcommand("pipeline", "How many leads stand in each stage");
    command->footer("\nExamples:\n  rapport pipeline\n  rapport --json pipeline");
    command->callback([&context] { run_pipeline(context); });
}

}  // namespace rapport::cli
