#include "rapport/eval/gate.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <utility>

#include "rapport/core/error.hpp"
#include "rapport/eval/significance.hpp"

namespace rapport::eval {
namespace {

/// Lower than it was, and not by chance.
bool fell(const Measured& before, const Measured& after, double tolerance, double chance) {
    return chance_of_fall(before, after, tolerance) < chance;
}

bool fell(const Passed& before, const Passed& after, double chance) {
    if (before.passes == before.runs && after.passes == 0) return true;
    return chance_of_fall(before, after) < chance;
}

bool differs_by_run(const Passed& before, const Passed& after) {
    return is_flaky(before.passes + after.passes, before.runs + after.runs);
}

/// What is in `these` and not in `those`.
std::vector<std::string> without(const std::vector<std::string>& these,
                                 const std::vector<std::string>& those) {
    std::vector<std::string> rest;
    std::ranges::copy_if(these, std::back_inserter(rest), [&](const std::string& one) {
        return std::ranges::find(those, one) == those.end();
    });
    return rest;
}

class Comparer {
  public:
    Comparer(const EvalReport& report, const Baseline& baseline)
        : report_(report), baseline_(baseline) {
        for (const BaselineConversation& known : baseline.conversations) {
            known_[known.conversation] = &known;
        }
    }

    void require_same_conversations(std::string_view file) const {
        std::vector<std::string> different;
        for (const ConversationReport& conversation : report_.conversations) {
            const auto known = known_.find(conversation.name);
            if (known == known_.end()) {
                different.push_back(conversation.name + " (new)");
            } else if (known->second->fingerprint != conversation.fingerprint ||
                       known->second->turns.size() != conversation.turns.size()) {
                different.push_back(conversation.name + " (changed)");
            }
        }
        for (const auto& [name, known] : known_) {
            const bool there = std::ranges::any_of(
                report_.conversations,
                [&](const ConversationReport& one) { return one.name == name; });
            if (!there) different.push_back(std::string(name) + " (gone)");
        }
        if (different.empty()) return;
        throw InvalidArgument(fmt::format("{}: made of other conversations: {}; {}", file,
                                          fmt::join(different, ", "), kHowToMakeABaseline));
    }

    Comparison compare() {
        const Baseline now = make_baseline(report_, nullptr);
        limit_chance(now);
        compare_classes(now);
        for (const ConversationReport& conversation : report_.conversations) {
            compare_conversation(conversation, *known_.at(conversation.name));
        }
        return std::move(result_);
    }

  private:
    /// The more figures may differ by chance, the less of it each may take.
    void limit_chance(const Baseline& now) {
        const auto figures =
            std::ranges::count_if(
                baseline_.classes,
                [&](const BaselineClass& before) {
                    const BaselineClass* after = find_class(now, before.field, before.name);
                    return before.deviation > 0 || (after != nullptr && after->deviation > 0);
                }) +
            std::ranges::count_if(report_.conversations, [&](const ConversationReport& one) {
                return differs_by_run(passed(*known_.at(one.name)), passed(one));
            });
        chance_ = kFalseAlarms / static_cast<double>(std::max<std::ptrdiff_t>(figures, 1));
    }

    void compare_classes(const Baseline& now) {
        for (const BaselineClass& before : baseline_.classes) {
            // A class that nobody expects or says any more cannot be told badly.
            if (const auto* after = find_class(now, before.field, before.name))
                compare_class(before, *after);
        }
    }

    void compare_class(const BaselineClass& before, const BaselineClass& after) {
        const std::string change = fmt::format("{} {}: F1 {:.3f}, was {:.3f}", before.field,
                                               before.name, after.f1, before.f1);
        const Measured then{before.f1, before.deviation, baseline_.runs};
        const Measured now{after.f1, after.deviation, report_.runs};
        if (fell(then, now, before.tolerance, chance_)) {
            result_.regressions.push_back(
                fmt::format("{} (tolerance {})", change, before.tolerance));
            explain(before, result_.regressions);
        } else if (fell(now, then, 0, chance_)) {
            result_.improvements.push_back(change);
        }
    }

    /// The turns in which the class is newly missed, or newly said.
    void explain(const BaselineClass& of_class, std::vector<std::string>& lines) const {
        for (const ConversationReport& conversation : report_.conversations) {
            const BaselineConversation& known = *known_.at(conversation.name);
            for (const TurnReport& turn : conversation.turns) {
                if (!fails_newly(of_class.field, turn, known)) continue;
                const FailedCheck* check = find_failure(of_class, turn);
                if (check == nullptr) continue;
                lines.push_back(fmt::format("    {} turn {}: expected {}, got {}",
                                            conversation.name, turn.number, check->expected,
                                            check->got));
            }
        }
    }

    /// Of the first run that has it; null where none does.
    static const FailedCheck* find_failure(const BaselineClass& of_class, const TurnReport& turn) {
        for (const TurnOutcome& outcome : turn.outcomes) {
            for (const FailedCheck& check : outcome.failed) {
                if (check.check == of_class.field && names(check, of_class.name)) return &check;
            }
        }
        return nullptr;
    }

    static bool names(const FailedCheck& check, std::string_view of_class) {
        return check.expected.find(of_class) != std::string::npos ||
               check.got.find(of_class) != std::string::npos;
    }

    static bool fails_newly(std::string_view check, const TurnReport& turn,
                            const BaselineConversation& known) {
        const auto newly = without(usual_failures(turn), before(turn, known).failed);
        return std::ranges::find(newly, check) != newly.end();
    }

    static const BaselineTurn& before(const TurnReport& turn, const BaselineConversation& known) {
        return known.turns.at(static_cast<std::size_t>(turn.number - 1));
    }

    Passed passed(const BaselineConversation& known) const {
        return {known.passes, baseline_.runs};
    }
    Passed passed(const ConversationReport& conversation) const {
        return {conversation.passes, report_.runs};
    }

    void compare_conversation(const ConversationReport& conversation,
                              const BaselineConversation& known) {
        const Passed then = passed(known);
        const Passed now = passed(conversation);
        const std::string passes =
            fmt::format("{}: passes {} of {}, was {} of {}", conversation.name, now.passes,
                        now.runs, then.passes, then.runs);
        if (fell(then, now, chance_)) {
            result_.regressions.push_back(passes);
            list_turns(conversation, known, result_.regressions);
        } else if (fell(now, then, chance_)) {
            result_.improvements.push_back(passes);
        }
        for (const TurnReport& turn : conversation.turns) {
            compare_turn(fmt::format("{} turn {}", conversation.name, turn.number), turn, known);
        }
    }

    void compare_turn(std::string_view name, const TurnReport& turn,
                      const BaselineConversation& known) {
        if (is_flaky(turn.passes, report_.runs)) {
            result_.flaky.push_back(
                fmt::format("{}: passes {} of {}", name, turn.passes, report_.runs));
        }
        const auto now = usual_failures(turn);
        const auto& then = before(turn, known).failed;
        std::vector<std::string> changes;
        const auto say = [&](std::string_view what, const std::vector<std::string>& checks) {
            if (!checks.empty()) {
                changes.push_back(fmt::format("{} {}", what, fmt::join(checks, ", ")));
            }
        };
        say("now fails", without(now, then));
        say("no longer fails", without(then, now));
        if (changes.empty()) return;
        result_.changed_turns.push_back(fmt::format("{}: {}", name, fmt::join(changes, "; ")));
    }

    /// The turns that pass in fewer of the runs than they did.
    void list_turns(const ConversationReport& conversation, const BaselineConversation& known,
                    std::vector<std::string>& lines) const {
        for (const TurnReport& turn : conversation.turns) {
            const std::int64_t then = before(turn, known).passes;
            if (turn.passes * baseline_.runs >= then * report_.runs) continue;
            const auto failures = usual_failures(turn);
            lines.push_back(failures.empty() ? fmt::format("    turn {}: passes {} of {}",
                                                           turn.number, turn.passes, report_.runs)
                                             : fmt::format("    turn {}: {}", turn.number,
                                                           fmt::join(failures, ", ")));
        }
    }

    const EvalReport& report_;
    const Baseline& baseline_;
    std::map<std::string_view, const BaselineConversation*> known_;
    /// How improbable a fall must be to count.
    double chance_ = kFalseAlarms;
    Comparison result_;
};

}  // namespace

Comparison compare(const EvalReport& report, const Baseline& baseline, std::string_view file) {
    Comparer comparer(report, baseline);
    comparer.require_same_conversations(file);
    return comparer.compare();
}

}  // namespace rapport::eval
