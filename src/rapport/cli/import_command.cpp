#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <set>

#include "rapport/channel/local_clock.hpp"
#include "rapport/cli/chat_dates.hpp"
#include "rapport/cli/context.hpp"
#include "rapport/cli/import_plan.hpp"
#include "rapport/cli/importer.hpp"
#include "rapport/cli/operator_name.hpp"
#include "rapport/cli/progress.hpp"
#include "rapport/core/error.hpp"
#include "rapport/core/json.hpp"
#include "rapport/domain/phone_number.hpp"

namespace rapport::cli {
namespace {

/// What an import did, over all files.
struct ImportReport {
    std::vector<ParsedFile> files{};
    std::vector<ImportProblem> problems{};
    std::set<std::string> leads{};
    std::int64_t messages = 0;
    std::int64_t added = 0;
};

std::string counted(std::int64_t count, std::string_view what) {
    return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

void warn_about(const ParsedFile& parsed, const ImportOptions& options) {
    if (parsed.replaced_bytes > 0) {
        spdlog::warn("{}: not all of it is UTF-8: {} became U+FFFD", parsed.file,
                     counted(static_cast<std::int64_t>(parsed.replaced_bytes), "part"));
    }
    if (parsed.whatsapp.lines_before_first > 0) {
        const auto lines = static_cast<std::int64_t>(parsed.whatsapp.lines_before_first);
        spdlog::warn("{}: {} before the first message passed over", parsed.file,
                     counted(lines, "line"));
    }
    if (parsed.whatsapp.impossible_dates > 0 && options.keep_going) {
        spdlog::warn("{}:{}: {}: taken as text", parsed.file, parsed.whatsapp.first_impossible,
                     impossible_dates(parsed.whatsapp));
    }
}

void add_whatsapp_records(JsonWriter& out, const ParsedFile& parsed, const LocalClock& clock) {
    for (const ExportRecord& record : parsed.whatsapp.records) {
        out.begin_document({});
        out.add("line", record.line);
        out.add("timestamp", clock.to_utc(record.local_time));
        if (record.author) {
            out.add("author", std::string_view(*record.author));
        } else {
            out.add_null("author");
        }
        out.add("text", std::string_view(record.text));
        out.add("system", record.system);
        if (record.attachment) {
            out.add("attachment", std::string_view(record.attachment->name));
            out.add("attachment_kind", std::string_view(record.attachment->kind));
        }
        out.add("media_omitted", record.media_omitted);
        out.end();
    }
}

void add_jsonl_records(JsonWriter& out, const ParsedFile& parsed) {
    for (const JsonlMessage& message : parsed.jsonl.messages) {
        out.begin_document({});
        out.add("line", message.line);
        out.add("timestamp", message.timestamp);
        out.add("lead_id", std::string_view(message.lead_id));
        out.add("author", std::string_view(message.role));
        out.add("text", std::string_view(message.text));
        out.add("system", message.role == "system");
        out.add("media_omitted", false);
        out.end();
    }
}

void add_file(JsonWriter& out, const ParsedFile& parsed, const ImportOptions& options) {
    const bool whatsapp = parsed.format == InputFormat::kWhatsApp;
    out.begin_document({});
    out.add("file", std::string_view(parsed.file));
    out.add("format", enum_to_string(parsed.format));
    if (whatsapp) {
        out.add("date_order", enum_to_string(parsed.whatsapp.date_order));
    } else {
        out.add_null("date_order");
    }
    if (options.dry_run) {
        out.begin_array("records");
        whatsapp ? add_whatsapp_records(out, parsed, LocalClock(options.timezone))
                 : add_jsonl_records(out, parsed);  // none of an export
        out.end();
    } else {
        out.add("records", parsed.records());
    }
    out.end();
}

void print_json(const ImportReport& report, const ImportOptions& options) {
    JsonWriter out;
    out.begin_array("files");
    for (const ParsedFile& parsed : report.files) add_file(out, parsed, options);
    out.end();
    out.add("leads", static_cast<std::int64_t>(report.leads.size()));
    out.add("messages", report.messages);
    out.add("added", report.added);
    // A dry run does not know what is there already.
    out.add("skipped", options.dry_run ? std::int64_t{0} : report.messages - report.added);
    out.begin_array("errors");
    for (const ImportProblem& problem : report.problems) {
        out.begin_document({});
        out.add("file", std::string_view(problem.file));
        out.add("line", problem.line);
        out.add("reason", std::string_view(problem.reason));
        out.end();
    }
    out.end();
    fmt::print("{}\n", out.finish());
}

void print_text(const ImportReport& report, const ImportOptions& options) {
    for (const ParsedFile& parsed : report.files) {
        const bool whatsapp = parsed.format == InputFormat::kWhatsApp;
        fmt::print("{}: {}, {}{}\n", parsed.file, enum_to_string(parsed.format),
                   counted(parsed.records(), "record"),
                   whatsapp
                       ? fmt::format(", dates {}, times in {}",
                                     enum_to_string(parsed.whatsapp.date_order), options.timezone)
                       : std::string());
    }
    if (options.dry_run) {
        fmt::print("Dry run: nothing was stored.\n");
    } else {
        fmt::print("{}, {}: {} added, {} there already\n",
                   counted(std::ssize(report.leads), "lead"), counted(report.messages, "message"),
                   report.added, report.messages - report.added);
    }
}

void print_problems(const ImportReport& report) {
    for (const ImportProblem& problem : report.problems) {
        const std::string where =
            problem.line > 0 ? fmt::format("{}:{}", problem.file, problem.line) : problem.file;
        fmt::print(stderr, "rapport: {}: {}\n", where, problem.reason);
    }
}

/// Plans one file. A problem keeps the whole file back, unless the caller keeps going.
MessagesByLead plan(const ParsedFile& parsed, const ImportOptions& options, ImportReport& report) {
    const std::size_t before = report.problems.size();
    try {
        MessagesByLead planned = plan_file(parsed, options, report.problems);
        if (report.problems.size() == before || options.keep_going) return planned;
    } catch (const InvalidArgument& problem) {
        report.problems.push_back({parsed.file, 0, problem.what()});
    }
    return {};
}

/// Stores one lead's part of a file. Somebody erased is a problem of the file, not of the others.
template <class Store>
void store_lead(const ParsedFile& parsed, std::int64_t messages, ImportReport& report,
                Store store) {
    const auto refuse = [&](const Error& reason) {
        report.problems.push_back({parsed.file, 0, reason.what()});
        report.messages -= messages;
    };
    try {
        report.added += store();
    } catch (const PersonErased& erased) {
        refuse(erased);
    } catch (const VersionConflict& conflict) {
        refuse(conflict);
    }
}

std::vector<MessagesByLead> plan_all(const ImportOptions& options, ImportReport& report) {
    std::vector<MessagesByLead> plans;
    for (const ParsedFile& parsed : report.files) {
        if (parsed.format == InputFormat::kExport) {
            plans.emplace_back();
            report.leads.insert(parsed.exported.content.lead.lead_id);
            report.messages += parsed.exported.messages;
            continue;
        }
        plans.push_back(plan(parsed, options, report));
        for (const auto& [lead_id, of_lead] : plans.back()) {
            report.leads.insert(lead_id);
            report.messages += of_lead.count;
        }
    }
    return plans;
}

void store(Context& context, const ImportOptions& options, ImportReport& report) {
    std::vector<MessagesByLead> plans = plan_all(options, report);
    if (report.leads.empty()) return;
    context.connect_to_write();
    const PersonalData::RestoreOptions restoring{options.restore_erased, options.by};
    Importer importer(context.leads(), context.messages(), context.audit(), restoring);
    Progress bar("importing", report.messages,
                 "what was stored stays, and the same command goes on from there");
    const auto progress = [&](std::int64_t done) { bar.advance(done); };
    for (std::size_t i = 0; i < plans.size(); ++i) {
        const ParsedFile& parsed = report.files[i];
        for (auto& [lead_id, of_lead] : plans[i]) {
            store_lead(parsed, of_lead.count, report, [&] {
                return await(importer.store(lead_id, std::move(of_lead), progress));
            });
        }
        if (parsed.format != InputFormat::kExport) continue;
        store_lead(parsed, parsed.exported.messages, report, [&] {
            return store_exported_lead(context.personal_data(), parsed.file,
                                       parsed.exported.content, restoring, progress);
        });
    }
}

/// What can be said without a database. Whose a chat is need not be known to look at it.
void look_over(const ImportOptions& options, ImportReport& report) {
    for (const ParsedFile& parsed : report.files) {
        report.messages += parsed.records();
        if (parsed.format == InputFormat::kJsonl) plan_file(parsed, options, report.problems);
        refuse_dates(parsed, options, report.problems);
    }
}

/// Who is who, and what a date means, is said by JSONL and by exports themselves. A file that could
/// not be read may be a chat.
void refuse_options_without_a_chat(const ImportReport& report, const ImportOptions& options) {
    const auto chat = std::ranges::find(report.files, InputFormat::kWhatsApp, &ParsedFile::format);
    if (options.of_chats.empty() || !report.problems.empty() || chat != report.files.end()) return;
    throw InvalidArgument(
        fmt::format("{}: only for WhatsApp exports, and there is none here", options.of_chats[0]),
        "leave it out");
}

void run_import(Context& context, ImportOptions options) {
    options.default_region = context.settings().settings.default_region;
    options.by = operator_name(options.by);
    const bool zone_given = !options.timezone.empty();
    if (zone_given) static_cast<void>(LocalClock(options.timezone));  // before anything is read
    if (!options.lead.empty()) {
        options.lead = normalize_lead_id(options.lead, options.default_region);
    }

    ImportReport report;
    bool any_whatsapp = false;
    for (const std::string& file : options.files) {
        try {
            report.files.push_back(parse_file(file, options));
            warn_about(report.files.back(), options);
            any_whatsapp = any_whatsapp || report.files.back().format == InputFormat::kWhatsApp;
        } catch (const InvalidArgument& problem) {
            // The reason names the file already.
            report.problems.push_back(
                {file, 0, std::string(problem.what()).substr(file.size() + 2)});
        }
    }
    if (any_whatsapp && !zone_given) {
        options.timezone = LocalClock::system_zone();
        spdlog::info("local times are read in {}, the system's zone; --timezone chooses another",
                     options.timezone);
    }
    refuse_options_without_a_chat(report, options);
    if (options.dry_run) {
        look_over(options, report);
    } else {
        store(context, options, report);
    }
    context.json ? print_json(report, options) : print_text(report, options);
    print_problems(report);
    if (!report.problems.empty()) context.exit_code = kDataProblem;
}

/// Options as they are written; each is one of some names.
struct Choices {
    std::string format = "auto";
    std::string me_role = "human";
    std::string date_order = "auto";

    void apply(ImportOptions& options) const {
        options.format = enum_from_string<InputFormat>(format);  // absent for auto
        options.me_role = enum_from_string<MessageRole>(me_role).value();
        options.date_order = enum_from_string<DateOrder>(date_order).value();
    }
};

}  // namespace

void add_import(CLI::App& program, Context& context) {
    CLI::App* command = program.add_subcommand(
        "import", "Store WhatsApp exports (.txt, .zip), JSONL conversations and `rapport export`s");
    auto options = std::make_shared<ImportOptions>();
    auto choices = std::make_shared<Choices>();
    command->add_option("files", options->files, "what to import")->type_name("FILE")->required();
    command->add_option("--format", choices->format, "default: auto, by content; a pipe needs one")
        ->check(CLI::IsMember({"auto", "whatsapp", "jsonl", "export"}));
    std::vector<CLI::Option*> of_chats;
    of_chats.push_back(
        command
            ->add_option("--lead", options->lead, "whose chat it is, where no author is a number")
            ->type_name("PHONE"));
    of_chats.push_back(
        command->add_option("--me", options->me, "our side's name in the chat")->type_name("NAME"));
    of_chats.push_back(
        command
            ->add_option("--me-role", choices->me_role, "who writes on our side (default: human)")
            ->check(CLI::IsMember({"human", "assistant"})));
    command
        ->add_option("--timezone", options->timezone,
                     "where the phone was, e.g. America/Mexico_City (default: the system's)")
        ->type_name("TZ");
    of_chats.push_back(
        command
            ->add_option("--date-order", choices->date_order, "default: auto, from the whole file")
            ->check(CLI::IsMember({"auto", "dmy", "mdy", "ymd", "ydm"})));
    command->add_flag("--dry-run", options->dry_run, "read only; needs no database");
    command->add_flag("--keep-going", options->keep_going,
                      "store the rest of a file whose records are not all usable");
    command->add_flag("--restore-erased", options->restore_erased,
                      "store persons who were erased all the same; the audit will say so");
    command->add_option("--by", options->by, "who restores them (default: the user's name)")
        ->type_name("NAME");
    command->footer(R"help(
Importing again, or a longer export of the same chat, adds only what is new. A file with a record
that cannot be used is not stored at all, unless --keep-going is given; nor is a chat with a line
that looks like a message, but whose date cannot be in the order of the others: --keep-going takes
it as text of the message before. Somebody who was erased is left out, and named as a problem,
unless --restore-erased is given. What `rapport export` wrote is stored as it was, where there is no
lead with the number.

Whose side is whose in a chat, --me says; else the only number among the authors is the lead's, or
the name after which WhatsApp called the file ("WhatsApp Chat with Ana.txt").

Examples:
  rapport import "WhatsApp Chat with +52 55 1234 5678.zip" --timezone America/Mexico_City
  rapport import "WhatsApp Chat with Ana.txt" --lead 5512345678
  rapport import _chat.txt --me "Ana (Sales)" --lead 5512345678 --date-order mdy
  rapport import conversations.jsonl --keep-going
  rapport --json import --dry-run chat.txt)help");
    command->callback([&context, options, choices, of_chats] {
        choices->apply(*options);
        for (const CLI::Option* given : of_chats) {
            if (given->count() > 0) options->of_chats.push_back(given->get_name());
        }
        run_import(context, *options);
    });
}

}  // namespace rapport::cli
