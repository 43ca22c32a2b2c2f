#include "rapport/repository/doctor.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>

namespace rapport {
namespace {

using Kind = IndexDifference::Kind;
using Findings = std::vector<Finding>;

constexpr auto kApply = "rapport indexes --apply";
constexpr auto kRestore = "stop writing, keep the file, and restore it from a copy";
constexpr double kMiB = 1024.0 * 1024;
constexpr double kGiB = 1024 * kMiB;

Finding unknown(const char* check, const Obstacle& obstacle) {
    return {
        check, Severity::kProblem, obstacle.problem,
        obstacle.cure.empty() ? "put that right, then run `rapport doctor` again" : obstacle.cure};
}

// The server.

/// The oldest that the suite has run against.
constexpr int kOldestMajor = 6;

int major_of(std::string_view version) {
    int major = 0;
    std::from_chars(version.data(), version.data() + version.size(), major);
    return major;
}

void judge_server(const ServerState& state, Findings& findings) {
    const ServerInfo& info = state.info;
    if (info.engine == "sqlite") {
        findings.push_back({"server", Severity::kOk, "SQLite " + info.version});
        return;
    }
    const std::string who = fmt::format("MongoDB {}, {}", info.version, info.topology);
    if (major_of(info.version) < kOldestMajor) {
        findings.push_back({"server", Severity::kWarning,
                            who + ": older than Rapport is tested with",
                            fmt::format("upgrade the server to {}.0 or newer", kOldestMajor)});
    } else if (info.topology == "standalone") {
        findings.push_back({"server", Severity::kWarning,
                            who + ": what it holds is nowhere else, and nothing serves while it is "
                                  "down",
                            "make it a replica set, and keep copies"});
    } else {
        findings.push_back({"server", Severity::kOk, who});
    }
}

void judge_latency(const ServerState& state, Findings& findings) {
    constexpr std::chrono::milliseconds kSlow{100};
    Finding finding{"latency", Severity::kOk,
                    fmt::format("{:.1f} ms a round trip",
                                static_cast<double>(state.round_trip.count()) / 1000)};
    if (state.round_trip >= kSlow) {
        finding.severity = Severity::kWarning;
        finding.found += ": a turn takes several";
        finding.cure = "run Rapport nearer to the server, or look at what keeps the server busy";
    }
    findings.push_back(std::move(finding));
}

void judge_clock(const ServerState& state, Findings& findings) {
    if (!state.clock_ahead) return;
    constexpr std::chrono::seconds kNoticeable{5};
    // Marks of erasures are kept for a day, and a turn takes ten minutes at most.
    constexpr std::chrono::hours kTooMuch{1};
    const auto apart = std::chrono::abs(*state.clock_ahead);
    const std::chrono::milliseconds doubt =
        std::chrono::duration_cast<std::chrono::milliseconds>(state.round_trip);
    if (apart < kNoticeable + doubt) {
        findings.push_back({"clock", Severity::kOk, "the server's clock and ours agree"});
        return;
    }
    findings.push_back(
        {"clock", apart < kTooMuch ? Severity::kWarning : Severity::kProblem,
         fmt::format("the server's clock is {:.1f} s {} ours: messages are dated by ours and "
                     "removed by the server's",
                     static_cast<double>(apart.count()) / 1000,
                     state.clock_ahead->count() > 0 ? "ahead of" : "behind"),
         "set both by NTP"});
}

void judge_storage(const ServerState& state, Findings& findings) {
    if (state.info.engine == "sqlite") {
        if (state.damaged_places > 0) {
            findings.push_back({"file", Severity::kProblem,
                                fmt::format("the database file is damaged in {} places or more",
                                            state.damaged_places),
                                kRestore});
        } else if (!state.is_writable) {
            findings.push_back({"file", Severity::kProblem, "the database file may only be read",
                                "give this user write permission on it and on its folder"});
        } else {
            findings.push_back({"file", Severity::kOk, "no page is damaged"});
        }
    }
    if (!state.free_bytes || !state.total_bytes) return;
    constexpr double kLow = kGiB;
    constexpr double kNone = 100 * kMiB;
    const auto free = static_cast<double>(*state.free_bytes);
    Finding finding{"disk", Severity::kOk,
                    fmt::format("{:.1f} GiB of {:.1f} GiB free", free / kGiB,
                                static_cast<double>(*state.total_bytes) / kGiB)};
    if (free < kLow) {
        finding.severity = free < kNone ? Severity::kProblem : Severity::kWarning;
        finding.cure = "make room, or move the database to a larger disk";
    }
    findings.push_back(std::move(finding));
}

// Indexes and retention.

/// An index of several keys removes nothing.
bool expires(const std::optional<Index>& index) {
    return index && index->expire_after && index->keys.size() == 1;
}

bool is_of_retention(const IndexDifference& difference) {
    return expires(difference.found) || expires(difference.wanted);
}

/// Without a unique one nothing keeps a person from becoming two leads.
bool is_serious(const IndexDifference& difference) {
    return difference.wanted && difference.wanted->unique;
}

void judge_indexes(const IndexPlan& plan, Findings& findings) {
    const std::size_t before = findings.size();
    for (const IndexDifference& difference : plan.differences) {
        if (is_of_retention(difference)) continue;
        const Difference explained = explain(difference);
        std::string found =
            fmt::format("{}.{}: {}", difference.collection, difference.name(), explained.kind);
        if (difference.kind == Kind::kDifferent) {
            found += fmt::format(", {} instead of {}", explained.found, explained.wanted);
        }
        findings.push_back({"indexes",
                            is_serious(difference) ? Severity::kProblem : Severity::kWarning,
                            std::move(found), kApply});
    }
    if (findings.size() == before) {
        findings.push_back({"indexes", Severity::kOk, "all as they should be"});
    }
}

std::string days(std::chrono::seconds time) {
    return fmt::format("{:g} days", static_cast<double>(time.count()) / 86'400);
}

/// Removing what the settings keep cannot be undone; keeping what they remove can.
Severity severity_of(const std::optional<std::chrono::seconds>& found,
                     const std::optional<std::chrono::seconds>& wanted) {
    const bool too_soon = found && (!wanted || *found < *wanted);
    return too_soon ? Severity::kProblem : Severity::kWarning;
}

void judge_archive(const Examination& examination, Findings& findings) {
    if (const auto* obstacle = std::get_if<Obstacle>(&examination.overdue)) {
        findings.push_back(unknown("retention", *obstacle));
    } else if (const auto count = std::get<std::int64_t>(examination.overdue); count > 0) {
        findings.push_back({"retention", Severity::kWarning,
                            fmt::format("{} messages should be in the archive", count),
                            "rapport retain, once a day"});
    }
}

void judge_retention(const Examination& examination, const IndexPlan& plan, Findings& findings) {
    const std::size_t before = findings.size();
    const std::string set = examination.retention
                                ? (examination.archives ? "by archive, after " : "set to ") +
                                      days(*examination.retention)
                                : std::string("off");
    for (const IndexDifference& difference : plan.differences) {
        if (!is_of_retention(difference)) continue;
        const auto found = difference.found ? difference.found->expire_after : std::nullopt;
        const auto wanted = difference.wanted ? difference.wanted->expire_after : std::nullopt;
        const std::string is =
            found ? "removes after " + days(*found) : std::string("removes nothing");
        findings.push_back({"retention", severity_of(found, wanted),
                            fmt::format("{}.{}: {}, and retention is {}", difference.collection,
                                        difference.name(), is, set),
                            kApply});
    }
    for (const ForeignExpiry& foreign : plan.foreign_expiries) {
        findings.push_back(
            {"retention", severity_of(foreign.index.expire_after, examination.retention),
             fmt::format("{}.{}, an index of another program: removes after {}", foreign.collection,
                         foreign.index.name, days(*foreign.index.expire_after)),
             "drop that index, unless that is meant"});
    }
    if (examination.archives) judge_archive(examination, findings);
    if (findings.size() == before) {
        const std::string verb = examination.archives ? "archived" : "removed";
        findings.push_back({"retention", Severity::kOk,
                            examination.retention ? fmt::format("messages are {} after {}", verb,
                                                                days(*examination.retention))
                                                  : "messages are kept for ever"});
    }
}

// What is stored.

constexpr auto kConvert = "rapport migrate (--plan says what it would do)";

void judge_leads(const LeadFacts& facts, Findings& findings) {
    const auto add = [&](const char* check, bool is_ok, std::string found, const char* cure) {
        if (is_ok) {
            findings.push_back({check, Severity::kOk, std::move(found)});
        } else {
            findings.push_back({check, Severity::kWarning, std::move(found), cure});
        }
    };
    add("turns", facts.unsettled_messages == 0,
        facts.unsettled_messages == 0
            ? fmt::format("every message of {} leads is stored", facts.leads)
            : fmt::format("{} messages are in their leads alone, as a crash leaves them",
                          facts.unsettled_messages),
        "rapport repair");
    if (facts.unreadable > 0) {
        add("leads", false, fmt::format("{} leads cannot be read", facts.unreadable),
            "`rapport repair` names what is wrong with each");
    }
    add("numbers", facts.as_typed == 0,
        facts.as_typed == 0
            ? std::string("every number is in its one spelling")
            : fmt::format("{} leads have a number as it was typed: asked for by it, they are not "
                          "found",
                          facts.as_typed),
        kConvert);
    constexpr auto kLimit = std::int64_t{16} * 1024 * 1024;
    constexpr auto kNoRoom = kLimit - std::int64_t{512} * 1024;
    const std::string largest = fmt::format("the largest lead has {:.1f} MiB of 16",
                                            static_cast<double>(facts.largest_bytes) / kMiB);
    if (facts.large == 0) {
        findings.push_back({"lead size", Severity::kOk, largest});
    } else {
        findings.push_back(
            {"lead size", facts.largest_bytes >= kNoRoom ? Severity::kProblem : Severity::kWarning,
             fmt::format("{} leads have 12 MiB or more; {} ({})", facts.large, largest,
                         facts.largest_lead),
             "shorten the evidence of its signals, or take out what another program stored in it"});
    }
}

void judge_dates(const Examination& examination, Findings& findings) {
    const std::size_t before = findings.size();
    if (const auto* leads = std::get_if<LeadFacts>(&examination.leads);
        leads != nullptr && leads->with_text_dates > 0) {
        findings.push_back(
            {"dates", Severity::kWarning,
             fmt::format("{} leads have dates that are text of another system: lists "
                         "by time miss them",
                         leads->with_text_dates),
             kConvert});
    }
    const auto& messages = examination.messages_with_text_dates;
    if (const auto* obstacle = std::get_if<Obstacle>(&messages)) {
        findings.push_back(unknown("dates", *obstacle));
    } else if (const auto count = std::get<std::int64_t>(messages); count > 0) {
        findings.push_back({"dates", Severity::kWarning,
                            fmt::format("{} messages have dates that are text of another system: "
                                        "retention never removes them",
                                        count),
                            kConvert});
    }
    if (findings.size() == before) {
        findings.push_back({"dates", Severity::kOk, "all dates are dates"});
    }
}

}  // namespace

std::string_view to_string(Severity severity) {
    switch (severity) {
        case Severity::kOk:
            return "ok";
        case Severity::kWarning:
            return "warning";
        case Severity::kProblem:
            break;
    }
    return "problem";
}

std::vector<Finding> diagnose(const Examination& examination) {
    Findings findings;
    if (const auto* state = std::get_if<ServerState>(&examination.server)) {
        judge_server(*state, findings);
        judge_latency(*state, findings);
        judge_clock(*state, findings);
        judge_storage(*state, findings);
    } else {
        findings.push_back(unknown("server", std::get<Obstacle>(examination.server)));
    }
    if (const auto* plan = std::get_if<IndexPlan>(&examination.indexes)) {
        judge_indexes(*plan, findings);
        judge_retention(examination, *plan, findings);
    } else {
        findings.push_back(unknown("indexes", std::get<Obstacle>(examination.indexes)));
    }
    if (const auto* leads = std::get_if<LeadFacts>(&examination.leads)) {
        judge_leads(*leads, findings);
    } else {
        findings.push_back(unknown("leads", std::get<Obstacle>(examination.leads)));
    }
    judge_dates(examination, findings);
    return findings;
}

Finding diagnose_refusal(const Error& error) { return unknown("connection", Obstacle(error)); }

Severity worst(const std::vector<Finding>& findings) {
    Severity severity = Severity::kOk;
    for (const Finding& finding : findings) severity = std::max(severity, finding.severity);
    return severity;
}

Difference explain(const IndexDifference& difference) {
    Difference explained{};
    if (difference.found) explained.found = describe(*difference.found);
    if (difference.wanted) explained.wanted = describe(*difference.wanted);
    switch (difference.kind) {
        case Kind::kMissing:
            explained.kind = "missing";
            explained.cure = "build it";
            break;
        case Kind::kDifferent:
            explained.kind = "different";
            explained.cure = "build the new one, then drop the old one";
            break;
        case Kind::kExpiry:
            explained.kind = "expiry";
            explained.cure = "change the expiry in place";
            break;
        case Kind::kLeftOver:
            explained.kind = "left over";
            explained.cure = "drop it";
            break;
    }
    return explained;
}

}  // namespace rapport
