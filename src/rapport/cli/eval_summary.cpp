#include "rapport/cli/eval_summary.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "rapport/cli/terminal.hpp"

namespace rapport::cli {
namespace {

using eval::ClassReport;
using eval::ConversationReport;
using eval::EvalReport;
using eval::FailedCheck;
using eval::FieldReport;
using eval::Spread;
using eval::TurnOutcome;
using eval::TurnReport;

constexpr std::size_t kClassIndent = 14;

void print_lines(std::string_view label, Colour colour, std::string_view text) {
    print_beside(fmt::format("  {}", label), kClassIndent, colour, text);
}

void print_check(const FailedCheck& check) {
    print_lines(check.check, Colour::kYellow, fmt::format("expected {}", check.expected));
    print_lines("", Colour::kNone, fmt::format("got {}", check.got));
    if (!check.why.empty()) print_lines("", Colour::kDim, fmt::format("why: {}", check.why));
}

void print_turn(const ConversationReport& conversation, const TurnReport& turn, std::int64_t runs) {
    const auto failed = std::ranges::find_if(
        turn.outcomes, [](const TurnOutcome& outcome) { return !outcome.failed.empty(); });
    if (failed == turn.outcomes.end()) return;
    std::string head = fmt::format("{}, turn {}", conversation.name, turn.number);
    if (runs > 1) head += fmt::format(" (passes {} of {})", turn.passes, runs);
    fmt::print("{}\n", coloured(head, Colour::kBold));
    const std::string said =
        turn.says.empty() && turn.attachment ? "[" + turn.attachment->kind + "]" : turn.says;
    print_lines("lead", Colour::kCyan, fit(said, 3 * (terminal_width() - kClassIndent - 1)));
    for (const FailedCheck& check : failed->failed) print_check(check);
    fmt::print("\n");
}

std::string show(const Spread& figure, std::int64_t runs) {
    return runs > 1 ? fmt::format("{:.2f} ± {:.2f}", figure.mean, figure.deviation)
                    : fmt::format("{:.3f}", figure.mean);
}

std::string weakest(const std::vector<ClassReport>& classes) {
    const ClassReport* least = nullptr;
    for (const ClassReport& one : classes) {
        if (one.support > 0 && (least == nullptr || one.score.f1.mean < least->score.f1.mean)) {
            least = &one;
        }
    }
    return least == nullptr ? ""
                            : fmt::format("{} {:.2f} (of {:.0f})", least->name,
                                          least->score.f1.mean, least->support);
}

std::string passed(const Spread& passed, std::int64_t runs, std::size_t all) {
    return runs > 1 ? fmt::format("{:.1f} ± {:.1f} of {}", passed.mean, passed.deviation, all)
                    : fmt::format("{:.0f} of {}", passed.mean, all);
}

void print_fields(const EvalReport& report) {
    using Align = Table::Align;
    const std::int64_t runs = report.runs;
    Table table({"", "accuracy", "macro F1", "weighted F1", "weakest class, F1"},
                {Align::kLeft, Align::kRight, Align::kRight, Align::kRight, Align::kLeft});
    for (const FieldReport& field : report.fields) {
        table.add({field.name, show(field.accuracy, runs), show(field.macro.f1, runs),
                   show(field.weighted.f1, runs), weakest(field.classes)});
    }
    table.print();
}

void print_signals(const EvalReport& report) {
    const eval::ScoreSpread& overall = report.signals.overall;
    std::string by_dimension;
    for (const ClassReport& dimension : report.signals.dimensions) {
        by_dimension += fmt::format("{}{} {:.2f}", by_dimension.empty() ? "" : ", ", dimension.name,
                                    dimension.score.f1.mean);
    }
    print_lines("signals", Colour::kNone,
                fmt::format("F1 {}, precision {}, recall {}; {}", show(overall.f1, report.runs),
                            show(overall.precision, report.runs), show(overall.recall, report.runs),
                            by_dimension));
}

void print_block(std::string_view label, Colour colour, const std::vector<std::string>& lines) {
    for (const std::string& line : lines) {
        const bool head = !line.starts_with(' ');
        fmt::print("{} {}\n", coloured(fmt::format("{:<7}", head ? label : ""), colour), line);
    }
}

}  // namespace

void print_failures(const EvalReport& report) {
    for (const ConversationReport& conversation : report.conversations) {
        for (const TurnReport& turn : conversation.turns) {
            print_turn(conversation, turn, report.runs);
        }
    }
}

void print_summary(const EvalReport& report) {
    fmt::print("{}\n", coloured(fmt::format("{}: {} conversations, {} turns, {} run{}",
                                            report.agents, report.conversations.size(),
                                            report.turns, report.runs, report.runs == 1 ? "" : "s"),
                                Colour::kBold));
    print_lines(
        "passed", Colour::kNone,
        fmt::format(
            "conversations {}, turns {}",
            passed(report.passed_conversations, report.runs, report.conversations.size()),
            passed(report.passed_turns, report.runs, static_cast<std::size_t>(report.turns))));
    print_fields(report);
    print_signals(report);
    print_lines("replies", Colour::kNone,
                fmt::format("{} hold what they should, and nothing they should not",
                            show(report.replies, report.runs)));
    print_lines(
        "calibration", Colour::kNone,
        fmt::format("expected error of the intent's confidence {:.3f}", report.calibration.error));
    const eval::CostReport& cost = report.cost;
    print_lines("cost", Colour::kNone,
                fmt::format("{} tokens, {:.4f} USD; a turn takes {:.0f} ms (p50), {:.0f} ms (p95)",
                            cost.prompt_tokens + cost.completion_tokens, cost.cost_usd, cost.p50_ms,
                            cost.p95_ms));
}

void print_comparison(const eval::Comparison& comparison, std::string_view file) {
    fmt::print("\nAgainst {}:\n", file);
    print_block("worse", Colour::kYellow, comparison.regressions);
    print_block("better", Colour::kGreen, comparison.improvements);
    print_block("changed", Colour::kNone, comparison.changed_turns);
    print_block("flaky", Colour::kDim, comparison.flaky);
    const auto count = [](const std::vector<std::string>& lines) {
        return std::ranges::count_if(
            lines, [](const std::string& line) { return !line.starts_with(' '); });
    };
    if (!comparison.regressions.empty()) {
        fmt::print("Gate: failed, {} worse than the baseline\n", count(comparison.regressions));
    } else if (!comparison.improvements.empty()) {
        fmt::print("Gate: passed, {} better than the baseline; --update-baseline keeps that\n",
                   count(comparison.improvements));
    } else {
        fmt::print("Gate: passed\n");
    }
}

}  // namespace rapport::cli
