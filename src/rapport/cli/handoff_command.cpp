#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "rapport/cli/context.hpp"
#include "rapport/cli/show.hpp"

namespace rapport::cli {
namespace {

struct HandoffOptions {
    std::string phone{};
    std::string reason{};
    std::string person{};
};

template <class Change>
void run_handoff(Context& context, const HandoffOptions& options, Change change) {
    context.connect();
    Lead lead = context.require_lead(options.phone);
    change(lead);
    lead = await(context.leads().save(std::move(lead)));
    if (context.json) {
        fmt::print("{}\n", to_json(lead));
    } else {
        print_lead(lead);
    }
}

}  // namespace

void add_handoff(CLI::App& program, Context& context) {
    CLI::App* command =
        program.add_subcommand("handoff", "Give a conversation to a person, and back to the agent");
    auto options = std::make_shared<HandoffOptions>();
    const auto add = [&](const char* name, const char* help, auto change) {
        CLI::App* verb = command->add_subcommand(name, help);
        verb->fallthrough();
        verb->add_option("phone", options->phone, "the lead")->type_name("PHONE")->required();
        verb->callback([&context, options, change] {
            run_handoff(context, *options, [&](Lead& lead) { change(lead, *options); });
        });
        return verb;
    };
    CLI::App* requests =
        add("request", "Ask for a person",
            [](Lead& lead, const HandoffOptions& given) { lead.request_handoff(given.reason); });
    requests->add_option("--reason", options->reason, "why");
    requests->footer(
        "\nExample:\n  rapport handoff request 5512345678 --reason \"wants a discount\"");
    CLI::App* assigns =
        add("assign", "Give it to a person",
            [](Lead& lead, const HandoffOptions& given) { lead.assign_handoff(given.person); });
    assigns->add_option("--to", options->person, "who")->type_name("NAME")->required();
    assigns->footer("\nExample:\n  rapport handoff assign 5512345678 --to \"Luis\"");
    CLI::App* resolves = add("resolve", "Give it back to the agent",
                             [](Lead& lead, const HandoffOptions&) { lead.resolve_handoff(); });
    resolves->footer("\nExample:\n  rapport handoff resolve 5512345678");
    command->require_subcommand(1);
    command->footer(R"(
Examples:
  rapport handoff request 5512345678 --reason "wants a discount"
  rapport handoff assign 5512345678 --to Luis
  rapport handoff resolve 5512345678)");
}

}  // namespace rapport::cli
