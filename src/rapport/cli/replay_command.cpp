#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <utility>

#include "rapport/channel/local_clock.hpp"
#include "rapport/cli/conversation.hpp"
#include "rapport/cli/import_plan.hpp"
#include "rapport/cli/interruption.hpp"
#include "rapport/core/error.hpp"

namespace rapport::cli {
namespace {

struct ReplayOptions {
    ImportOptions input{};
    bool why = false;
};

void replay_message(const Context& context, ConversationOrchestrator& orchestrator,
                    const Message& message, bool why) {
    const OrchestrationResult result =
        await(orchestrator.process_message(message.content, message.lead_id,
                                           {.external_id = "replay:" + message.id.to_string(),
                                            .timestamp = message.timestamp,
                                            .attachment = message.attachment}));
    if (context.json) {
        fmt::print("{}\n", to_json_line(result));
        return;
    }
    print_said("lead", Colour::kCyan,
               message.attachment
                   ? fmt::format("[{}] {}", message.attachment->kind, message.content)
                   : message.content);
    print_answer(result);
    if (why) print_reasons(result);
}

struct Replayed {
    Timestamp at = now();  ///< the orchestrator's time: that of the message it answers
    std::int64_t answers = 0;
};

/// What a lead of the file said, oldest first, is answered anew and counted; what was answered then
/// is not looked at.
void replay(Context& context, ConversationOrchestrator& orchestrator, const std::string& lead_id,
            LeadMessages& of_lead, bool why, Replayed& replayed) {
    if (!context.json) fmt::print("{}\n", coloured(lead_id, Colour::kBold));
    for (bool started = false;;) {
        const std::vector<Message> next = of_lead.next(1);
        if (next.empty()) return;
        if (next.front().role != MessageRole::kLead) continue;
        replayed.at = next.front().timestamp;
        if (!std::exchange(started, true)) {
            await(orchestrator.start_conversation(lead_id, of_lead.full_name));
        }
        if (Interruption::requested()) {
            throw Interrupted(fmt::format(
                "stopped replaying after {} answers: they are stored, and given again by the same "
                "command",
                replayed.answers));
        }
        ++replayed.answers;
        replay_message(context, orchestrator, next.front(), why);
    }
}

MessagesByLead plan_conversations(const ParsedFile& parsed, const ImportOptions& options,
                                  std::vector<ImportProblem>& problems) {
    if (parsed.format == InputFormat::kExport) {
        throw InvalidArgument(
            fmt::format("{}: a document of `rapport export`, which cannot be replayed",
                        parsed.file),
            "give JSONL conversations or a WhatsApp export; `rapport import` takes this one in");
    }
    try {
        return plan_file(parsed, options, problems);
    } catch (const InvalidArgument& problem) {
        throw InvalidArgument(fmt::format("{}: {}", parsed.file, problem.what()));
    }
}

void run_replay(Context& context, ReplayOptions options) {
    options.input.default_region = context.settings().settings.default_region;
    const ParsedFile parsed = parse_file(options.input.files.front(), options.input);
    if (options.input.timezone.empty() && parsed.format == InputFormat::kWhatsApp) {
        options.input.timezone = LocalClock::system_zone();
    }
    std::vector<ImportProblem> problems;
    MessagesByLead plan = plan_conversations(parsed, options.input, problems);
    if (!problems.empty()) {
        throw InvalidDocument(fmt::format("{}:{}: {}; nothing was replayed", problems[0].file,
                                          problems[0].line, problems[0].reason));
    }
    Replayed replayed;
    const auto orchestrator = start_orchestrator(context, [&replayed] { return replayed.at; });
    const Interruption interruption;
    for (auto& [lead_id, of_lead] : plan) {
        replay(context, *orchestrator, lead_id, of_lead, options.why, replayed);
    }
    await(orchestrator->shutdown());
}

}  // namespace

void add_replay(CLI::App& program, Context& context) {
    CLI::App* command =
        program.add_subcommand("replay", "Let the agent answer what leads said in a file");
    auto options = std::make_shared<ReplayOptions>();
    ImportOptions& input = options->input;
    command->add_option("file", input.files, "JSONL conversations, or a WhatsApp export")
        ->type_name("FILE")
        ->expected(1)
        ->required();
    command->add_option("--lead", input.lead, "whose chat it is, where no author is a number")
        ->type_name("PHONE");
    command->add_option("--me", input.me, "our side's name in the chat")->type_name("NAME");
    command->add_option("--timezone", input.timezone, "where the phone was")->type_name("TZ");
    auto date_order = std::make_shared<std::string>("auto");
    command->add_option("--date-order", *date_order, "default: auto, from the whole file")
        ->check(CLI::IsMember({"auto", "dmy", "mdy", "ymd", "ydm"}));
    command->add_flag("--keep-going", input.keep_going,
                      "take lines of a chat whose date cannot be as text of the message before");
    command->add_flag("--why", options->why, "show how the agent came to each answer");
    command->footer(R"(
What the leads said is answered and stored anew, as at the time of the file; what was answered there
is not looked at. A message that was replayed before gets the answer it got then.

Examples:
  rapport replay conversations.jsonl
  rapport --db sqlite:try.db replay --why chat.txt --lead 5512345678
  rapport --json replay conversations.jsonl)");
    command->callback([&context, options, date_order] {
        options->input.date_order = enum_from_string<DateOrder>(*date_order).value();
        run_replay(context, *options);
    });
}

}  // namespace rapport::cli
