#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <filesystem>

#include "rapport/cli/context.hpp"
#include "rapport/cli/progress.hpp"
#include "rapport/core/json.hpp"
#include "rapport/repository/output_file.hpp"

namespace rapport::cli {
namespace {

struct ExportOptions {
    std::string phone{};
    std::string output{};
};

void print_export(const std::string& file, std::int64_t messages) {
    JsonWriter out;
    out.add("file", std::string_view(file));
    out.add("bytes", static_cast<std::int64_t>(std::filesystem::file_size(file)));
    out.add("messages", messages);
    fmt::print("{}\n", out.finish());
}

void run_export(Context& context, const ExportOptions& options) {
    context.connect();
    PersonalData data = context.personal_data();
    const Holdings held = await(data.count(options.phone));
    if (held.nothing()) throw nothing_held(options.phone);
    Progress progress("exporting", held.messages,
                      options.output.empty() ? "what was written is not whole"
                                             : options.output + " was not written");
    OutputFile file(options.output);
    std::int64_t written = 0;
    const bool done = await(data.export_lead(
        options.phone, [&](std::string_view piece) { file.write(piece); },
        [&](std::int64_t messages) {
            written += messages;
            progress.advance(messages);
        }));
    if (!done) throw nothing_held(options.phone);  // erased in this moment
    file.finish();
    if (context.json && !options.output.empty()) print_export(options.output, written);
}

}  // namespace

void add_export(CLI::App& program, Context& context) {
    CLI::App* command =
        program.add_subcommand("export", "Everything held on a person, as one JSON document");
    auto options = std::make_shared<ExportOptions>();
    command->add_option("phone", options->phone, "the person")->type_name("PHONE")->required();
    command->add_option("--output", options->output, "default: stdout")->type_name("FILE");
    command->footer(R"(
The lead, every message, signals, hand-off, and what was derived from them. FILE is readable by
its owner alone and appears when it is whole; `rapport import FILE` takes it in again. With --json
its name, bytes and messages are printed then, as one document.

Examples:
  rapport export 5512345678 --output person.json
  rapport export 5512345678 | jq .lead)");
    command->callback([&context, options] { run_export(context, *options); });
}

}  // namespace rapport::cli
