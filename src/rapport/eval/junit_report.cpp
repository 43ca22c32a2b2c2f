#include "rapport/eval/junit_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <pugixml.hpp>
#include <sstream>

namespace rapport::eval {
namespace {

/// XML 1.0 knows no control characters but tab and line ends.
std::string printable(std::string_view text) {
    std::string result;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        result += byte < 0x20 && c != '\t' && c != '\n' && c != '\r' ? '?' : c;
    }
    return result;
}

double seconds(const TurnReport& turn) {
    double total = 0;
    for (const TurnOutcome& outcome : turn.outcomes) total += outcome.duration_ms / 1000;
    return total;
}

std::string explanation(const TurnReport& turn) {
    std::string text;
    for (const FailedCheck& failed : turn.outcomes.back().failed) {
        text += fmt::format("{}: expected {}, got {}", failed.check, failed.expected, failed.got);
        text += failed.why.empty() ? "\n" : fmt::format(" ({})\n", failed.why);
    }
    return text;
}

std::string checks(const TurnReport& turn) {
    std::string names;
    for (const FailedCheck& failed : turn.outcomes.back().failed) {
        names += (names.empty() ? "" : ", ") + failed.check;
    }
    return names;
}

void add_case(pugi::xml_node suite, const ConversationReport& conversation, const TurnReport& turn,
              std::int64_t runs) {
    pugi::xml_node of_turn = suite.append_child("testcase");
    of_turn.append_attribute("classname") = conversation.name.c_str();
    of_turn.append_attribute("name") = fmt::format("turn {}", turn.number).c_str();
    of_turn.append_attribute("time") = fmt::format("{:.3f}", seconds(turn)).c_str();
    if (turn.passes == 0) {
        pugi::xml_node failure = of_turn.append_child("failure");
        failure.append_attribute("message") = printable(checks(turn)).c_str();
        failure.text() = printable(explanation(turn)).c_str();
    } else if (is_flaky(turn.passes, runs)) {
        of_turn.append_child("system-out").text() =
            fmt::format("flaky: passes in {} of {} runs", turn.passes, runs).c_str();
    }
}

std::int64_t failures(const ConversationReport& conversation) {
    return std::ranges::count(conversation.turns, 0, &TurnReport::passes);
}

}  // namespace

std::string to_junit(const EvalReport& report) {
    pugi::xml_document document;
    pugi::xml_node suites = document.append_child("testsuites");
    suites.append_attribute("name") = fmt::format("rapport eval, {}", report.agents).c_str();
    suites.append_attribute("tests") = static_cast<long long>(report.turns);
    std::int64_t failed = 0;
    for (const ConversationReport& conversation : report.conversations) {
        pugi::xml_node suite = suites.append_child("testsuite");
        suite.append_attribute("name") = conversation.name.c_str();
        suite.append_attribute("tests") = static_cast<long long>(conversation.turns.size());
        suite.append_attribute("failures") = static_cast<long long>(failures(conversation));
        failed += failures(conversation);
        for (const TurnReport& turn : conversation.turns) {
            add_case(suite, conversation, turn, report.runs);
        }
    }
    suites.append_attribute("failures") = static_cast<long long>(failed);
    std::ostringstream out;
    document.save(out, "  ");
    return out.str();
}

}  // namespace rapport::eval
