#include "rapport/eval/baseline.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

#include "rapport/core/codec.hpp"
#include "rapport/core/error.hpp"

namespace rapport::eval {
namespace {

constexpr std::int64_t kBaselineVersion = 1;

struct BaselineHead {
    std::int64_t baseline_version = 0;
    std::string agents{};
    std::int64_t runs = 0;
};
BOOST_DESCRIBE_STRUCT(BaselineHead, (), (baseline_version, agents, runs))

bool has_member(const Document& document, std::string_view name) {
    for (BsonReader in(document); !in.at_end();) {
        if (in.next().name() == name) return true;
    }
    return false;
}

void require_passes(std::int64_t passes, std::int64_t runs) {
    if (passes < 0 || passes > runs) {
        throw InvalidDocument(fmt::format("passes: must be 0 to {}, the runs", runs));
    }
}

void read_line(std::string_view line, Baseline& to) {
    const Document document = from_json(line);
    if (to.runs == 0) {
        const auto head = from_document<BaselineHead>(document);
        if (head.baseline_version != kBaselineVersion) {
            throw InvalidDocument("baseline_version: another version's");
        }
        if (head.runs < 1 || head.runs > kMostRuns) {
            throw InvalidDocument(fmt::format("runs: must be 1 to {}", kMostRuns));
        }
        to.agents = head.agents;
        to.runs = head.runs;
    } else if (has_member(document, "conversation")) {
        auto known = from_document<BaselineConversation>(document);
        require_passes(known.passes, to.runs);
        for (const BaselineTurn& turn : known.turns) require_passes(turn.passes, to.runs);
        to.conversations.push_back(std::move(known));
    } else {
        to.classes.push_back(from_document<BaselineClass>(document));
    }
}

}  // namespace

Baseline make_baseline(const EvalReport& report, const Baseline* before) {
    Baseline baseline{.agents = report.agents, .runs = report.runs};
    const auto add = [&](std::string_view field, const ClassReport& of_class) {
        const BaselineClass* known =
            before == nullptr ? nullptr : find_class(*before, field, of_class.name);
        baseline.classes.push_back(
            {.field = std::string(field),
             .name = of_class.name,
             .f1 = of_class.score.f1.mean,
             .deviation = of_class.score.f1.deviation,
             .tolerance = known == nullptr ? BaselineClass::kDefaultTolerance : known->tolerance});
    };
    for (const FieldReport& field : report.fields) {
        for (const ClassReport& of_class : field.classes) add(field.name, of_class);
    }
    for (const ClassReport& dimension : report.signals.dimensions) add("signals", dimension);
    for (const ConversationReport& conversation : report.conversations) {
        BaselineConversation known{.conversation = conversation.name,
                                   .fingerprint = conversation.fingerprint,
                                   .passes = conversation.passes};
        for (const TurnReport& turn : conversation.turns) {
            known.turns.push_back({turn.passes, usual_failures(turn)});
        }
        baseline.conversations.push_back(std::move(known));
    }
    return baseline;
}

const BaselineClass* find_class(const Baseline& baseline, std::string_view field,
                                std::string_view name) {
    const auto same = std::ranges::find_if(baseline.classes, [&](const BaselineClass& known) {
        return known.field == field && known.name == name;
    });
    return same == baseline.classes.end() ? nullptr : &*same;
}

std::string to_jsonl(const Baseline& baseline) {
    std::string text =
        to_json(BaselineHead{kBaselineVersion, baseline.agents, baseline.runs}) + '\n';
    for (const BaselineClass& known : baseline.classes) text += to_json(known) + '\n';
    for (const BaselineConversation& known : baseline.conversations) text += to_json(known) + '\n';
    return text;
}

Baseline parse_baseline(std::string_view text, std::string_view file) {
    Baseline baseline;
    for (int number = 1; !text.empty(); ++number) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        try {
            read_line(text.substr(0, end), baseline);
        } catch (const Error& problem) {
            throw InvalidDocument(
                fmt::format("{}:{}: {}; {}", file, number, problem.what(), kHowToMakeABaseline));
        }
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    if (baseline.runs == 0) {
        throw InvalidDocument(
            fmt::format("{}: empty, not a baseline; {}", file, kHowToMakeABaseline));
    }
    return baseline;
}

}  // namespace rapport::eval
