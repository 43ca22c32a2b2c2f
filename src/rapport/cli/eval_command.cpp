#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <vector>

#include "rapport/cli/context.hpp"
#include "rapport/cli/eval_summary.hpp"
#include "rapport/cli/progress.hpp"
#include "rapport/conversation/model/model_agents.hpp"
#include "rapport/core/codec.hpp"
#include "rapport/core/error.hpp"
#include "rapport/eval/golden_runner.hpp"
#include "rapport/eval/html_report.hpp"
#include "rapport/eval/junit_report.hpp"
#include "rapport/eval/recording.hpp"
#include "rapport/repository/output_file.hpp"

namespace rapport::cli {
namespace {

namespace fs = std::filesystem;

struct EvalOptions {
    std::string path = "evals/golden";
    std::string agents = "rules";
    std::int64_t runs = 1;
    std::string baseline{};
    bool update_baseline = false;
    std::string report{};
    std::string junit{};
    std::string record{};
    std::string replay{};
};

/// What --json prints.
struct Output {
    eval::EvalReport report{};
    std::optional<eval::Comparison> comparison{};
};
BOOST_DESCRIBE_STRUCT(Output, (), (report, comparison))

/// A database that is gone when this is.
class Scratch {
  public:
    explicit Scratch(const Settings& settings)
        : folder_(make_folder()), database_(settings, url()) {
        await(database_.connect());
        await(database_.create_indexes());
    }
    ~Scratch() {
        try {
            await(database_.disconnect());
        } catch (const std::exception& error) {
            spdlog::warn("the database of this evaluation was not closed: {}", error.what());
        }
        std::error_code error;
        fs::remove_all(folder_, error);
    }
    Scratch(const Scratch&) = delete;
    Scratch& operator=(const Scratch&) = delete;

    DatabaseManager& database() { return database_; }

  private:
    static fs::path make_folder() {
        std::string name = (fs::temp_directory_path() / "rapport_eval_XXXXXX").string();
        if (mkdtemp(name.data()) == nullptr) {
            throw Unavailable(fs::temp_directory_path().string() +
                              ": no folder can be made there; TMPDIR names another place");
        }
        return name;
    }
    DatabaseUrl url() const {
        return {DatabaseUrl::Engine::kSqlite, (folder_ / "eval.db").string()};
    }

    fs::path folder_;
    DatabaseManager database_;
};

/// All of it or, where it cannot be written, nothing.
void write_file(const std::string& path, const std::string& text) {
    OutputFile file(path);
    file.write(text);
    file.finish();
}

std::optional<eval::Baseline> load_baseline(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    if (!in) return std::nullopt;
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    return eval::parse_baseline(text, path);
}

/// The agents that are judged, and who they are.
eval::RecordedAgents choose_agents(const Context& context, const EvalOptions& options,
                                   DatabaseManager& scratch) {
    if (!options.replay.empty()) return eval::replaying_agents(options.replay);
    eval::RecordedAgents chosen{context.rules(), "rules"};
    if (options.agents == "model") {
        const Settings& settings = context.settings().settings;
        if (settings.model_name.empty()) {
            throw InvalidArgument("--agents model: MODEL_NAME is not set; name the model to ask");
        }
        chosen = {model_agents(settings, scratch.database(), chosen.agents), settings.model_name};
    }
    if (!options.record.empty()) {
        chosen.agents = eval::recording_agents(chosen.agents, chosen.name, options.record);
    }
    return chosen;
}

eval::EvalReport evaluate(const Context& context, const EvalOptions& options) {
    const auto conversations = eval::load_golden(options.path);
    std::int64_t turns = 0;
    for (const auto& conversation : conversations) turns += std::ssize(conversation.turns);
    Scratch scratch(context.settings().settings);
    const auto chosen = choose_agents(context, options, scratch.database());
    Progress progress("evaluating", turns * options.runs, "answers that were recorded stay");
    const auto runs = eval::run_golden(scratch.database(), chosen.agents, conversations,
                                       options.runs, [&progress] { progress.advance(1); });
    return eval::make_report(chosen.name, conversations, runs);
}

/// What to compare with. One that is made anew may be of other conversations or another version.
std::optional<eval::Baseline> baseline_before(const EvalOptions& options) {
    if (options.baseline.empty()) return std::nullopt;
    try {
        auto before = load_baseline(options.baseline);
        if (before || options.update_baseline) return before;
    } catch (const InvalidDocument&) {
        if (!options.update_baseline) throw;
        return std::nullopt;
    }
    throw InvalidArgument(
        fmt::format("{}: no baseline there; {}", options.baseline, eval::kHowToMakeABaseline));
}

std::optional<eval::Comparison> compare(const eval::EvalReport& report, const EvalOptions& options,
                                        const std::optional<eval::Baseline>& before) {
    if (!before) return std::nullopt;
    try {
        return eval::compare(report, *before, options.baseline);
    } catch (const InvalidArgument&) {
        if (!options.update_baseline) throw;
        return std::nullopt;
    }
}

void refuse_input(const std::string& output, const std::vector<fs::path>& inputs) {
    const auto is_output = [&](const fs::path& input) {
        std::error_code none;
        return fs::equivalent(input, output, none);
    };
    if (std::ranges::any_of(inputs, is_output)) {
        throw InvalidArgument(output + ": this command reads it", "give another name");
    }
}

/// What is written must not take the place of what is read.
void check_outputs(const EvalOptions& options) {
    std::vector<fs::path> inputs{options.path, options.replay};
    std::error_code none;
    for (const fs::path& file : fs::directory_iterator(options.path, none)) {
        if (file.extension() == ".jsonl") inputs.push_back(file);
    }
    if (options.update_baseline) refuse_input(options.baseline, inputs);
    inputs.emplace_back(options.baseline);
    for (const std::string& output : {options.report, options.junit, options.record}) {
        refuse_input(output, inputs);
    }
}

void run_eval(Context& context, const EvalOptions& options) {
    check_outputs(options);
    const auto before = baseline_before(options);
    Output output{.report = evaluate(context, options)};
    if (!options.report.empty()) write_file(options.report, eval::to_html(output.report));
    if (!options.junit.empty()) write_file(options.junit, eval::to_junit(output.report));
    output.comparison = compare(output.report, options, before);
    if (context.json) {
        fmt::print("{}\n", to_json(output));
    } else {
        print_failures(output.report);
        print_summary(output.report);
        if (output.comparison) print_comparison(*output.comparison, options.baseline);
    }
    if (options.update_baseline) {
        write_file(options.baseline,
                   eval::to_jsonl(eval::make_baseline(output.report, before ? &*before : nullptr)));
        fmt::print(stderr, "The baseline {} is of this run now\n", options.baseline);
    } else if (output.comparison && !output.comparison->regressions.empty()) {
        context.exit_code = kDataProblem;
    }
}

}  // namespace

void add_eval(CLI::App& program, Context& context) {
    CLI::App* command = program.add_subcommand(
        "eval", "Measure the agents on conversations whose right answers are known");
    auto options = std::make_shared<EvalOptions>();
    command
        ->add_option("path", options->path,
                     "golden conversations: a .jsonl file, or a folder of them")
        ->type_name("PATH")
        ->capture_default_str();
    CLI::Option* agents = command->add_option("--agents", options->agents, "whom to measure")
                              ->check(CLI::IsMember({"rules", "model"}))
                              ->type_name("rules|model")
                              ->capture_default_str();
    command->add_option("--runs", options->runs, "how often to hold each conversation")
        ->check(CLI::Range(std::int64_t{1}, eval::kMostRuns))
        ->type_name("N")
        ->capture_default_str();
    CLI::Option* baseline =
        command
            ->add_option("--baseline", options->baseline,
                         "compare with it; exit code 1 where something is worse")
            ->type_name("FILE");
    command->add_flag("--update-baseline", options->update_baseline, "make it of this run")
        ->needs(baseline);
    command->add_option("--report", options->report, "write a page to read in a browser")
        ->type_name("FILE.html");
    command->add_option("--junit", options->junit, "write JUnit XML, a case a turn")
        ->type_name("FILE.xml");
    CLI::Option* record =
        command->add_option("--record", options->record, "keep what the agents said in a new file")
            ->type_name("FILE");
    command
        ->add_option("--replay", options->replay,
                     "judge what they said then: nobody is asked, nothing is paid")
        ->type_name("FILE")
        ->excludes(record)
        ->excludes(agents);
    command->footer(R"(
Each conversation is held in a database of its own, which is gone afterwards: no lead of yours is
touched. The model's budgets count what this command spends alone. docs/evals.md says how to add a
conversation, how to read the report and how the gate decides.

Examples:
  rapport eval
  rapport eval --baseline evals/baseline.rules.jsonl --report eval.html
  rapport eval --agents model --runs 5 --record answers.jsonl
  rapport eval --replay answers.jsonl --runs 5 --baseline evals/baseline.model.jsonl)");
    command->callback([&context, options] { run_eval(context, *options); });
}

}  // namespace rapport::cli
