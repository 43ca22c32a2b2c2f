#include "rapport/repository/doctor.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>

#include "rapport/cli/context.hpp"
#include "rapport/cli/progress.hpp"
#include "rapport/cli/terminal.hpp"
#include "rapport/core/error.hpp"
#include "rapport/core/json.hpp"

namespace rapport::cli {
namespace {

std::vector<Finding> examine_database(Context& context) {
    std::vector<Finding> findings;
    try {
        context.connect();
        findings.push_back({"connection", Severity::kOk, "the database answers"});
        Progress progress("looking at leads", await(context.leads().count()),
                          "nothing was changed");
        const auto looked = [&](std::int64_t leads) { progress.advance(leads); };
        std::ranges::move(diagnose(await(examine(context.manager(), looked))),
                          std::back_inserter(findings));
    } catch (const Error& error) {
        findings.push_back(diagnose_refusal(error));
    }
    return findings;
}

void print_json(const std::string& database, const std::vector<Finding>& findings) {
    JsonWriter out;
    out.add("database", std::string_view(database));
    out.add("severity", to_string(worst(findings)));
    out.begin_array("findings");
    for (const Finding& finding : findings) {
        out.begin_document({});
        out.add("check", std::string_view(finding.check));
        out.add("severity", to_string(finding.severity));
        out.add("found", std::string_view(finding.found));
        if (!finding.cure.empty()) out.add("cure", std::string_view(finding.cure));
        out.end();
    }
    fmt::print("{}\n", out.finish());
}

Colour colour_of(Severity severity) {
    switch (severity) {
        case Severity::kOk:
            return Colour::kGreen;
        case Severity::kWarning:
            return Colour::kYellow;
        case Severity::kProblem:
            break;
    }
    return Colour::kRed;
}

void print_finding(const Finding& finding) {
    constexpr std::size_t kMargin = 22;  // severity and check
    const std::size_t width = std::max(terminal_width(), kMargin + 20) - kMargin;
    const std::string severity = fmt::format("{:<8}", to_string(finding.severity));
    std::string margin =
        fmt::format("{} {:<11}  ", coloured(severity, colour_of(finding.severity)), finding.check);
    const auto print_lines = [&](const std::string& text, const char* first) {
        for (const std::string& line : wrapped(text, width - 2)) {
            fmt::print("{}{}{}\n", margin, first, line);
            margin.assign(kMargin, ' ');
            if (*first != '\0') first = "  ";
        }
    };
    print_lines(finding.found, "");
    if (!finding.cure.empty()) print_lines(finding.cure, "→ ");
}

void run_doctor(Context& context) {
    const std::string database = context.database_url().display();
    const std::vector<Finding> findings = examine_database(context);
    if (context.json) {
        print_json(database, findings);
    } else {
        fmt::print("Database: {}\n\n", database);
        for (const Finding& finding : findings) print_finding(finding);
    }
    const Severity severity = worst(findings);
    if (severity == Severity::kWarning) context.exit_code = kSomethingToDo;
    if (severity == Severity::kProblem) context.exit_code = kNoDatabase;
}

}  // namespace

void add_doctor(CLI::App& program, Context& context) {
    CLI::App* command =
        program.add_subcommand("doctor", "Is the database well? What is wrong, and what to do");
    command->footer(R"(
Changes nothing. Looks at the connection, the server and its clock, room on the disk, damage of a
SQLite file, indexes, retention, messages that a crash left unfinished, leads that grow too large,
and dates of earlier systems. Reads every lead once.

Exit codes: 0 all is well; 1 warnings, each with what to do; 3 the database cannot be used, or will
not be for long.

Examples:
  rapport doctor
  rapport --json doctor
  rapport --db mongodb://localhost/ doctor || page-somebody)");
    command->callback([&context] { run_doctor(context); });
}

}  // namespace rapport::cli
