#include "rapport/eval/judge.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>
#include <set>

#include "rapport/core/error.hpp"
#include "rapport/eval/folded_words.hpp"

namespace rapport::eval {
namespace {

constexpr std::string_view kNotAsked = "(not asked)";
constexpr std::string_view kError = "(error)";

template <class T, class Show>
std::vector<std::string> texts(const std::vector<T>& values, Show show) {
    std::vector<std::string> all;
    all.reserve(values.size());
    for (const T& value : values) all.emplace_back(show(value));
    return all;
}

template <class E>
std::vector<std::string> names(const std::vector<E>& values) {
    return texts(values, [](E value) { return enum_to_string(value); });
}

std::vector<std::string> stage_names(const std::vector<std::string>& stages) {
    return texts(stages,
                 [](const std::string& stage) { return short_name(parse_stage(stage).value()); });
}

/// What should be said of one thing, what was, and why.
struct Said {
    std::string_view field;
    std::vector<std::string> right;
    std::string said;
    std::string why;

    bool is_right() const { return std::ranges::find(right, said) != right.end(); }
};

template <class Where, class Get>
std::string said(const TurnOutcome& outcome, const Where& where, Get get) {
    if (outcome.error) return std::string(kError);
    if (!where) return std::string(kNotAsked);
    return std::string(enum_to_string(get(*where)));
}

std::string_view handoff_name(bool handoff) { return handoff ? "asked" : "not asked"; }

std::vector<Said> fields_of(const Expectation& expect, const TurnOutcome& outcome) {
    std::vector<Said> all;
    const auto& read = outcome.classification;
    const auto& strategy = outcome.strategy;
    const std::string reading = read ? read->reasoning : "";
    const std::string reasoning = strategy ? strategy->strategic_reasoning : "";
    if (expect.answered) {
        all.push_back({"intent", names(expect.intent),
                       said(outcome, read, [](const Classification& c) { return c.intent; }),
                       reading});
        all.push_back({"language", names(expect.language),
                       said(outcome, read, [](const Classification& c) { return c.language; }),
                       reading});
        all.push_back({"urgency", names(expect.urgency),
                       said(outcome, read, [](const Classification& c) { return c.urgency; }),
                       reading});
        all.push_back({"action", names(expect.action),
                       said(outcome, strategy, [](const Strategy& s) { return s.action; }),
                       reasoning});
    }
    all.push_back({"stage", stage_names(expect.stage),
                   std::string(outcome.error ? kError : short_name(outcome.stage)), reasoning});
    all.push_back({"handoff",
                   {std::string(handoff_name(expect.handoff))},
                   std::string(outcome.error ? kError : handoff_name(outcome.handoff)),
                   reasoning});
    return all;
}

std::string show(const ExpectedSignal& expected) {
    return fmt::format("{} \"{}\"", enum_to_string(expected.dimension), expected.values.front());
}

std::string show(const Signal& signal) {
    return fmt::format("{} \"{}\"", enum_to_string(signal.dimension), signal.extracted_value);
}

struct SignalPairs {
    std::vector<ExpectedSignal> right;
    std::vector<ExpectedSignal> missed;
    std::vector<Signal> wrong;
};

SignalPairs pair_signals(const Expectation& expect, const TurnOutcome& outcome) {
    SignalPairs pairs;
    if (outcome.classification) pairs.wrong = outcome.classification->new_signals;
    for (const ExpectedSignal& expected : expect.signals) {
        const auto match = std::ranges::find_if(
            pairs.wrong, [&](const Signal& signal) { return is(signal, expected); });
        if (match == pairs.wrong.end()) {
            pairs.missed.push_back(expected);
        } else {
            pairs.right.push_back(expected);
            pairs.wrong.erase(match);
        }
    }
    return pairs;
}

template <class T>
std::string list(const std::vector<T>& signals) {
    if (signals.empty()) return "nothing";
    return fmt::format("{}",
                       fmt::join(texts(signals, [](const T& one) { return show(one); }), ", "));
}

void check_signals(const Expectation& expect, const TurnOutcome& outcome,
                   std::vector<FailedCheck>& failed) {
    const SignalPairs pairs = pair_signals(expect, outcome);
    if (pairs.missed.empty() && pairs.wrong.empty()) return;
    failed.push_back(
        {"signals", list(expect.signals),
         outcome.classification ? list(outcome.classification->new_signals) : "nothing",
         fmt::format("missed {}; wrong {}", list(pairs.missed), list(pairs.wrong))});
}

std::vector<std::string> alternatives(std::string_view text) {
    std::vector<std::string> all;
    while (true) {
        const std::size_t end = std::min(text.find('|'), text.size());
        all.emplace_back(text.substr(0, end));
        if (end == text.size()) return all;
        text.remove_prefix(end + 1);
    }
}

/// Words may go on: `precio` is in `precios`; they may not begin before.
bool holds(const std::string& reply, std::string_view text) {
    std::string words = folded_line(text);
    words.pop_back();
    return reply.find(words) != std::string::npos;
}

void check_reply(const Expectation& expect, const TurnOutcome& outcome,
                 std::vector<FailedCheck>& failed) {
    const std::string text = outcome.reply.value_or("");
    const std::string reply = folded_line(text);
    for (const std::string& wanted : expect.reply_has) {
        const auto any = alternatives(wanted);
        if (std::ranges::any_of(any, [&](const std::string& one) { return holds(reply, one); })) {
            continue;
        }
        failed.push_back({"reply", fmt::format("holds {}", fmt::join(any, " or ")), text, ""});
    }
    for (const std::string& unwanted : expect.reply_lacks) {
        if (!holds(reply, unwanted)) continue;
        failed.push_back({"reply", fmt::format("does not hold {}", unwanted), text, ""});
    }
}

}  // namespace

std::vector<FailedCheck> judge(const Expectation& expect, const TurnOutcome& outcome) {
    if (outcome.error) return {{"error", "an answer", *outcome.error, ""}};
    std::vector<FailedCheck> failed;
    if (expect.answered != outcome.reply.has_value()) {
        failed.push_back({"answered", expect.answered ? "an answer" : "silence: a person has it",
                          outcome.reply.value_or("silence"), ""});
        if (expect.answered) return failed;
    }
    for (const Said& field : fields_of(expect, outcome)) {
        if (field.is_right()) continue;
        failed.push_back({std::string(field.field),
                          fmt::format("{}", fmt::join(field.right, " or ")), field.said,
                          field.why});
    }
    if (!expect.answered) return failed;
    check_signals(expect, outcome, failed);
    check_reply(expect, outcome, failed);
    return failed;
}

std::map<std::string_view, Judgement> judgements(const Expectation& expect,
                                                 const TurnOutcome& outcome) {
    std::map<std::string_view, Judgement> all;
    for (const Said& field : fields_of(expect, outcome)) {
        all[field.field] = {field.right.front(),
                            field.is_right() ? field.right.front() : field.said};
    }
    return all;
}

bool is(const Signal& signal, const ExpectedSignal& expected) {
    if (signal.dimension != expected.dimension) return false;
    const auto words = folded_words(signal.extracted_value);
    const std::set<std::string> has(words.begin(), words.end());
    return std::ranges::any_of(expected.values, [&](const std::string& value) {
        return std::ranges::all_of(folded_words(value),
                                   [&](const std::string& word) { return has.contains(word); });
    });
}

std::map<SignalDimension, Found> found_signals(const Expectation& expect,
                                               const TurnOutcome& outcome) {
    std::map<SignalDimension, Found> found;
    if (!expect.answered) return found;
    const SignalPairs pairs = pair_signals(expect, outcome);
    for (const ExpectedSignal& signal : pairs.right) ++found[signal.dimension].right;
    for (const ExpectedSignal& signal : pairs.missed) ++found[signal.dimension].missed;
    for (const Signal& signal : pairs.wrong) ++found[signal.dimension].wrong;
    return found;
}

}  // namespace rapport::eval
