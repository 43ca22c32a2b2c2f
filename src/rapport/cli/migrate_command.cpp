#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <optional>

#include "rapport/cli/context.hpp"
#include "rapport/cli/progress.hpp"
#include "rapport/cli/terminal.hpp"
#include "rapport/core/json.hpp"
#include "rapport/repository/doctor.hpp"
#include "rapport/repository/migration.hpp"

namespace rapport::cli {
namespace {

void add_report(JsonWriter& out, std::string_view name, const CollectionReport& report) {
    out.begin_document(name);
    out.add("documents", report.documents);
    out.add("changed", report.changed);
    for (const auto& [defect, found] : kEnumTable<Defect>) {
        if (report.count(defect) > 0) out.add(found, report.count(defect));
    }
    out.begin_document("kept_members");
    for (const auto& [member, count] : report.unknown) out.add(member, count);
    out.end();
    out.end();
}

void print_json(const Context& context, const MigrationReport& report, bool plan) {
    JsonWriter out;
    out.add("database", std::string_view(context.database_url().display()));
    out.add("applied", !plan);
    add_report(out, "leads", report.leads);
    add_report(out, "messages", report.messages);
    out.add("numbered_messages", report.numbered);
    out.add("expired_messages", report.expired_messages);
    out.add("merged_leads", report.merged_leads);
    out.begin_array("collisions");
    for (const Collision& collision : report.collisions) {
        out.begin_document({});
        out.add("number", std::string_view(collision.number));
        out.add("merged", collision.merged);
        if (!collision.problem.empty()) out.add("problem", std::string_view(collision.problem));
        out.begin_array("leads");
        for (const std::string& id : collision.leads) out.add({}, std::string_view(id));
        out.end();
        out.end();
    }
    out.end();
    out.add("index_differences", static_cast<std::int64_t>(report.indexes.differences.size()));
    if (!report.indexes_refused.empty()) {
        out.add("indexes_refused", std::string_view(report.indexes_refused));
    }
    out.begin_array("examples");
    for (const MigrationExample& example : report.examples) {
        out.begin_document({});
        out.add("defect", enum_to_string(example.defect));
        out.add("collection", std::string_view(example.collection));
        out.add("_id", std::string_view(example.id));
        out.add("member", std::string_view(example.what));
        out.end();
    }
    out.end();
    fmt::print("{}\n", out.finish());
}

std::string_view in_words(Defect defect) {
    switch (defect) {
        case Defect::kTextDate:
            return "dates that are text";
        case Defect::kNull:
            return "nulls";
        case Defect::kComputed:
            return "computed members";
        case Defect::kOtherForm:
            return "members of another form";
        case Defect::kSpelling:
            return "numbers in another spelling";
        case Defect::kVersion:
            return "no version";
        case Defect::kCount:
            return "fewer messages counted than stored";
        case Defect::kSeq:
            return "no place in a conversation";
        case Defect::kNoNumber:
            return "a lead_id that is no number: stays";
        case Defect::kUnreadable:
            break;
    }
    return "not readable: stays";
}

void print_report(std::string_view name, const CollectionReport& report,
                  const std::vector<MigrationExample>& examples) {
    fmt::print("{}: {} looked at, {} changed\n", coloured(name, Colour::kBold), report.documents,
               report.changed);
    for (const auto& [defect, unused] : kEnumTable<Defect>) {
        if (report.count(defect) == 0) continue;
        fmt::print("  {:>9}  {}\n", report.count(defect), in_words(defect));
        for (const MigrationExample& example : examples) {
            if (example.defect != defect || example.collection != name) continue;
            fmt::print("             {} {}\n", example.id, example.what);
        }
    }
    for (const auto& [member, count] : report.unknown) {
        fmt::print("  {:>9}  with {}, which stays (--computed takes it out)\n", count, member);
    }
}

void print_collisions(const MigrationReport& report, bool merging) {
    constexpr std::ptrdiff_t kShown = 20;
    if (report.collisions.empty()) return;
    const auto apart = std::ranges::count(report.collisions, false, &Collision::merged);
    fmt::print("{}: {} numbers with several leads, {} of them merged\n",
               coloured("collisions", Colour::kBold), report.collisions.size(),
               std::ssize(report.collisions) - apart);
    std::ptrdiff_t shown = 0;
    for (const Collision& collision : report.collisions) {
        if (collision.merged) continue;
        if (++shown > kShown) {
            fmt::print("  and {} more; --json lists all\n", apart - kShown);
            break;
        }
        fmt::print("  {}  {}  {}\n", collision.number, fmt::join(collision.leads, " "),
                   collision.problem);
    }
    if (apart > 0) {
        fmt::print("  {}\n", merging ? "put that right, then run it again"
                                     : "--merge makes one lead of each number");
    }
}

void print_people(const MigrationReport& report, const MigrationOptions& options) {
    print_report("leads", report.leads, report.examples);
    print_report("messages", report.messages, report.examples);
    if (report.numbered > 0) {
        fmt::print("  {:>9}  {} their place in a conversation\n", report.numbered,
                   options.plan ? "would get" : "got");
    }
    if (report.expired_messages > 0) {
        fmt::print(
            "  {:>9}  older than MESSAGE_RETENTION_DAYS: removed once their dates are dates; "
            "ENABLE_MESSAGE_ARCHIVAL=false keeps them\n",
            report.expired_messages);
    }
    print_collisions(report, options.merge);
    fmt::print("{}: {} differed\n", coloured("indexes", Colour::kBold),
               report.indexes.differences.size());
    if (!report.indexes_refused.empty()) fmt::print("  {}\n", report.indexes_refused);
    if (!options.plan) return;
    fmt::print("\n{}", report.finds_something()
                           ? "Nothing was changed: `rapport migrate` does it.\n"
                           : "There is nothing to migrate.\n");
}

void run_migrate(Context& context, MigrationOptions options) {
    context.connect();
    options.default_region = context.settings().settings.default_region;
    std::optional<Progress> bar;
    MigrationProgress progress;
    progress.begin = [&](std::string_view what, std::int64_t total) {
        bar.reset();
        bar.emplace(fmt::format("{} {}", options.plan ? "looking at" : "migrating", what), total,
                    options.plan ? "nothing was changed"
                                 : "what was migrated stays, and the next run does the rest");
    };
    progress.advance = [&](std::int64_t by) { bar->advance(by); };
    const MigrationReport report = await(migrate(context.manager(), options, progress));
    bar.reset();
    context.json ? print_json(context, report, options.plan) : print_people(report, options);
    if (options.plan ? report.finds_something() : report.leaves_something()) {
        context.exit_code = kSomethingToDo;
    }
}

}  // namespace

void add_migrate(CLI::App& program, Context& context) {
    CLI::App* command = program.add_subcommand(
        "migrate", "Bring a database that an earlier system wrote to today's form, in place");
    auto options = std::make_shared<MigrationOptions>();
    command->add_flag("--plan", options->plan, "say what would be done and change nothing");
    command->add_flag("--merge", options->merge, "make one lead of those with one number");
    command
        ->add_option("--computed", options->computed,
                     "a member that the earlier system computed: taken out of leads and messages")
        ->type_name("MEMBER");
    command->footer(R"(
Stop the earlier system first, and take a copy of its database. Dates that are text become dates;
nulls and computed members (bant_summary, is_hot) go, other members of the earlier system stay;
numbers get their one spelling; leads get a version and messages their place in the conversation
(seq); indexes become what they should be. Leads of one number are listed; with --merge they become
one, under the newest stage, with all messages.

Safe to interrupt, to repeat, and to run from several machines at once: a second run changes
nothing. Conversations may go on meanwhile. With retention on, messages that it would have removed
go once their dates are dates: --plan counts them.

Exit codes: 0 done, or with --plan nothing to do; 1 with --plan something to do, else something was
left that a person must decide about.

Examples:
  rapport --db mongodb://localhost/ migrate --plan
  rapport --db mongodb://localhost/ migrate --merge
  rapport --json migrate --plan --computed lead_score)");
    command->callback([&context, options] { run_migrate(context, *options); });
}

}  // namespace rapport::cli
