#include "rapport/eval/report.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <map>
#include <set>
#include <utility>

#include "rapport/eval/judge.hpp"

namespace rapport::eval {
namespace {

/// Calls f(turn, outcome) for every turn of a run.
template <class F>
void for_each_turn(std::span<const GoldenConversation> conversations,
                   const std::vector<Outcomes>& run, F f) {
    for (std::size_t c = 0; c < conversations.size(); ++c) {
        for (std::size_t t = 0; t < run[c].size(); ++t) f(conversations[c].turns[t], run[c][t]);
    }
}

/// A member of each.
template <class T, class M>
std::vector<M> each(std::span<const T> values, M T::* member) {
    std::vector<M> all;
    all.reserve(values.size());
    for (const T& value : values) all.push_back(value.*member);
    return all;
}

/// Some scores, of a run each, as their spreads.
ScoreSpread spread_of(std::span<const Score> scores) {
    return {spread(each(scores, &Score::precision)), spread(each(scores, &Score::recall)),
            spread(each(scores, &Score::f1))};
}

/// A run in which a class was neither expected nor said tells nothing of its score.
std::vector<ClassReport> class_reports(std::span<const Scores> runs) {
    std::map<std::string, std::vector<Score>> scores;
    std::map<std::string, double> supports;
    for (const Scores& run : runs) {
        for (const ClassScore& of_class : run.classes) {
            scores[of_class.name].push_back(of_class.score);
            supports[of_class.name] += static_cast<double>(of_class.support);
        }
    }
    std::vector<ClassReport> reports;
    reports.reserve(scores.size());
    for (const auto& [name, of_runs] : scores) {
        reports.push_back(
            {name, spread_of(of_runs), supports[name] / static_cast<double>(runs.size())});
    }
    return reports;
}

/// A run's judgements by field.
using FieldJudgements = std::map<std::string_view, std::vector<Judgement>>;

FieldJudgements judgements_of(std::span<const GoldenConversation> conversations,
                              const std::vector<Outcomes>& run) {
    FieldJudgements by_field;
    for_each_turn(conversations, run, [&](const GoldenTurn& turn, const TurnOutcome& outcome) {
        for (auto& [field, judgement] : judgements(turn.expect, outcome)) {
            by_field[field].push_back(std::move(judgement));
        }
    });
    return by_field;
}

FieldReport field_report(std::string_view name, std::span<FieldJudgements> runs) {
    std::vector<Scores> scores;
    std::vector<Judgement> all;
    for (FieldJudgements& run : runs) {
        scores.push_back(score(run[name]));
        std::ranges::move(run[name], std::back_inserter(all));
    }
    const auto average = [of_runs = std::span<const Scores>(scores)](Score Scores::* member) {
        return spread_of(each(of_runs, member));
    };
    return {.name = std::string(name),
            .classes = class_reports(scores),
            .accuracy = spread(each(std::span<const Scores>(scores), &Scores::accuracy)),
            .macro = average(&Scores::macro),
            .micro = average(&Scores::micro),
            .weighted = average(&Scores::weighted),
            .matrix = score(all).matrix};
}

SignalReport signal_report(std::span<const GoldenConversation> conversations,
                           std::span<const std::vector<Outcomes>> runs) {
    std::map<SignalDimension, std::vector<Score>> scores;
    std::map<SignalDimension, std::vector<double>> supports;
    std::vector<Score> overall;
    for (const auto& run : runs) {
        std::map<SignalDimension, Found> found;
        for (const auto& [dimension, name] : kEnumTable<SignalDimension>) found[dimension] = {};
        for_each_turn(conversations, run, [&](const GoldenTurn& turn, const TurnOutcome& outcome) {
            for (const auto& [dimension, more] : found_signals(turn.expect, outcome)) {
                found[dimension] += more;
            }
        });
        Found all;
        for (const auto& [dimension, of_it] : found) {
            all += of_it;
            scores[dimension].push_back(score(of_it));
            supports[dimension].push_back(static_cast<double>(of_it.right + of_it.missed));
        }
        overall.push_back(score(all));
    }
    SignalReport report{.overall = spread_of(overall)};
    for (const auto& [dimension, of_runs] : scores) {
        report.dimensions.push_back({std::string(enum_to_string(dimension)), spread_of(of_runs),
                                     spread(supports[dimension]).mean});
    }
    return report;
}

Spread reply_report(std::span<const GoldenConversation> conversations,
                    std::span<const std::vector<Outcomes>> runs) {
    std::vector<double> shares;
    for (const auto& run : runs) {
        double checked = 0;
        double right = 0;
        for_each_turn(conversations, run, [&](const GoldenTurn& turn, const TurnOutcome& outcome) {
            if (turn.expect.reply_has.empty() && turn.expect.reply_lacks.empty()) return;
            ++checked;
            const bool failed = std::ranges::any_of(outcome.failed, [](const FailedCheck& check) {
                return check.check == "reply" || check.check == "answered" ||
                       check.check == "error";
            });
            right += failed ? 0 : 1;
        });
        shares.push_back(checked == 0 ? 0 : right / checked);
    }
    return spread(shares);
}

Calibration intent_calibration(std::span<const GoldenConversation> conversations,
                               std::span<const std::vector<Outcomes>> runs) {
    std::vector<Stated> statements;
    for (const auto& run : runs) {
        for_each_turn(conversations, run, [&](const GoldenTurn& turn, const TurnOutcome& outcome) {
            if (!outcome.classification || !turn.expect.answered) return;
            const Intent said = outcome.classification->intent;
            const bool right =
                std::ranges::find(turn.expect.intent, said) != turn.expect.intent.end();
            statements.push_back({outcome.classification->intent_confidence, right});
        });
    }
    return calibration(statements);
}

/// Nearest rank; of none, 0.
double percentile(const std::vector<double>& sorted, double share) {
    if (sorted.empty()) return 0;
    const auto rank =
        static_cast<std::size_t>(std::ceil(share * static_cast<double>(sorted.size())));
    return sorted[std::max<std::size_t>(rank, 1) - 1];
}

CostReport cost_report(std::span<const GoldenConversation> conversations,
                       std::span<const std::vector<Outcomes>> runs) {
    CostReport report;
    std::vector<double> durations;
    for (const auto& run : runs) {
        for_each_turn(conversations, run, [&](const GoldenTurn&, const TurnOutcome& outcome) {
            report.prompt_tokens += outcome.prompt_tokens;
            report.completion_tokens += outcome.completion_tokens;
            report.cost_usd += outcome.cost_usd;
            durations.push_back(outcome.duration_ms);
        });
    }
    std::ranges::sort(durations);
    report.p50_ms = percentile(durations, 0.50);
    report.p95_ms = percentile(durations, 0.95);
    report.max_ms = percentile(durations, 1);
    return report;
}

bool passed(const TurnOutcome& outcome) { return outcome.failed.empty(); }

ConversationReport conversation_report(const GoldenConversation& conversation, std::size_t which,
                                       std::span<const std::vector<Outcomes>> runs) {
    ConversationReport report{.name = conversation.name,
                              .about = conversation.about,
                              .fingerprint = fingerprint(conversation)};
    for (const GoldenTurn& turn : conversation.turns) {
        TurnReport of_turn{.number = std::ssize(report.turns) + 1,
                           .at = turn.at,
                           .says = turn.says,
                           .attachment = turn.attachment,
                           .expect = turn.expect};
        for (const auto& run : runs) {
            of_turn.outcomes.push_back(run[which][report.turns.size()]);
            if (passed(of_turn.outcomes.back())) ++of_turn.passes;
        }
        report.turns.push_back(std::move(of_turn));
    }
    report.passes = std::ranges::count_if(
        runs, [&](const auto& run) { return std::ranges::all_of(run[which], passed); });
    return report;
}

}  // namespace

EvalReport make_report(std::string agents, std::span<const GoldenConversation> conversations,
                       std::span<const std::vector<Outcomes>> runs) {
    EvalReport report{.agents = std::move(agents), .runs = std::ssize(runs)};
    for (const GoldenConversation& conversation : conversations) {
        report.turns += std::ssize(conversation.turns);
    }
    std::vector<double> passed_turns;
    std::vector<double> passed_conversations;
    std::vector<FieldJudgements> judged;
    for (const auto& run : runs) {
        judged.push_back(judgements_of(conversations, run));
        double turns = 0;
        for_each_turn(conversations, run, [&](const GoldenTurn&, const TurnOutcome& outcome) {
            turns += passed(outcome) ? 1 : 0;
        });
        passed_turns.push_back(turns);
        passed_conversations.push_back(static_cast<double>(std::ranges::count_if(
            run, [](const Outcomes& all) { return std::ranges::all_of(all, passed); })));
    }
    report.passed_turns = spread(passed_turns);
    report.passed_conversations = spread(passed_conversations);
    for (const std::string_view field : kFields) {
        report.fields.push_back(field_report(field, judged));
    }
    report.signals = signal_report(conversations, runs);
    report.replies = reply_report(conversations, runs);
    report.calibration = intent_calibration(conversations, runs);
    report.cost = cost_report(conversations, runs);
    for (std::size_t which = 0; which < conversations.size(); ++which) {
        report.conversations.push_back(conversation_report(conversations[which], which, runs));
    }
    return report;
}

std::vector<std::string> usual_failures(const TurnReport& turn) {
    std::map<std::string, std::size_t> times;
    for (const TurnOutcome& outcome : turn.outcomes) {
        std::set<std::string> checks;
        for (const FailedCheck& failed : outcome.failed) checks.insert(failed.check);
        for (const std::string& check : checks) ++times[check];
    }
    std::vector<std::string> most;
    for (const auto& [check, count] : times) {
        if (2 * count > turn.outcomes.size()) most.push_back(check);
    }
    return most;
}

}  // namespace rapport::eval
