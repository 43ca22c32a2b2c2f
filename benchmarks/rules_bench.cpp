// What the rule agents cost without a database: loading their tables, and answering a message.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <functional>
#include <vector>

#include "benchmarks/measure.hpp"
#include "benchmarks/workload.hpp"
#include "rapport/conversation/planner.hpp"
#include "rapport/conversation/rules/rule_agents.hpp"

namespace rapport::bench {
namespace {

/// Seconds of CPU that a piece of work takes: the median of some rounds.
double median_cpu(const std::function<void()>& work) {
    constexpr std::size_t kRounds = 9;
    std::vector<double> rounds;
    while (rounds.size() < kRounds) {
        const double before = own_cpu();
        work();
        rounds.push_back(own_cpu() - before);
    }
    std::ranges::sort(rounds);
    return rounds.at(kRounds / 2);
}

/// Each of the questions, so many times over.
void answer_all(const Planner& planner, const std::vector<Conversation>& conversations, int times) {
    await([&]() -> Async<void> {
        for (int i = 0; i < times; ++i) {
            for (const Conversation& conversation : conversations) {
                co_await planner.plan(conversation, Deadline::in(std::chrono::seconds(5)));
            }
        }
    }());
}

void run(const std::filesystem::path& config) {
    std::vector<Message> said;
    const Lead lead = make_lead(0, now(), said);
    std::vector<Conversation> conversations;
    conversations.reserve(kQuestions.size());
    for (std::size_t i = 0; i < kQuestions.size(); ++i) {
        conversations.push_back({lead, make_question(i, lead.lead_id), now()});
    }
    const Planner planner(rule_agents(built_in_rule_tables()), {});
    constexpr int kTimes = 500;
    const double answering = median_cpu([&] { answer_all(planner, conversations, kTimes); });
    const double loading = median_cpu([&] { load_rule_tables(config); });
    fmt::print(R"({{"load_ms":{:.1f},"answer_us":{:.1f}}})"
               "\n",
               loading * 1e3, answering / static_cast<double>(kTimes * kQuestions.size()) * 1e6);
}

}  // namespace
}  // namespace rapport::bench

int main(int argc, char** argv) {
    if (argc != 2) {
        fmt::print(stderr,
                   "Usage: rules_bench FOLDER\n\nFOLDER holds the tables (config/). Prints the CPU "
                   "that loading them takes, and that\nthree agents take to answer a message.\n");
        return 2;
    }
    try {
        rapport::bench::run(argv[1]);
        return 0;
    } catch (const std::exception& error) {
        fmt::print(stderr, "rules_bench: {}\n", error.what());
        return 1;
    }
}
