#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "rapport/cli/context.hpp"
#include "rapport/cli/show.hpp"
#include "rapport/core/error.hpp"
#include "rapport/domain/phone_number.hpp"

namespace rapport::cli {
namespace {

struct LeadOptions {
    std::string phone{};
    std::string name{};
    std::string stage{};
    std::string when{};
    bool clear = false;
};

void print(const Context& context, const Lead& lead) {
    if (context.json) {
        fmt::print("{}\n", to_json(lead));
    } else {
        print_lead(lead);
    }
}

void show(Context& context, const LeadOptions& options) {
    context.connect();
    print(context, context.require_lead(options.phone));
}

void create(Context& context, const LeadOptions& options) {
    context.connect_to_write();
    Lead lead;
    lead.lead_id = options.phone;
    if (!options.name.empty()) lead.full_name = options.name;
    try {
        print(context, await(context.leads().create(std::move(lead))));
    } catch (const DuplicateKey&) {
        throw DuplicateKey(fmt::format("lead {}: there already", mask_phone(options.phone)));
    }
}

void set_stage(Context& context, const LeadOptions& options) {
    const auto stage = parse_stage(options.stage);
    if (!stage) {
        throw InvalidArgument(
            fmt::format("stage {}: expected a stage such as discovery, or 0 to 6", options.stage));
    }
    context.connect();
    Lead lead = context.require_lead(options.phone);
    lead.current_stage = *stage;
    if (is_closed(*stage)) lead.next_followup_at.reset();
    print(context, await(context.leads().save(std::move(lead))));
}

void set_followup(Context& context, const LeadOptions& options) {
    if (options.when.empty() == !options.clear) {
        throw InvalidArgument("followup: expected either a date or --clear");
    }
    std::optional<Timestamp> when;
    if (!options.clear) when = parse_time("followup", options.when);
    context.connect();
    Lead lead = context.require_lead(options.phone);
    lead.next_followup_at = when;
    print(context, await(context.leads().save(std::move(lead))));
}

}  // namespace

void add_lead(CLI::App& program, Context& context) {
    CLI::App* command =
        program.add_subcommand("lead", "Show one lead; create it, move it, set its follow-up");
    auto options = std::make_shared<LeadOptions>();
    CLI::Option* shown =
        command
            ->add_option("phone", options->phone, "any spelling of the number, or a wa: or ext: id")
            ->type_name("PHONE");
    command->footer(R"(
Examples:
  rapport lead "+52 55 1234 5678"
  rapport lead create 5512345678 --name "Ana Ruiz"
  rapport lead stage 5512345678 qualified
  rapport lead followup 5512345678 2026-12-01T09:30:00Z
  rapport lead followup 5512345678 --clear)");

    const auto add = [&](const char* name, const char* help, auto run) {
        CLI::App* verb = command->add_subcommand(name, help);
        verb->fallthrough();
        verb->add_option("phone", options->phone, "the lead")->type_name("PHONE")->required();
        verb->callback([&context, options, run, shown, verb] {
            // What a verb has no place for falls through to the PHONE of `lead` itself.
            if (shown->count() > 0) throw CLI::ExtrasError(verb->get_name(), shown->results());
            run(context, *options);
        });
        return verb;
    };
    CLI::App* creates = add("create", "Add a lead", create);
    creates->add_option("--name", options->name, "the person's name");
    creates->footer("\nExample:\n  rapport lead create 5512345678 --name \"Ana Ruiz\"");
    CLI::App* moves = add("stage", "Move a lead to another stage", set_stage);
    moves->add_option("stage", options->stage, "a stage's name, or 0 to 6")->required();
    moves->footer("\nExample:\n  rapport lead stage 5512345678 qualified");
    CLI::App* follows = add("followup", "Set or clear a lead's next follow-up", set_followup);
    follows->add_option("when", options->when, "ISO 8601")->type_name("WHEN");
    follows->add_flag("--clear", options->clear, "no follow-up");
    follows->footer("\nExample:\n  rapport lead followup 5512345678 2026-12-01T09:30:00Z");
    command->require_subcommand(0, 1);
    command->callback([command, &context, options] {
        if (!command->get_subcommands().empty()) return;
        if (options->phone.empty()) throw CLI::RequiredError("PHONE");
        show(context, *options);
    });
}

}  // namespace rapport::cli
