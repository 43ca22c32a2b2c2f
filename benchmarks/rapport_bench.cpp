// The conversation turn and its parts through Rapport's public interface, as one line of JSON each.
#include <fmt/format.h>

#include <cstdlib>
#include <functional>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "benchmarks/closed_loop.hpp"
#include "benchmarks/measure.hpp"
#include "benchmarks/workload.hpp"
#include "rapport/conversation/orchestrator.hpp"
#include "rapport/conversation/planner.hpp"
#include "rapport/conversation/rules/rule_agents.hpp"
#include "rapport/conversation/turn_plan.hpp"
#include "rapport/repository/collections.hpp"
#include "rapport/repository/database_manager.hpp"
#include "rapport/repository/lead_repository.hpp"
#include "rapport/repository/message_repository.hpp"
#include "rapport/store/sqlite/sqlite_store.hpp"

namespace rapport::bench {
namespace {

constexpr auto kUsage = R"(Usage: rapport_bench ENGINE COMMAND

ENGINE is mongodb or sqlite. COMMAND is one of
  seed                          makes leads of 20 messages each and a talkative one of 100,000
  turn CONVERSATIONS POOL CONCERN SECONDS [EXTERNAL_ID]
                                load a lead, add two messages, commit
  converse CONVERSATIONS POOL CONCERN SECONDS
                                have a question answered by the orchestrator, with rule agents
  planned CONVERSATIONS POOL CONCERN SECONDS
                                the turns that converse stores, with answers made beforehand:
                                load a lead, add both messages, signals and follow-up, commit
  recent CONVERSATIONS POOL SECONDS
                                the last 20 messages of a lead
  bulk                          100,000 messages by 1,000
  stream                        all messages of the talkative lead, decoded

CONCERN: w1 (w:1) or maj (w:majority, journal), on MongoDB. Environment: BENCH_DB (bench_rapport; a
file on SQLite), BENCH_PORT (27117), MONGOD_PID, for the server's CPU; BENCH_LEADS (10000; with 0,
turns and reads are the talkative lead's) and BENCH_TALK (100000), that lead's messages.
)";

std::string variable(const char* name, const char* otherwise) {
    const char* value = std::getenv(name);
    return value == nullptr ? otherwise : value;
}

struct Database {
    std::string engine;
    std::string name = variable("BENCH_DB", "bench_rapport");
    int pool = 10;
    std::string concern = "maj";

    DatabaseManager open() const {
        Settings settings;
        settings.max_pool_size = pool;
        settings.enable_message_archival = true;
        if (engine == "sqlite") {
            return {settings, {DatabaseUrl::Engine::kSqlite, name + ".db"}};
        }
        settings.mongodb_database = name;
        return {settings,
                {DatabaseUrl::Engine::kMongo,
                 fmt::format("mongodb://127.0.0.1:{}/?replicaSet=rs0{}",
                             variable("BENCH_PORT", "27117"),
                             concern == "w1" ? "&w=1" : "&w=majority&journal=true")}};
    }
};

double operations_a_batch(const StoreCounters& counters) {
    return counters.batches == 0
               ? 0
               : static_cast<double>(counters.operations) / static_cast<double>(counters.batches);
}

void clear(DatabaseManager& manager, const Collection& collection) {
    await(manager.database().remove(RemoveDocuments{&collection, FilterNode(AllOf{})},
                                    Deadline::in(std::chrono::minutes(5))));
}

void seed(const Database& database, const Population& population) {
    DatabaseManager manager = database.open();
    await(manager.connect());
    await(manager.create_indexes());
    clear(manager, lead_collection());
    clear(manager, message_collection());
    LeadRepository leads(manager.database());
    MessageRepository messages(manager.database());
    const Timestamp at = now();
    for (int i = 0; i < population.leads;) {
        constexpr std::size_t kStep = 500;
        std::vector<Lead> some;
        std::vector<Message> said;
        while (some.size() < kStep && i < population.leads) {
            some.push_back(make_lead(i++, at, said));
        }
        await(leads.bulk_create(std::move(some)));
        await(messages.bulk_create(std::move(said)));
    }
    Lead talkative = make_talkative(at);
    for (int i = 0; i < population.talk;) {
        constexpr std::size_t kStep = 1000;
        std::vector<Message> said;
        for (; said.size() < kStep && i < population.talk; ++i) {
            said.push_back(talkative.add_message(
                make_message(kTalkative, i, at - std::chrono::seconds(population.talk - i))));
        }
        await(messages.bulk_create(std::move(said)));
    }
    talkative.settled_count = talkative.message_count;
    await(leads.bulk_create({std::move(talkative)}));
    await(manager.disconnect());
}

Turn make_turn(Lead lead, int number) {
    const Timestamp at = now();
    Turn turn{std::move(lead), {}};
    turn.messages.push_back(make_message(turn.lead.lead_id, 2 * number, at));
    turn.messages.push_back(
        make_message(turn.lead.lead_id, 2 * number + 1, at + std::chrono::milliseconds(1)));
    return turn;
}

using MakeTurn = std::function<Turn(Lead)>;

/// Until it is committed: another conversation may have changed the same lead.
Async<void> take_turn(LeadRepository& leads, std::string lead_id, MakeTurn make) {
    for (bool committed = false; !committed;) {
        auto lead = co_await leads.get_by_phone(lead_id);
        if (!lead) throw std::runtime_error("no lead: run `rapport_bench ENGINE seed` first");
        try {
            co_await leads.commit_turn(make(std::move(*lead)));
            committed = true;
        } catch (const VersionConflict&) {
            continue;
        }
    }
}

Report turn(const Database& database, const Population& population, int conversations,
            double seconds, bool with_external_id) {
    DatabaseManager manager = database.open();
    await(manager.connect());
    LeadRepository leads(manager.database());
    Report report = ClosedLoop().run(conversations, seconds, [&](int number, std::mt19937& random) {
        std::optional<std::string> external_id;
        if (with_external_id) external_id = fmt::format("wamid.{:x}{:x}", number, random());
        return take_turn(leads, population.any_lead(random), [number, external_id](Lead lead) {
            Turn turn = make_turn(std::move(lead), number);
            turn.messages.front().external_id = external_id;
            return turn;
        });
    });
    report.batch = operations_a_batch(manager.database().counters());
    await(manager.disconnect());
    return report;
}

/// What the rule agents make of each question.
std::vector<TurnPlan> make_plans() {
    const Planner planner(rule_agents(built_in_rule_tables()), {});
    std::vector<Message> said;
    const Lead lead = make_lead(0, now(), said);
    std::vector<TurnPlan> plans;
    for (std::size_t i = 0; i < kQuestions.size(); ++i) {
        const Conversation conversation{lead, make_question(i, lead.lead_id), now()};
        plans.push_back(await(planner.plan(conversation, Deadline::in(std::chrono::seconds(5)))));
    }
    return plans;
}

Report planned(const Database& database, const Population& population, int conversations,
               double seconds) {
    const std::vector<TurnPlan> plans = make_plans();
    DatabaseManager manager = database.open();
    await(manager.connect());
    LeadRepository leads(manager.database());
    Report report = ClosedLoop().run(conversations, seconds, [&](int number, std::mt19937& random) {
        return take_turn(leads, population.any_lead(random), [&plans, number](Lead lead) {
            Message incoming = make_question(question_of(number), lead.lead_id);
            return planned_turn(plans.at(question_of(number)), std::move(lead), std::move(incoming),
                                FollowupPolicy(), now());
        });
    });
    report.batch = operations_a_batch(manager.database().counters());
    await(manager.disconnect());
    return report;
}

Report converse(const Database& database, const Population& population, int conversations,
                double seconds) {
    DatabaseManager manager = database.open();
    await(manager.connect());
    ConversationOrchestrator orchestrator(LeadRepository(manager.database()),
                                          MessageRepository(manager.database()),
                                          rule_agents(built_in_rule_tables()));
    await(orchestrator.initialize());
    Report report = ClosedLoop().run(
        conversations, seconds, [&](int number, std::mt19937& random) -> Async<void> {
            const auto result = co_await orchestrator.process_message(
                kQuestions.at(question_of(number)), population.any_lead(random));
            if (!result.outbound_message) throw std::runtime_error("a lead that is handed over");
        });
    report.batch = operations_a_batch(manager.database().counters());
    await(orchestrator.shutdown());
    await(manager.disconnect());
    return report;
}

Report recent(const Database& database, const Population& population, int conversations,
              double seconds) {
    DatabaseManager manager = database.open();
    await(manager.connect());
    MessageRepository messages(manager.database());
    Report report =
        ClosedLoop().run(conversations, seconds, [&](int, std::mt19937& random) -> Async<void> {
            const auto last = co_await messages.get_recent_messages(population.any_lead(random));
            if (last.size() != 20) throw std::runtime_error("a lead without its 20 messages");
        });
    await(manager.disconnect());
    return report;
}

/// Into a database of their own, whose messages are only these.
Report bulk(Database database) {
    database.name += "_bulk";
    DatabaseManager manager = database.open();
    await(manager.connect());
    await(manager.create_indexes());
    clear(manager, message_collection());
    MessageRepository messages(manager.database());
    constexpr int kStep = 1000;
    constexpr int kAll = 100 * kStep;
    const Timestamp at = now();
    Report report{.count = kAll};
    const Stopwatch watch;
    for (int from = 0; from < kAll; from += kStep) {
        std::vector<Message> said;
        said.reserve(kStep);
        for (int i = from; i < from + kStep; ++i) {
            constexpr int kLeads = 10'000;
            said.push_back(
                make_message(lead_id(i * 7 % kLeads), i, at + std::chrono::milliseconds(i)));
        }
        await(messages.save_messages(std::move(said)));
    }
    watch.stop(report);
    await(manager.disconnect());
    return report;
}

Async<std::size_t> read_all(MessageRepository& messages) {
    auto all = messages.stream(
        where(&Message::lead_id) == kTalkative,
        Sort<Message>().ascending(where(&Message::timestamp)).ascending(where(&Message::seq)));
    std::size_t count = 0;
    while (co_await all.next()) ++count;
    co_return count;
}

Report stream(const Database& database) {
    DatabaseManager manager = database.open();
    await(manager.connect());
    MessageRepository messages(manager.database());
    await(read_all(messages));
    const Stopwatch watch;
    Report report{.count = await(read_all(messages))};
    watch.stop(report);
    await(manager.disconnect());
    return report;
}

int run(const std::vector<std::string>& arguments) {
    const auto number = [&](std::size_t i) { return std::stoi(arguments.at(i)); };
    Database database{arguments.at(0)};
    const Population population{.leads = std::stoi(variable("BENCH_LEADS", "10000")),
                                .talk = std::stoi(variable("BENCH_TALK", "100000"))};
    const std::string& command = arguments.at(1);
    Report report;
    if (command == "seed") {
        seed(database, population);
        return 0;
    }
    if (command == "turn") {
        database.pool = number(3);
        database.concern = arguments.at(4);
        report =
            turn(database, population, number(2), std::stod(arguments.at(5)), arguments.size() > 6);
    } else if (command == "converse" || command == "planned") {
        database.pool = number(3);
        database.concern = arguments.at(4);
        report = (command == "planned" ? planned : converse)(database, population, number(2),
                                                             std::stod(arguments.at(5)));
    } else if (command == "recent") {
        database.pool = number(3);
        report = recent(database, population, number(2), std::stod(arguments.at(4)));
    } else if (command == "bulk") {
        database.concern = "w1";
        report = bulk(database);
    } else if (command == "stream") {
        report = stream(database);
    } else {
        fmt::print(stderr, "{}", kUsage);
        return 2;
    }
    report.peer = "rapport-" + database.engine;
    report.op = command;
    report.pool = database.pool;
    report.concern = database.concern;
    report.print();
    return 0;
}

}  // namespace
}  // namespace rapport::bench

int main(int argc, char** argv) {
    const std::vector<std::string> arguments(argv + 1, argv + argc);
    if (arguments.size() < 2 || (arguments[0] != "mongodb" && arguments[0] != "sqlite")) {
        fmt::print(stderr, "{}", rapport::bench::kUsage);
        return 2;
    }
    rapport::count_no_memory_in_sqlite();
    try {
        return rapport::bench::run(arguments);
    } catch (const std::exception& error) {
        fmt::print(stderr, "rapport_bench: {}\n", error.what());
        return 1;
    }
}
