#include "rapport/eval/gate.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "rapport/core/error.hpp"

namespace rapport::eval {
namespace {

/// A figure of some runs.
struct Figure {
    double mean = 0;
    double deviation = 0;
    std::int64_t runs = 1;
};

bool fell(Figure before, Figure after, double tolerance) {
    if (before.runs < 2) before.deviation = after.deviation;
    if (after.runs < 2) after.deviation = before.deviation;
    const auto of_mean = [](const Figure& figure) {
        return figure.deviation * figure.deviation / static_cast<double>(figure.runs);
    };
    const double noise = 2 * std::sqrt(of_mean(before) + of_mean(after));
    constexpr double kRounding = 1e-9;
    return before.mean - after.mean > tolerance + noise + kRounding;
}

Figure share(std::int64_t passes, std::int64_t runs) {
    std::vector<double> each(static_cast<std::size_t>(runs), 0.0);
    std::fill_n(each.begin(), passes, 1.0);
    const Spread of_them = spread(each);
    return {of_them.mean, of_them.deviation, runs};
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
        compare_classes();
        for (const ConversationReport& conversation : report_.conversations) {
            compare_conversation(conversation, *known_.at(conversation.name));
        }
        return std::move(result_);
    }

  private:
    void compare_classes() {
        const Baseline now = make_baseline(report_, nullptr);
        for (const BaselineClass& before : baseline_.classes) {
            const auto after = std::ranges::find_if(now.classes, [&](const BaselineClass& known) {
                return known.field == before.field && known.name == before.name;
            });
            // A class that nobody expects or says any more cannot be told badly.
            if (after != now.classes.end()) compare_class(before, *after);
        }
    }

    void compare_class(const BaselineClass& before, const BaselineClass& after) {
        const std::string change = fmt::format("{} {}: F1 {:.3f}, was {:.3f}", before.field,
                                               before.name, after.f1, before.f1);
        const Figure then{before.f1, before.deviation, baseline_.runs};
        const Figure now{after.f1, after.deviation, report_.runs};
        if (fell(then, now, before.tolerance)) {
            result_.regressions.push_back(
                fmt::format("{} (tolerance {})", change, before.tolerance));
            explain(before, result_.regressions);
        } else if (fell(now, then, 0)) {
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
        const auto now = usual_failures(turn);
        const auto& then = known.turns.at(static_cast<std::size_t>(turn.number - 1)).failed;
        return std::ranges::find(now, check) != now.end() &&
               std::ranges::find(then, check) == then.end();
    }

    void compare_conversation(const ConversationReport& conversation,
                              const BaselineConversation& known) {
        const Figure then = share(known.passes, baseline_.runs);
        const Figure now = share(conversation.passes, report_.runs);
        const std::string passes =
            fmt::format("{}: passes {} of {}, was {} of {}", conversation.name, conversation.passes,
                        report_.runs, known.passes, baseline_.runs);
        if (fell(then, now, 0)) {
            result_.regressions.push_back(passes);
            list_turns(conversation, known, result_.regressions);
        } else if (fell(now, then, 0)) {
            result_.improvements.push_back(passes);
        }
        for (const TurnReport& turn : conversation.turns) {
            const std::string name = fmt::format("{} turn {}", conversation.name, turn.number);
            if (is_flaky(turn.passes, report_.runs)) {
                result_.flaky.push_back(
                    fmt::format("{}: passes {} of {}", name, turn.passes, report_.runs));
            }
        }
    }

    /// The turns that fail in more runs than they did.
    void list_turns(const ConversationReport& conversation, const BaselineConversation& known,
                    std::vector<std::string>& lines) const {
        for (const TurnReport& turn : conversation.turns) {
            const auto& before = known.turns.at(static_cast<std::size_t>(turn.number - 1));
            if (!fell(share(before.passes, baseline_.runs), share(turn.passes, report_.runs), 0)) {
                continue;
            }
            lines.push_back(
                fmt::format("    turn {}: {}", turn.number, fmt::join(usual_failures(turn), ", ")));
        }
    }

    const EvalReport& report_;
    const Baseline& baseline_;
    std::map<std::string_view, const BaselineConversation*> known_;
    Comparison result_;
};

}  // namespace

Comparison compare(const EvalReport& report, const Baseline& baseline, std::string_view file) {
    Comparer comparer(report, baseline);
    comparer.require_same_conversations(file);
    return comparer.compare();
}

}  // namespace rapport::eval
