// The workload of rapport_bench as a program on bare SQLite does it: prepared statements, the lead
// as one BSON blob beside its indexed columns, one thread that writes.
#include <fmt/format.h>
#include <sqlite3.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <stdexcept>

#include "benchmarks/bare_model.hpp"
#include "benchmarks/thread_loop.hpp"

namespace rapport::bare {
namespace {

using bench::Report;
using bench::Stopwatch;
using bench::ThreadLoop;

constexpr auto kUsage = R"(Usage: bare_sqlite COMMAND

  seed                          makes 10,000 leads and 300,000 messages in a new file
  turn CONVERSATIONS SYNC MODE SECONDS
                                load a lead, add two messages, replace it, insert them
  recent CONVERSATIONS POOL SECONDS
                                the last 20 messages of a lead
  bulk SYNC                     100,000 messages by 1,000
  stream                        100,000 messages of one lead, decoded

SYNC: full or normal (PRAGMA synchronous). MODE: single (a transaction a turn) or group (one for all
turns that wait). Environment: BENCH_DB (bench_bare), the file's name without .db.
)";

std::string path() {
    const char* name = std::getenv("BENCH_DB");
    return fmt::format("{}.db", name == nullptr ? "bench_bare" : name);
}

class Connection {
  public:
    explicit Connection(const std::string& synchronous) {
        check(sqlite3_open_v2(path().c_str(), &handle_,
                              SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
                              nullptr));
        constexpr int kPatienceMs = 10'000;
        sqlite3_busy_timeout(handle_, kPatienceMs);
        execute(
            "PRAGMA journal_mode = WAL; PRAGMA cache_size = -262144;"
            "PRAGMA mmap_size = 1073741824; PRAGMA synchronous = " +
            synchronous);
    }
    ~Connection() { sqlite3_close(handle_); }
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    void execute(const std::string& sql) const {
        check(sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr));
    }
    sqlite3_stmt* prepare(const std::string& sql) const {
        sqlite3_stmt* statement = nullptr;
        check(sqlite3_prepare_v3(handle_, sql.c_str(), -1, SQLITE_PREPARE_PERSISTENT, &statement,
                                 nullptr));
        return statement;
    }
    void check(int code) const {
        if (code != SQLITE_OK && code != SQLITE_ROW && code != SQLITE_DONE) {
            throw std::runtime_error(sqlite3_errmsg(handle_));
        }
    }

  private:
    sqlite3* handle_ = nullptr;
};

/// A prepared statement. Texts and blobs are not copied: they must live until it has run.
class Statement {
  public:
    Statement(const Connection& connection, const std::string& sql)
        : connection_(connection), statement_(connection.prepare(sql)) {}
    ~Statement() { sqlite3_finalize(statement_); }
    Statement(const Statement&) = delete;
    Statement& operator=(const Statement&) = delete;

    template <class... Values>
    void bind(const Values&... values) {
        int column = 0;
        (bind_one(++column, values), ...);
    }
    template <class... Values>
    void run(const Values&... values) {
        bind(values...);
        next();
        reset();
    }
    bool next() {
        const int code = sqlite3_step(statement_);
        connection_.check(code);
        return code == SQLITE_ROW;
    }
    void reset() { sqlite3_reset(statement_); }

    std::string text(int column) const {
        const auto* bytes = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
        return {bytes, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
    }
    std::int32_t number(int column) const { return sqlite3_column_int(statement_, column); }
    Date date(int column) const { return {sqlite3_column_int64(statement_, column)}; }
    /// Valid until the next row.
    bson_t document(int column) const {
        bson_t document;
        const auto* bytes =
            static_cast<const std::uint8_t*>(sqlite3_column_blob(statement_, column));
        bson_init_static(&document, bytes,
                         static_cast<std::size_t>(sqlite3_column_bytes(statement_, column)));
        return document;
    }

  private:
    void bind_one(int column, const std::string& value) {
        sqlite3_bind_text(statement_, column, value.data(), static_cast<int>(value.size()),
                          SQLITE_STATIC);
    }
    void bind_one(int column, std::int32_t value) { sqlite3_bind_int(statement_, column, value); }
    void bind_one(int column, Date value) { sqlite3_bind_int64(statement_, column, value.ms); }
    void bind_one(int column, const Document& value) {
        sqlite3_bind_blob(statement_, column, bson_get_data(value.get()),
                          static_cast<int>(value.get()->len), SQLITE_STATIC);
    }

    const Connection& connection_;
    sqlite3_stmt* statement_;
};

constexpr auto kMessageColumns =
    "lead_id, role, content, tokens, timestamp, created_at, updated_at";

std::string insert_into(const std::string& table) {
    return fmt::format("INSERT INTO {} ({}) VALUES (?, ?, ?, ?, ?, ?, ?)", table, kMessageColumns);
}

void insert(Statement& statement, const Message& m) {
    statement.run(m.lead_id, m.role, m.content, m.tokens, m.timestamp, m.created_at, m.updated_at);
}

Message read_message(const Statement& row) {
    return {row.text(0), row.text(1), row.text(2), row.number(3),
            row.date(4), row.date(5), row.date(6)};
}

class Session {
  public:
    explicit Session(const std::string& synchronous) : connection_(synchronous) {}

    void begin() { begin_.run(); }
    void commit() { commit_.run(); }

    Lead load(const std::string& lead_id) {
        load_.bind(lead_id);
        if (!load_.next()) throw std::runtime_error("no lead: run `bare_sqlite seed` first");
        const bson_t document = load_.document(0);
        Lead lead;
        decode(&document, lead);
        load_.reset();
        return lead;
    }
    void replace(const Lead& lead) {
        const Document document;
        encode(lead, document.get());
        replace_.run(lead.lead_id, lead.current_stage, lead.last_interaction_at,
                     lead.next_followup_at, lead.message_count, document);
    }
    void insert(const Message& message) { bare::insert(insert_, message); }

    std::vector<Message> recent(const std::string& lead_id) {
        constexpr std::size_t kMost = 20;
        std::vector<Message> messages;
        messages.reserve(kMost);
        recent_.bind(lead_id);
        while (recent_.next()) messages.push_back(read_message(recent_));
        recent_.reset();
        std::ranges::reverse(messages);
        return messages;
    }

  private:
    Connection connection_;
    Statement begin_{connection_, "BEGIN IMMEDIATE"};
    Statement commit_{connection_, "COMMIT"};
    Statement load_{connection_, "SELECT doc FROM leads WHERE lead_id = ?"};
    Statement replace_{
        connection_,
        "INSERT INTO leads VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (lead_id) DO UPDATE SET "
        "stage = excluded.stage, last_interaction_at = excluded.last_interaction_at, "
        "next_followup_at = excluded.next_followup_at, message_count = excluded.message_count, "
        "doc = excluded.doc"};
    Statement insert_{connection_, insert_into("messages")};
    Statement recent_{connection_, fmt::format("SELECT {} FROM messages WHERE lead_id = ? "
                                               "ORDER BY timestamp DESC LIMIT 20",
                                               kMessageColumns)};
};

void create_messages(const Connection& connection, const std::string& table) {
    connection.execute(fmt::format(
        "CREATE TABLE {0} (id INTEGER PRIMARY KEY, lead_id TEXT, role TEXT, content TEXT,"
        " tokens INT, timestamp INT, created_at INT, updated_at INT);"
        "CREATE INDEX {0}_of_lead ON {0} (lead_id, timestamp DESC);"
        "CREATE INDEX {0}_by_time ON {0} (timestamp);"
        "CREATE INDEX {0}_by_creation ON {0} (created_at);",
        table));
}

void create_tables() {
    for (const auto* suffix : {"", "-wal", "-shm"}) std::filesystem::remove(path() + suffix);
    const Connection connection("normal");
    connection.execute(
        "CREATE TABLE leads (lead_id TEXT PRIMARY KEY, stage TEXT, last_interaction_at INT,"
        " next_followup_at INT, message_count INT, doc BLOB);"
        "CREATE INDEX leads_by_stage ON leads (stage, last_interaction_at DESC);"
        "CREATE INDEX leads_by_followup ON leads (next_followup_at)"
        " WHERE next_followup_at IS NOT NULL;");
    create_messages(connection, "messages");
    create_messages(connection, "bulk");
}

void seed() {
    create_tables();
    Session session("normal");
    const Date at = now();
    session.begin();
    for (int i = 0; i < kLeads; ++i) {
        const Lead lead = make_lead(i, at);
        session.replace(lead);
        for (const Message& message : lead.recent_history) session.insert(message);
    }
    for (int i = 0; i < kTalk; ++i) {
        session.insert(make_message(kTalkative, i, {at.ms - (kTalk - i) * 1000LL}));
    }
    session.commit();
    Connection("normal").execute("PRAGMA wal_checkpoint(TRUNCATE)");
}

std::string any_lead(std::mt19937& random) {
    return lead_id(std::uniform_int_distribution(0, kLeads - 1)(random));
}

void take_turn(Session& session, const std::string& lead_id, int turn) {
    Lead lead = session.load(lead_id);
    const Date at = now();
    const Message asked = make_message(lead_id, 2 * turn, at);
    const Message answered = make_message(lead_id, 2 * turn + 1, {at.ms + 1});
    lead.add(asked);
    lead.add(answered);
    session.replace(lead);
    session.insert(asked);
    session.insert(answered);
}

Report turn(int conversations, const std::string& synchronous, const std::string& mode,
            double seconds) {
    const ThreadLoop loop{.conversations = conversations,
                          .at_once = mode == "group" ? conversations : 1,
                          .seconds = seconds};
    return loop.run([&]() -> ThreadLoop::Step {
        auto session = std::make_shared<Session>(synchronous);
        return [session, turn = 0](int count, std::mt19937& random) mutable {
            session->begin();
            for (int i = 0; i < count; ++i) take_turn(*session, any_lead(random), turn++);
            session->commit();
        };
    });
}

Report recent(int conversations, int pool, double seconds) {
    const ThreadLoop loop{.conversations = conversations, .threads = pool, .seconds = seconds};
    return loop.run([&]() -> ThreadLoop::Step {
        auto session = std::make_shared<Session>("normal");
        return [session](int, std::mt19937& random) {
            if (session->recent(any_lead(random)).size() != 20) {
                throw std::runtime_error("a lead without its 20 messages");
            }
        };
    });
}

Report bulk(const std::string& synchronous) {
    const Connection connection(synchronous);
    connection.execute("DELETE FROM bulk");
    Statement into(connection, insert_into("bulk"));
    constexpr int kStep = 1000;
    constexpr int kAll = 100 * kStep;
    const Date at = now();
    Report report{.count = kAll};
    const Stopwatch watch;
    for (int from = 0; from < kAll; from += kStep) {
        connection.execute("BEGIN IMMEDIATE");
        for (int i = from; i < from + kStep; ++i) {
            insert(into, make_message(lead_id(i * 7 % kLeads), i, {at.ms + i}));
        }
        connection.execute("COMMIT");
    }
    watch.stop(report);
    return report;
}

Report stream() {
    const Connection connection("normal");
    Statement all(connection,
                  fmt::format("SELECT {} FROM messages WHERE lead_id = ? ORDER BY timestamp",
                              kMessageColumns));
    const std::string talkative = kTalkative;
    const auto read_all = [&] {
        std::size_t count = 0;
        std::int64_t tokens = 0;
        all.bind(talkative);
        for (; all.next(); ++count) tokens += read_message(all).tokens;
        all.reset();
        if (tokens == 0) throw std::runtime_error("no messages: run `bare_sqlite seed` first");
        return count;
    };
    read_all();
    const Stopwatch watch;
    Report report{.count = read_all()};
    watch.stop(report);
    return report;
}

int run(const std::vector<std::string>& arguments) {
    const std::string& command = arguments.at(0);
    const auto number = [&](std::size_t i) { return std::stoi(arguments.at(i)); };
    Report report;
    std::string synchronous = "normal";
    std::string mode;
    if (command == "seed") {
        seed();
        return 0;
    }
    if (command == "turn") {
        synchronous = arguments.at(2);
        mode = "-" + arguments.at(3);
        report = turn(number(1), synchronous, arguments.at(3), std::stod(arguments.at(4)));
    } else if (command == "recent") {
        report = recent(number(1), number(2), std::stod(arguments.at(3)));
    } else if (command == "bulk") {
        synchronous = arguments.at(1);
        report = bulk(synchronous);
    } else if (command == "stream") {
        report = stream();
    } else {
        fmt::print(stderr, "{}", kUsage);
        return 2;
    }
    report.peer = "bare-sqlite" + mode;
    report.op = command;
    report.concern = synchronous;
    report.print();
    return 0;
}

}  // namespace
}  // namespace rapport::bare

int main(int argc, char** argv) {
    const std::vector<std::string> arguments(argv + 1, argv + argc);
    if (arguments.empty()) {
        fmt::print(stderr, "{}", rapport::bare::kUsage);
        return 2;
    }
    try {
        return rapport::bare::run(arguments);
    } catch (const std::exception& error) {
        fmt::print(stderr, "bare_sqlite: {}\n", error.what());
        return 1;
    }
}
