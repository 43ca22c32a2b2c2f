#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <optional>

#include "rapport/cli/conversation.hpp"
#include "rapport/cli/line_editor.hpp"
#include "rapport/cli/show.hpp"
#include "rapport/core/error.hpp"

namespace rapport::cli {
namespace {

constexpr auto kHelp = R"help(Type what the lead says. Or:
  /lead     the lead: stage, follow-up, what we know
  /why      how the agent came to its last answer
  /history  the last 20 messages
  /help     this
  /quit     end the chat (or Ctrl-D)
)help";

class Chat {
  public:
    Chat(Context& context, const std::string& phone)
        : context_(context),
          orchestrator_(start(context)),
          lead_(await(orchestrator_->start_conversation(phone))) {}

    void run() {
        std::FILE* screen = context_.json ? stderr : stdout;
        LineEditor editor("you       ", screen);
        on_terminal_ = editor.on_terminal();
        people_ = on_terminal_ && !context_.json;
        if (people_) greet();
        std::string line;
        while (true) {
            const LineEditor::Event event = editor.read(line);
            ++line_number_;
            if (event == LineEditor::Event::kEnd || line == "/quit") break;
            if (event == LineEditor::Event::kInterrupted) {
                fmt::print(screen, "(Ctrl-D or /quit ends the chat)\n");
            } else if (line.starts_with('/')) {
                obey(line);
            } else if (line.find_first_not_of(" \t") != std::string::npos) {
                say(line);
            }
            std::fflush(stdout);
        }
        if (people_)
            fmt::print("\nThe conversation is stored; `rapport chat {}` goes on with it.\n",
                       lead_.lead_id);
        await(orchestrator_->shutdown());
    }

  private:
    static std::unique_ptr<ConversationOrchestrator> start(Context& context) {
        const SignalsForThisThread signals;
        return start_orchestrator(context);
    }

    void greet() const {
        fmt::print("A conversation with {}: {} messages so far, stage {}.\n{}\n", lead_.lead_id,
                   lead_.message_count, short_name(lead_.current_stage), kHelp);
    }

    void obey(const std::string& command) {
        std::optional<PrintedOnStderr> elsewhere;
        if (context_.json) elsewhere.emplace();
        if (command == "/lead") {
            print_lead(lead_);
        } else if (command == "/why") {
            last_ ? print_reasons(*last_) : fmt::print("Nothing was answered yet.\n");
        } else if (command == "/history") {
            print_messages(await(context_.messages().get_recent_messages(lead_.lead_id)));
        } else if (command == "/help") {
            fmt::print("{}", kHelp);
        } else if (on_terminal_) {
            fmt::print("{}: no such command; /help lists them\n", command);
        } else {
            refuse_line();
        }
    }

    /// Nobody reads a pipe's answers at once, and it may be what a lead has said: its text is not
    /// repeated.
    void refuse_line() {
        fmt::print(stderr,
                   "rapport: line {}: no such command, and not said to the agent; /help lists "
                   "those there are, a blank before the / makes it a message\n",
                   line_number_);
        end_with(kUsage);
    }

    /// The worst of what became of the lines is how the chat ends.
    void end_with(int exit_code) { context_.exit_code = std::max(context_.exit_code, exit_code); }

    void say(const std::string& line) {
        if (!people_ && !context_.json) print_said("lead", Colour::kCyan, line);
        try {
            last_ = await(orchestrator_->process_message(line, lead_.lead_id));
        } catch (const InvalidArgument& error) {
            // The next line may be better.
            fmt::print(stderr, "rapport: {}\n", error.what());
            end_with(kDataProblem);
            return;
        }
        lead_ = last_->lead_updated;
        if (context_.json) {
            fmt::print("{}\n", to_json_line(*last_));
        } else {
            print_answer(*last_);
        }
    }

    Context& context_;
    std::unique_ptr<ConversationOrchestrator> orchestrator_;
    Lead lead_;
    std::optional<OrchestrationResult> last_;
    std::int64_t line_number_ = 0;
    bool on_terminal_ = false;
    bool people_ = false;  ///< who read the screen while they type
};

}  // namespace

void add_chat(CLI::App& program, Context& context) {
    CLI::App* command = program.add_subcommand("chat", "Talk to the agent as a lead would");
    auto phone = std::make_shared<std::string>("ext:chat");
    command->add_option("phone", *phone, "the lead (default: one of its own, ext:chat)")
        ->type_name("PHONE");
    command->footer(R"(
Every line is a message of the lead's; /help lists what else can be typed. Lines may come from a
pipe as well: one that begins with / and is no command is not said, and the exit code is 2 then; a
blank before the / makes it a message. With --json each answer is a line of JSON on stdout, and what
else is shown goes to stderr.

Examples:
  rapport chat
  rapport chat 5512345678
  echo "Hola, ¿cuánto cuesta?" | rapport chat)");
    command->callback([&context, phone] { Chat(context, *phone).run(); });
}

}  // namespace rapport::cli
