// Reserves again and again on a database, as one process of several would, and prints how often it
// got what it asked for: model_spender ENGINE LOCATION DATABASE LIMIT TIMES
#include <cstdio>
#include <cstdlib>
#include <span>
#include <string>

#include "rapport/conversation/model/budget.hpp"
#include "rapport/repository/database_manager.hpp"

namespace rapport {
namespace {

Async<int> spend(Store& store, std::int64_t limit, int times) {
    const auto clock = [] { return Timestamp(std::chrono::milliseconds(1'700'000'000'000)); };
    ModelBudget budget(store, {limit, limit}, clock);
    int granted = 0;
    for (int i = 0; i < times; ++i) {
        if (co_await budget.reserve(1, {})) ++granted;
    }
    co_return granted;
}

int run(std::span<char*> arguments) {
    if (arguments.size() != 6) return 2;
    DatabaseUrl url;
    url.location = arguments[2];
    if (std::string(arguments[1]) == "mongodb") url.engine = DatabaseUrl::Engine::kMongo;
    Settings settings;
    settings.mongodb_database = arguments[3];
    DatabaseManager manager(settings, url);
    await(manager.connect());
    std::printf("%d\n", await(spend(manager.database(), std::atoll(arguments[4]),
                                    std::atoi(arguments[5]))));
    await(manager.disconnect());
    return 0;
}

}  // namespace
}  // namespace rapport

int main(int count, char** arguments) {
    return rapport::run({arguments, static_cast<std::size_t>(count)});
}
