// What an examination means: pure code, for what a test cannot make happen, too.
#include "rapport/repository/doctor.hpp"

#include <gtest/gtest.h>

#include <functional>

namespace rapport::testing {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::uint64_t kMiB = std::uint64_t{1024} * 1024;
constexpr std::uint64_t kGiB = 1024 * kMiB;

/// A database on which there is nothing to do.
Examination healthy() {
    ServerState server{{"mongodb", "6.0.5", "replica set rs0"}, milliseconds(1)};
    server.clock_ahead = milliseconds(-3);
    server.free_bytes = 100 * kGiB;
    server.total_bytes = 200 * kGiB;
    return {.server = server,
            .indexes = IndexPlan{},
            .retention = days(365),
            .leads = LeadFacts{.leads = 7},
            .messages_with_text_dates = std::int64_t{0}};
}

ServerState& server_of(Examination& examination) {
    return std::get<ServerState>(examination.server);
}
IndexPlan& plan_of(Examination& examination) { return std::get<IndexPlan>(examination.indexes); }

Index expiring(seconds after) {
    return {.name = "ttl", .keys = {{"created_at"}}, .expire_after = after};
}

TEST(Doctor, FindsNothingToDoOnAHealthyDatabase) {
    const auto findings = diagnose(healthy());
    EXPECT_EQ(worst(findings), Severity::kOk);
    for (const Finding& finding : findings) {
        EXPECT_EQ(finding.cure, "") << finding.check;
        EXPECT_NE(finding.found, "") << finding.check;
    }
}

struct Case {
    std::string name;
    std::function<void(Examination&)> change;
    std::string check;
    Severity severity;
    std::string found;  ///< part of it
    std::string cure;   ///< part of it
};

class DoctorFinds : public ::testing::TestWithParam<Case> {};

TEST_P(DoctorFinds, WhatIsWrongAndNamesItsCure) {
    Examination examination = healthy();
    GetParam().change(examination);
    const auto findings = diagnose(examination);
    EXPECT_EQ(worst(findings), GetParam().severity);
    int worse = 0;
    for (const Finding& finding : findings) {
        if (finding.severity == Severity::kOk) continue;
        ++worse;
        EXPECT_EQ(finding.check, GetParam().check);
        EXPECT_EQ(finding.severity, GetParam().severity);
        EXPECT_NE(finding.found.find(GetParam().found), std::string::npos) << finding.found;
        EXPECT_NE(finding.cure.find(GetParam().cure), std::string::npos) << finding.cure;
    }
    EXPECT_EQ(worse, 1);
}

constexpr auto kWarning = Severity::kWarning;
constexpr auto kProblem = Severity::kProblem;

INSTANTIATE_TEST_SUITE_P(
    Repository, DoctorFinds,
    ::testing::Values(
        Case{"an_old_server", [](auto& e) { server_of(e).info.version = "5.0.14"; }, "server",
             kWarning, "5.0.14", "upgrade"},
        Case{"a_standalone", [](auto& e) { server_of(e).info.topology = "standalone"; }, "server",
             kWarning, "standalone", "replica set"},
        Case{"a_slow_server", [](auto& e) { server_of(e).round_trip = milliseconds(250); },
             "latency", kWarning, "250.0 ms", "nearer"},
        Case{"a_clock_that_is_ahead", [](auto& e) { server_of(e).clock_ahead = seconds(9); },
             "clock", kWarning, "9.0 s ahead of", "NTP"},
        Case{"a_clock_that_is_hours_behind", [](auto& e) { server_of(e).clock_ahead = hours(-2); },
             "clock", kProblem, "7200.0 s behind", "NTP"},
        Case{"little_room", [](auto& e) { server_of(e).free_bytes = kGiB / 2; }, "disk", kWarning,
             "0.5 GiB", "make room"},
        Case{"no_room", [](auto& e) { server_of(e).free_bytes = kMiB; }, "disk", kProblem,
             "0.0 GiB", "make room"},
        Case{"a_server_that_went_away",
             [](auto& e) { e.server = Obstacle(Unavailable("it is away", "start it")); }, "server",
             kProblem, "it is away", "start it"},
        Case{"what_has_no_cure_of_its_own",
             [](auto& e) { e.leads = Obstacle(Timeout("too slow")); }, "leads", kProblem,
             "too slow", "rapport doctor"},
        Case{"retention_that_is_longer",
             [](auto& e) {
                 plan_of(e).differences.push_back({IndexDifference::Kind::kExpiry, "messages",
                                                   expiring(days(400)), expiring(days(365))});
             },
             "retention", kWarning, "after 400 days, and retention is set to 365",
             "rapport indexes --apply"},
        Case{"retention_that_is_shorter",
             [](auto& e) {
                 plan_of(e).differences.push_back({IndexDifference::Kind::kExpiry, "messages",
                                                   expiring(days(30)), expiring(days(365))});
             },
             "retention", kProblem, "after 30 days", "rapport indexes --apply"},
        Case{"retention_that_should_be_off",
             [](auto& e) {
                 e.retention.reset();
                 plan_of(e).differences.push_back(
                     {IndexDifference::Kind::kLeftOver, "messages", expiring(days(30))});
             },
             "retention", kProblem, "retention is off", "rapport indexes --apply"},
        Case{"another_programs_expiry",
             [](auto& e) { plan_of(e).foreign_expiries.push_back({"leads", expiring(days(1))}); },
             "retention", kProblem, "leads.ttl, an index of another program", "drop that index"},
        Case{"numbers_as_they_were_typed",
             [](auto& e) { std::get<LeadFacts>(e.leads).as_typed = 3; }, "numbers", kWarning,
             "3 leads", "rapport migrate"},
        Case{"leads_that_cannot_be_read",
             [](auto& e) { std::get<LeadFacts>(e.leads).unreadable = 2; }, "leads", kWarning, "2",
             "rapport repair"},
        Case{"a_lead_without_any_room_left",
             [](auto& e) {
                 auto& leads = std::get<LeadFacts>(e.leads);
                 leads.large = 1;
                 leads.largest_bytes = std::int64_t{16} * kMiB - 1000;
                 leads.largest_lead = "…5678";
             },
             "lead size", kProblem, "16.0 MiB of 16 (…5678)", "evidence"}),
    [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace rapport::testing
