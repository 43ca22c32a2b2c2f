#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "rapport/eval/golden_dataset.hpp"
#include "rapport/eval/outcome.hpp"
#include "rapport/eval/scores.hpp"

namespace rapport::eval {

struct ScoreSpread {
    Spread precision{};
    Spread recall{};
    Spread f1{};
};
BOOST_DESCRIBE_STRUCT(ScoreSpread, (), (precision, recall, f1))

struct ClassReport {
    std::string name{};
    ScoreSpread score{};
    /// How often it was expected, in a run.
    double support = 0;
};
BOOST_DESCRIBE_STRUCT(ClassReport, (), (name, score, support))

/// How well one thing that agents say was said: `intent`, `language`, `urgency`, `action`, `stage`
/// or `handoff`. Where one of a label's alternatives was said, the label counts as said.
struct FieldReport {
    std::string name{};
    std::vector<ClassReport> classes{};
    Spread accuracy{};
    ScoreSpread macro{};
    ScoreSpread micro{};
    ScoreSpread weighted{};
    /// Of all runs together: rows are what was expected, columns what was said, as `classes`.
    std::vector<std::vector<std::int64_t>> matrix{};
};
BOOST_DESCRIBE_STRUCT(FieldReport, (), (name, classes, accuracy, macro, micro, weighted, matrix))

struct SignalReport {
    /// By dimension.
    std::vector<ClassReport> dimensions{};
    ScoreSpread overall{};  ///< every signal counts the same
};
BOOST_DESCRIBE_STRUCT(SignalReport, (), (dimensions, overall))

/// What asking took, all runs together. The percentiles are of turns.
struct CostReport {
    std::int64_t prompt_tokens = 0;
    std::int64_t completion_tokens = 0;
    double cost_usd = 0;
    double p50_ms = 0;
    double p95_ms = 0;
    double max_ms = 0;
};
BOOST_DESCRIBE_STRUCT(CostReport, (),
                      (prompt_tokens, completion_tokens, cost_usd, p50_ms, p95_ms, max_ms))

struct TurnReport {
    std::int64_t number = 0;  ///< in its conversation, from 1
    Timestamp at{};
    std::string says{};
    std::optional<Attachment> attachment{};
    Expectation expect{};
    /// In how many runs it passed.
    std::int64_t passes = 0;
    std::vector<TurnOutcome> outcomes{};  ///< by run
};
BOOST_DESCRIBE_STRUCT(TurnReport, (), (number, at, says, attachment, expect, passes, outcomes))

struct ConversationReport {
    std::string name{};
    std::string about{};
    std::string fingerprint{};
    /// In how many runs all its turns passed.
    std::int64_t passes = 0;
    std::vector<TurnReport> turns{};
};
BOOST_DESCRIBE_STRUCT(ConversationReport, (), (name, about, fingerprint, passes, turns))

struct EvalReport {
    /// Who answered: `rules`, or the model's name.
    std::string agents{};
    std::int64_t runs = 0;
    std::int64_t turns = 0;  ///< of a run
    Spread passed_conversations{};
    Spread passed_turns{};
    std::vector<FieldReport> fields{};
    SignalReport signals{};
    /// How many turns that say something of the reply had the reply they should have, 0 to 1.
    Spread replies{};
    /// Of the intent's confidence, all runs together.
    Calibration calibration{};
    CostReport cost{};
    std::vector<ConversationReport> conversations{};
};
BOOST_DESCRIBE_STRUCT(EvalReport, (),
                      (agents, runs, turns, passed_conversations, passed_turns, fields, signals,
                       replies, calibration, cost, conversations))

/// What came of one conversation in one run, by turn.
using Outcomes = std::vector<TurnOutcome>;

/// `runs[r][c]` is what came of `conversations[c]` in the r-th run.
EvalReport make_report(std::string agents, std::span<const GoldenConversation> conversations,
                       std::span<const std::vector<Outcomes>> runs);

/// The checks of a turn that failed in more than half of the runs, each once, sorted.
std::vector<std::string> usual_failures(const TurnReport& turn);

/// True for what passes in some runs and fails in others.
constexpr bool is_flaky(std::int64_t passes, std::int64_t runs) {
    return passes > 0 && passes < runs;
}

}  // namespace rapport::eval
