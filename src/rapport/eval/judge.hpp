#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "rapport/eval/golden_dataset.hpp"
#include "rapport/eval/outcome.hpp"
#include "rapport/eval/scores.hpp"

namespace rapport::eval {

/// What of `outcome` is not as `expect` wants it.
std::vector<FailedCheck> judge(const Expectation& expect, const TurnOutcome& outcome);

/// The things that are scored by class.
inline constexpr std::array<std::string_view, 6> kFields{"intent", "language", "urgency",
                                                         "action", "stage",    "handoff"};

/// A turn's judgement by field. What is expected is the label; where one of its alternatives was
/// said, the label counts as said. `(not asked)` and `(error)` stand for what was not said.
std::map<std::string_view, Judgement> judgements(const Expectation& expect,
                                                 const TurnOutcome& outcome);

/// A signal is the expected fact where dimensions are the same and each word and number of one of
/// the fact's values is among those of the extracted value, as folded_words() has them.
bool is(const Signal& signal, const ExpectedSignal& expected);

/// The turn's signals by dimension. Each expected one takes the first that matches and that no
/// other has taken.
std::map<SignalDimension, Found> found_signals(const Expectation& expect,
                                               const TurnOutcome& outcome);

}  // namespace rapport::eval
