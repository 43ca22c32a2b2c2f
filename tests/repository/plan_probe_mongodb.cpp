#include <fmt/format.h>
#include <mongoc/mongoc.h>

#include <functional>
#include <stdexcept>

#include "rapport/core/json.hpp"
#include "rapport/core/scalar.hpp"
#include "tests/repository/plan_probe.hpp"

namespace rapport::testing {
namespace {

constexpr const char* kMongodbLeads = R"({{"aggregate": 1, "cursor": {{}}, "pipeline": [
    {{"$documents": [{{"n": {{"$range": [0, {0}]}}}}]}}, {{"$unwind": "$n"}},
    {{"$project": {{
        "lead_id": {{"$concat": ["+5255", {{"$toString": {{"$add": [10000000, "$n"]}}}}]}},
        "current_stage": {{"$arrayElemAt": [["0 - initial_contact", "1 - discovery",
            "2 - qualified", "3 - demo_scheduled", "4 - on_hold", "5 - closed_won",
            "6 - closed_lost"], {{"$mod": ["$n", 7]}}]}},
        "recent_history": [], "signals": [], "message_count": {{"$mod": ["$n", 50]}},
        "next_followup_at": {{"$cond": [{{"$eq": [{{"$mod": ["$n", 10]}}, 0]}},
            {{"$toDate": {{"$add": [1700000000000, {{"$multiply": ["$n", 1000]}}]}}}},
            "$$REMOVE"]}},
        "last_interaction_at": {{"$toDate": {{"$add": [1700000000000, {{"$multiply": [1000,
            {{"$mod": [{{"$multiply": ["$n", 7919]}}, 100000]}}]}}]}}}},
        "handoff_status": "none", "created_at": "$$NOW", "updated_at": "$$NOW",
        "version": {{"$literal": 1}}, "settled_count": {{"$literal": 0}}, "recent_turns": []}}}},
    {{"$out": "leads"}}]}})";

constexpr const char* kMongodbMessages = R"({{"aggregate": 1, "cursor": {{}}, "pipeline": [
    {{"$documents": [{{"n": {{"$range": [0, {0}]}}}}]}}, {{"$unwind": "$n"}},
    {{"$project": {{
        "lead_id": {{"$concat": ["+5255", {{"$toString": {{"$add": [10000000,
            {{"$switch": {{"branches": [
                {{"case": {{"$lt": ["$n", {2}]}}, "then": 0}},
                {{"case": {{"$lt": ["$n", {3}]}}, "then": 1}}],
                "default": {{"$mod": ["$n", {1}]}}}}}}]}}}}]}},
        "role": {{"$cond": [{{"$eq": [{{"$mod": ["$n", 2]}}, 0]}}, "lead", "assistant"]}},
        "content": "text", "tokens": {{"$literal": 1}},
        "timestamp": {{"$toDate": {{"$add": [1700000000000, {{"$multiply": ["$n", 1000]}}]}}}},
        "created_at": "$$NOW", "updated_at": "$$NOW", "seq": {{"$add": ["$n", 1]}}}}}},
    {{"$out": "messages"}}]}})";

class MongodbProbe final : public PlanProbe {
  public:
    MongodbProbe(DatabaseManager& manager, std::string database)
        : manager_(manager), database_(std::move(database)) {}

    void fill(int leads, int messages) override {
        run(fmt::format(kMongodbLeads, leads));
        run(fmt::format(kMongodbMessages, messages, leads, messages / 10, messages / 5));
    }

    void start() override {
        run(R"({"create": "system.profile", "capped": true, "size": 67108864})");
        run(R"({"profile": 2})");
    }

    std::vector<Plan> plans() override {
        run(R"({"profile": 0})");
        std::vector<Plan> plans;
        FilterNode everything{rapport::AllOf{}};
        static const Collection kProfile{"system.profile", {}, {}};
        for (const Document& entry : await(manager_.database().find({&kProfile, everything}))) {
            const Scalar summary = scalar_at(entry, "planSummary");
            const auto* text = std::get_if<std::string>(&summary);
            if (text == nullptr) continue;
            plans.push_back({to_json(entry), *text, text->find("COLLSCAN") == std::string::npos,
                             scalar_at(entry, "hasSortStage") == Scalar(true)});
        }
        return plans;
    }

  private:
    void run(const std::string& json) {
        const auto run_command = [&](void* handle) {
            bson_error_t error{};
            const auto* bytes = reinterpret_cast<const std::uint8_t*>(json.data());
            bson_t* command = bson_new_from_json(bytes, std::ssize(json), &error);
            if (command == nullptr) throw std::runtime_error(error.message);
            const bool done =
                mongoc_client_command_simple(static_cast<mongoc_client_t*>(handle),
                                             database_.c_str(), command, nullptr, nullptr, &error);
            bson_destroy(command);
            if (!done) throw std::runtime_error(error.message);
        };
        await(manager_.client().use_native_handle(run_command,
                                                  Deadline::in(std::chrono::minutes(4))));
    }

    DatabaseManager& manager_;
    std::string database_;
};

}  // namespace

std::unique_ptr<PlanProbe> make_mongodb_probe(DatabaseManager& manager, std::string database) {
    return std::make_unique<MongodbProbe>(manager, std::move(database));
}

}  // namespace rapport::testing
