#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <clocale>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <system_error>

#include "rapport/cli/context.hpp"
#include "rapport/cli/interruption.hpp"
#include "rapport/core/error.hpp"
#include "rapport/core/json.hpp"
#include "rapport/store/sqlite/sqlite_store.hpp"

namespace {

using namespace rapport;
using namespace rapport::cli;

constexpr auto kFooter = R"help(
Database: --db, else MONGODB_URI, else the file rapport.db. `rapport config` shows every setting.

Exit codes: 0 done; 1 some of the data could not be used, or doctor or indexes found something to
do; 2 wrong usage or a value that is not allowed; 3 the database cannot be reached or used, or doctor
found a problem; 4 not found; 5 changed meanwhile or taken; 130 stopped by Ctrl-C or SIGTERM.

Examples:
  rapport import chat.zip --lead "+52 55 1234 5678" --me "Ana (Sales)"
  rapport pipeline
  rapport chat
  rapport --json leads --stale 30
  rapport --db mongodb://localhost/ history +525512345678)help";

int exit_code_of(ErrorCode code) {
    switch (code) {
        case ErrorCode::kInvalidArgument:
            return kUsage;
        case ErrorCode::kDuplicateKey:
        case ErrorCode::kVersionConflict:
            return kConflict;
        case ErrorCode::kInvalidDocument:
            return kDataProblem;
        default:
            return kNoDatabase;
    }
}

int report(const Context& context, std::string_view code, std::string_view message, int exit_code) {
    if (context.json) {
        JsonWriter out;
        out.begin_document("error");
        out.add("code", code);
        out.add("message", message);
        fmt::print(stderr, "{}\n", out.finish());
    } else {
        fmt::print(stderr, "rapport: {}\n", message);
    }
    return exit_code;
}

Unavailable not_printed(int problem) {
    return {fmt::format("stdout: cannot be written: {}", std::strerror(problem)),
            "what was printed is not whole"};
}

/// What is no error of Rapport's own. Where stdout can take no more, fmt::print says so by a
/// std::system_error.
int report_other(const Context& context, const std::exception& error) {
    const auto* system = dynamic_cast<const std::system_error*>(&error);
    if (system == nullptr || std::ferror(stdout) == 0) {
        return report(context, "Internal", error.what(), kNoDatabase);
    }
    const Unavailable problem = not_printed(system->code().value());
    return report(context, to_string(problem.code()), problem.what(), kNoDatabase);
}

/// What is wrong with the command line. Where a command is missing, CLI11 does not say what stands
/// in its place.
std::string explain(const CLI::App* program, const CLI::Error& error) {
    std::string command = "rapport";
    const CLI::App* last = program;
    while (!last->get_subcommands().empty()) {
        last = last->get_subcommands().front();
        command += " " + last->get_name();
    }
    const std::vector<std::string> unknown = program->remaining(true);
    if (last->get_require_subcommand_min() == 0 || unknown.empty()) {
        return CLI::FailureMessage::simple(program, error);
    }
    return fmt::format("{}: there is no {} `{}`: `{} --help` lists those there are\n", command,
                       unknown.front().starts_with('-') ? "option" : "command", unknown.front(),
                       command);
}

void add_commands(CLI::App& program, Context& context) {
    program.require_subcommand(1);
    program.set_version_flag("--version", "rapport " RAPPORT_VERSION);
    program.add_option("--db", context.db, "mongodb://…, mongodb+srv://… or sqlite:FILE")
        ->type_name("URL")
        ->check(refuse_empty);
    program.add_flag("--json", context.json,
                     "JSON on stdout: one document; of chat and replay a line an answer");
    program.footer(kFooter);
    program.failure_message(explain);
    program.parse_complete_callback([&context] { context.load(); });
    add_import(program, context);
    add_leads(program, context);
    add_lead(program, context);
    add_handoff(program, context);
    add_history(program, context);
    add_stats(program, context);
    add_pipeline(program, context);
    add_export(program, context);
    add_erase(program, context);
    add_backup(program, context);
    add_restore(program, context);
    add_copy(program, context);
    add_retain(program, context);
    add_repair(program, context);
    add_doctor(program, context);
    add_indexes(program, context);
    add_compact(program, context);
    add_migrate(program, context);
    add_chat(program, context);
    add_replay(program, context);
    add_eval(program, context);
    add_config(program, context);
    for (CLI::App* command : program.get_subcommands({})) command->fallthrough();
}

}  // namespace

int main(int argc, char** argv) {
    std::setlocale(LC_CTYPE, "C.UTF-8");
    count_no_memory_in_sqlite();
    Context context;
    CLI::App program("Keeps sales conversations: leads, messages, pipeline.", "rapport");
    try {
        add_commands(program, context);
        program.parse(argc, argv);
        if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
            throw not_printed(errno);
        }
        return context.exit_code;
    } catch (const CLI::ParseError& error) {
        const int code = program.exit(error);
        return code == 0 ? kOk : kUsage;
    } catch (const NotFound& error) {
        return report(context, "NotFound", error.what(), kNotFound);
    } catch (const Error& error) {
        return report(context, to_string(error.code()), error.what(), exit_code_of(error.code()));
    } catch (const Interrupted& stopped) {
        return report(context, "Interrupted", stopped.what(), kInterrupted);
    } catch (const std::exception& error) {
        return report_other(context, error);
    }
}
