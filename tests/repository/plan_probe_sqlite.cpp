#include <fmt/format.h>
#include <sqlite3.h>

#include <mutex>
#include <set>
#include <stdexcept>

#include "tests/repository/plan_probe.hpp"

namespace rapport::testing {
namespace {

std::mutex traced_mutex;
std::set<std::string> traced;

int trace(unsigned, void*, void* statement, void*) {
    const char* sql = sqlite3_sql(static_cast<sqlite3_stmt*>(statement));
    const std::scoped_lock lock(traced_mutex);
    if (sql != nullptr) traced.insert(sql);
    return 0;
}

int trace_connection(sqlite3* database, const char**, const void*) {
    return sqlite3_trace_v2(database, SQLITE_TRACE_STMT, trace, nullptr);
}

constexpr const char* kSqliteLeads = R"(
    WITH RECURSIVE numbers(n) AS (SELECT 0 UNION ALL SELECT n+1 FROM numbers WHERE n+1 < {})
    INSERT INTO leads (_id, lead_id, current_stage, recent_history, signals, message_count,
        next_followup_at, last_interaction_at, handoff_status, created_at, updated_at, version,
        settled_count, recent_turns)
    SELECT printf('%024x', n+1), '+5255' || (10000000+n),
        CASE n % 7 WHEN 0 THEN '0 - initial_contact' WHEN 1 THEN '1 - discovery'
            WHEN 2 THEN '2 - qualified' WHEN 3 THEN '3 - demo_scheduled' WHEN 4 THEN '4 - on_hold'
            WHEN 5 THEN '5 - closed_won' ELSE '6 - closed_lost' END,
        '[]', '[]', n % 50,
        CASE WHEN n % 10 = 0 THEN strftime('%Y-%m-%dT%H:%M:%S.000Z', 1700000000+n, 'unixepoch') END,
        strftime('%Y-%m-%dT%H:%M:%S.000Z', 1700000000+(n*7919)%100000, 'unixepoch'), 'none',
        '2024-01-01T00:00:00.000Z', '2024-01-01T00:00:00.000Z', 1, 0, '[]'
    FROM numbers)";

constexpr const char* kSqliteMessages = R"(
    WITH RECURSIVE numbers(n) AS (SELECT 0 UNION ALL SELECT n+1 FROM numbers WHERE n+1 < {0})
    INSERT INTO messages (_id, lead_id, role, content, tokens, timestamp, created_at, updated_at,
        seq)
    SELECT printf('%024x', n+1),
        '+5255' || (10000000 + CASE WHEN n < {0}/10 THEN 0 WHEN n < {0}/5 THEN 1 ELSE n % {1} END),
        CASE n % 2 WHEN 0 THEN 'lead' ELSE 'assistant' END, 'text', 1,
        strftime('%Y-%m-%dT%H:%M:%S.000Z', 1700000000+n, 'unixepoch'),
        strftime('%Y-%m-%dT%H:%M:%S.000Z', 'now'), strftime('%Y-%m-%dT%H:%M:%S.000Z', 'now'), n+1
    FROM numbers)";

class SqliteProbe final : public PlanProbe {
  public:
    explicit SqliteProbe(DatabaseManager& manager) : manager_(manager) {
        sqlite3_auto_extension(reinterpret_cast<void (*)()>(trace_connection));
    }
    ~SqliteProbe() override {
        sqlite3_cancel_auto_extension(reinterpret_cast<void (*)()>(trace_connection));
    }

    void fill(int leads, int messages) override {
        const auto fill_all = [&](void* handle) {
            execute(static_cast<sqlite3*>(handle), fmt::format(kSqliteLeads, leads));
            execute(static_cast<sqlite3*>(handle), fmt::format(kSqliteMessages, messages, leads));
        };
        await(manager_.client().use_native_handle(fill_all, Deadline::in(std::chrono::minutes(4))));
    }

    void start() override {
        const std::scoped_lock lock(traced_mutex);
        traced.clear();
    }

    std::vector<Plan> plans() override {
        std::set<std::string> statements;
        {
            const std::scoped_lock lock(traced_mutex);
            statements.swap(traced);
        }
        std::vector<Plan> plans;
        await(manager_.client().use_native_handle([&](void* handle) {
            for (const std::string& sql : statements) {
                if (sql.starts_with("SELECT") || sql.starts_with("UPDATE") ||
                    sql.starts_with("DELETE") || sql.starts_with("WITH")) {
                    plans.push_back(explain(static_cast<sqlite3*>(handle), sql));
                }
            }
        }));
        return plans;
    }

  private:
    static void execute(sqlite3* database, const std::string& sql) {
        if (sqlite3_exec(database, sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) {
            throw std::runtime_error(sqlite3_errmsg(database));
        }
    }

    static Plan explain(sqlite3* database, const std::string& sql) {
        Plan plan{sql, {}, true};
        sqlite3_stmt* statement = nullptr;
        const std::string explain = "EXPLAIN QUERY PLAN " + sql;
        if (sqlite3_prepare_v2(database, explain.c_str(), -1, &statement, nullptr) != SQLITE_OK) {
            throw std::runtime_error(sqlite3_errmsg(database));
        }
        while (sqlite3_step(statement) == SQLITE_ROW) {
            const std::string step(
                reinterpret_cast<const char*>(sqlite3_column_text(statement, 3)));
            plan.plan += step + "; ";
            const bool reads = step.starts_with("SCAN") || step.starts_with("SEARCH");
            if (reads && step.find(" USING ") == std::string::npos) plan.uses_index = false;
            if (step.find("TEMP B-TREE") != std::string::npos) plan.sorts_in_memory = true;
        }
        sqlite3_finalize(statement);
        return plan;
    }

    DatabaseManager& manager_;
};

}  // namespace

std::unique_ptr<PlanProbe> make_sqlite_probe(DatabaseManager& manager) {
    return std::make_unique<SqliteProbe>(manager);
}

}  // namespace rapport::testing
