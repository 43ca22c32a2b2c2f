#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <CLI/CLI.hpp>

#include "rapport/cli/context.hpp"
#include "rapport/cli/operator_name.hpp"
#include "rapport/core/json.hpp"
#include "rapport/domain/phone_number.hpp"

namespace rapport::cli {
namespace {

struct EraseOptions {
    std::string phone{};
    std::string by{};
    bool yes = false;
};

std::string leads_text(std::int64_t leads) {
    if (leads == 0) return "no lead";
    return leads == 1 ? "1 lead" : fmt::format("{} leads", leads);
}

void print(const Context& context, const EraseOptions& options, const Holdings& counts,
           bool erased) {
    if (context.json) {
        JsonWriter out;
        out.add("erased", erased);
        out.add("leads", counts.leads);
        out.add("messages", counts.messages);
        out.add("signals", counts.signals);
        fmt::print("{}\n", out.finish());
        return;
    }
    const std::string what =
        fmt::format("lead {}: {}, {} messages, {} signals", mask_phone(options.phone),
                    leads_text(counts.leads), counts.messages, counts.signals);
    if (erased) {
        fmt::print("{} removed; the audit has an entry\n", what);
    } else {
        fmt::print("{} would be removed, for good. Nothing was touched: --yes does it\n", what);
    }
}

void run_erase(Context& context, const EraseOptions& options) {
    context.connect();
    PersonalData data = context.personal_data();
    if (!options.yes) {
        const Holdings held = await(data.count(options.phone));
        if (held.nothing()) throw nothing_held(options.phone);
        print(context, options, held, false);
        context.exit_code = kUsage;
        return;
    }
    context.connect_to_write();
    const auto done =
        await(context.personal_data().erase_lead(options.phone, operator_name(options.by)));
    if (!done) throw nothing_held(options.phone);
    print(context, options, {done->audit.leads, done->audit.messages, done->audit.signals}, true);
    if (!done->from_log) {
        spdlog::warn(
            "another process reads the database file, whose log still holds what was removed: "
            "`rapport repair` empties it");
    }
}

}  // namespace

void add_erase(CLI::App& program, Context& context) {
    CLI::App* command =
        program.add_subcommand("erase", "Remove everything held on a person, for good");
    auto options = std::make_shared<EraseOptions>();
    command->add_option("phone", options->phone, "the person")->type_name("PHONE")->required();
    command->add_flag("--yes", options->yes, "do it; without, only say what would be removed");
    command
        ->add_option("--by", options->by, "who does it, for the audit (default: the user's name)")
        ->type_name("NAME");
    command->footer(R"help(
The lead, every message and every copy of their text. The audit keeps when, how much and who did it;
of the person no more than a hash of the number, keyed with AUDIT_KEY, by which imports know whom
not to bring back. Without --yes nothing is touched and the exit code is 2.

Examples:
  rapport erase 5512345678
  rapport erase 5512345678 --yes --by "Ana (privacy)"
  rapport --json erase 5512345678 --yes)help");
    command->callback([&context, options] { run_erase(context, *options); });
}

}  // namespace rapport::cli
