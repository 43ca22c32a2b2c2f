#include <fmt/format.h>

#include <CLI/CLI.hpp>

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
        LineEditor editor("you       ");
        people_ = editor.on_terminal() && !context_.json;
        if (people_) greet();
        std::string line;
        while (true) {
            const LineEditor::Event event = editor.read(line);
            if (event == LineEditor::Event::kEnd || line == "/quit") break;
            if (event == LineEditor::Event::kInterrupted) {
                fmt::print("(Ctrl-D or /quit ends the chat)\n");
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
        if (command == "/lead") {
            print_lead(lead_);
        } else if (command == "/why") {
            last_ ? print_reasons(*last_) : fmt::print("Nothing was answered yet.\n");
        } else if (command == "/history") {
            print_messages(await(context_.messages().get_recent_messages(lead_.lead_id)));
        } else if (command == "/help") {
            fmt::print("{}", kHelp);
        } else {
            fmt::print("{}: no such command; /help lists them\n", command);
        }
    }

    void say(const std::string& line) {
        if (!people_ && !context_.json) print_said("lead", Colour::kCyan, line);
        try {
            last_ = await(orchestrator_->process_message(line, lead_.lead_id));
        } catch (const InvalidArgument& error) {
            // The next line may be better.
            fmt::print(stderr, "rapport: {}\n", error.what());
            context_.exit_code = kDataProblem;
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
pipe as well; with --json each answer is a line of JSON.

Examples:
  rapport chat
  rapport chat 5512345678
  echo "Hola, ¿cuánto cuesta?" | rapport chat)");
    command->callback([&context, phone] { Chat(context, *phone).run(); });
}

}  // namespace rapport::cli
