// The workload of rapport_bench as a program on bare libmongoc does it: a pool of threads, each
// with a client of its own, typed structs in and out, the whole lead replaced on each turn.
#include <fmt/format.h>
#include <mongoc/mongoc.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <stdexcept>

#include "benchmarks/bare_model.hpp"
#include "benchmarks/thread_loop.hpp"

namespace rapport::bare {
namespace {

using bench::Report;
using bench::Stopwatch;
using bench::ThreadLoop;

constexpr auto kUsage = R"(Usage: bare_mongodb COMMAND

  seed DATABASE                 drops it and makes 10,000 leads and 300,000 messages
  turn CONVERSATIONS POOL CONCERN SECONDS
                                load a lead, add two messages, replace it, insert them
  recent CONVERSATIONS POOL SECONDS
                                the last 20 messages of a lead
  bulk                          100,000 messages by 1,000
  stream                        100,000 messages of one lead, decoded

CONCERN: w1 (w:1) or maj (w:majority, journal). Environment: BENCH_DB (bench_bare; must begin with
bench_), BENCH_PORT (27117), MONGOD_PID, for the server's CPU.
)";

template <auto kFree>
struct Freed {
    template <class T>
    void operator()(T* object) const {
        kFree(object);
    }
};
using Cursor = std::unique_ptr<mongoc_cursor_t, Freed<mongoc_cursor_destroy>>;
using Collection = std::unique_ptr<mongoc_collection_t, Freed<mongoc_collection_destroy>>;
using Uri = std::unique_ptr<mongoc_uri_t, Freed<mongoc_uri_destroy>>;
using Pool = std::unique_ptr<mongoc_client_pool_t, Freed<mongoc_client_pool_destroy>>;

std::string variable(const char* name, const char* otherwise) {
    const char* value = std::getenv(name);
    return value == nullptr ? otherwise : value;
}

void check(bool done, const bson_error_t& error) {
    if (!done) throw std::runtime_error(error.message);
}

Pool make_pool(const std::string& size, const std::string& concern) {
    const Uri uri(
        mongoc_uri_new(fmt::format("mongodb://127.0.0.1:{}/?replicaSet=rs0&maxPoolSize={}{}",
                                   variable("BENCH_PORT", "27117"), size,
                                   concern == "w1" ? "&w=1" : "&w=majority&journal=true")
                           .c_str()));
    Pool pool(mongoc_client_pool_new(uri.get()));
    mongoc_client_pool_set_error_api(pool.get(), MONGOC_ERROR_API_VERSION_2);
    return pool;
}

/// One thread's client and what it does with it.
class Session {
  public:
    Session(mongoc_client_pool_t* pool, const std::string& database)
        : pool_(pool),
          client_(mongoc_client_pool_pop(pool)),
          database_(database),
          leads_(collection("leads")),
          messages_(collection("messages")) {}
    ~Session() {
        leads_.reset();
        messages_.reset();
        mongoc_client_pool_push(pool_, client_);
    }
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    Collection collection(const char* name) const {
        return Collection(mongoc_client_get_collection(client_, database_.c_str(), name));
    }
    mongoc_collection_t* leads() const { return leads_.get(); }
    mongoc_collection_t* messages() const { return messages_.get(); }

    void drop_database() const {
        const Document drop(BCON_NEW("dropDatabase", BCON_INT32(1)));
        run(drop.get());
    }
    void create_index(const char* collection, const char* name, Document key, bool unique = false,
                      bool sparse = false) const {
        const Document create(BCON_NEW("createIndexes", BCON_UTF8(collection), "indexes", "[", "{",
                                       "name", BCON_UTF8(name), "key", BCON_DOCUMENT(key.get()),
                                       "unique", BCON_BOOL(unique), "sparse", BCON_BOOL(sparse),
                                       "}", "]"));
        run(create.get());
    }

    Lead load(const std::string& lead_id) const;
    void replace(const Lead& lead) const;

  private:
    void run(const bson_t* command) const {
        bson_error_t error{};
        check(mongoc_client_command_simple(client_, database_.c_str(), command, nullptr, nullptr,
                                           &error),
              error);
    }

    mongoc_client_pool_t* pool_;
    mongoc_client_t* client_;
    std::string database_;
    Collection leads_;
    Collection messages_;
};

/// Calls `each` with every document that the query finds.
template <class Each>
void find(mongoc_collection_t* collection, const std::string& lead_id, const bson_t* options,
          Each each) {
    const Document filter(BCON_NEW("lead_id", BCON_UTF8(lead_id.c_str())));
    const Cursor cursor(
        mongoc_collection_find_with_opts(collection, filter.get(), options, nullptr));
    const bson_t* document = nullptr;
    while (mongoc_cursor_next(cursor.get(), &document)) each(document);
    bson_error_t error{};
    check(!mongoc_cursor_error(cursor.get(), &error), error);
}

Lead Session::load(const std::string& lead_id) const {
    static const Document one(BCON_NEW("limit", BCON_INT64(1), "singleBatch", BCON_BOOL(true)));
    Lead lead;
    find(leads(), lead_id, one.get(), [&](const bson_t* document) { decode(document, lead); });
    if (lead.lead_id.empty()) throw std::runtime_error("no lead: run `bare_mongodb seed` first");
    return lead;
}

void Session::replace(const Lead& lead) const {
    static const Document upsert(BCON_NEW("upsert", BCON_BOOL(true)));
    const Document filter(BCON_NEW("lead_id", BCON_UTF8(lead.lead_id.c_str())));
    const Document document;
    encode(lead, document.get());
    bson_error_t error{};
    check(mongoc_collection_replace_one(leads(), filter.get(), document.get(), upsert.get(),
                                        nullptr, &error),
          error);
}

template <class Object>
void insert(mongoc_collection_t* collection, const std::vector<Object>& objects) {
    std::vector<Document> documents;
    documents.reserve(objects.size());
    std::vector<const bson_t*> pointers;
    for (const Object& object : objects) {
        const auto& document = documents.emplace_back();
        bson_oid_t id;
        bson_oid_init(&id, nullptr);
        BSON_APPEND_OID(document.get(), "_id", &id);
        encode(object, document.get());
        pointers.push_back(document.get());
    }
    bson_error_t error{};
    check(mongoc_collection_insert_many(collection, pointers.data(), pointers.size(), nullptr,
                                        nullptr, &error),
          error);
}

void index_messages(const Session& session, const char* collection) {
    session.create_index(collection, "idx_lead_messages",
                         Document(BCON_NEW("lead_id", BCON_INT32(1), "timestamp", BCON_INT32(-1))));
    session.create_index(collection, "idx_timestamp",
                         Document(BCON_NEW("timestamp", BCON_INT32(1))));
    session.create_index(collection, "idx_message_ttl",
                         Document(BCON_NEW("created_at", BCON_INT32(1))));
}

void index_leads(const Session& session) {
    session.create_index("leads", "idx_lead_id_unique",
                         Document(BCON_NEW("lead_id", BCON_INT32(1))), true);
    session.create_index(
        "leads", "idx_stage_last_interaction",
        Document(BCON_NEW("current_stage", BCON_INT32(1), "last_interaction_at", BCON_INT32(-1))));
    session.create_index("leads", "idx_next_followup",
                         Document(BCON_NEW("next_followup_at", BCON_INT32(1))), false, true);
}

void seed(const std::string& database) {
    const Pool pool = make_pool("1", "w1");
    const Session session(pool.get(), database);
    session.drop_database();
    index_leads(session);
    index_messages(session, "messages");
    const Date at = now();
    constexpr int kStep = 500;
    for (int from = 0; from < kLeads; from += kStep) {
        std::vector<Lead> leads;
        std::vector<Message> messages;
        for (int i = from; i < from + kStep; ++i) {
            leads.push_back(make_lead(i, at));
            const auto& history = leads.back().recent_history;
            messages.insert(messages.end(), history.begin(), history.end());
        }
        insert(session.leads(), leads);
        insert(session.messages(), messages);
    }
    constexpr int kLines = 1000;
    for (int from = 0; from < kTalk; from += kLines) {
        std::vector<Message> messages;
        for (int i = from; i < from + kLines; ++i) {
            messages.push_back(make_message(kTalkative, i, {at.ms - (kTalk - i) * 1000LL}));
        }
        insert(session.messages(), messages);
    }
}

std::string any_lead(std::mt19937& random) {
    return lead_id(std::uniform_int_distribution(0, kLeads - 1)(random));
}

void take_turn(const Session& session, const std::string& lead_id, int turn) {
    Lead lead = session.load(lead_id);
    const Date at = now();
    const std::vector<Message> said{make_message(lead_id, 2 * turn, at),
                                    make_message(lead_id, 2 * turn + 1, {at.ms + 1})};
    for (const Message& message : said) lead.add(message);
    session.replace(lead);
    insert(session.messages(), said);
}

void read_recent(const Session& session, const std::string& lead_id) {
    static const Document newest(
        BCON_NEW("sort", "{", "timestamp", BCON_INT32(-1), "}", "limit", BCON_INT64(20)));
    std::vector<Message> messages;
    messages.reserve(20);
    find(session.messages(), lead_id, newest.get(),
         [&](const bson_t* document) { decode(document, messages.emplace_back()); });
    std::ranges::reverse(messages);
    if (messages.size() != 20) throw std::runtime_error("a lead without its 20 messages");
}

/// Runs `step(session, random)` in a closed loop, each thread with its own session.
template <class Step>
Report loop(const ThreadLoop& loop, const std::string& database, const std::string& concern,
            Step step) {
    const Pool pool = make_pool(std::to_string(loop.threads), concern);
    return loop.run([&]() -> ThreadLoop::Step {
        auto session = std::make_shared<Session>(pool.get(), database);
        return [session, step](int, std::mt19937& random) mutable { step(*session, random); };
    });
}

Report bulk(const std::string& database) {
    const Pool pool = make_pool("1", "w1");
    const Session session(pool.get(), database);
    const Collection collection = session.collection("bulk");
    mongoc_collection_drop(collection.get(), nullptr);
    index_messages(session, "bulk");
    constexpr int kStep = 1000;
    constexpr int kAll = 100 * kStep;
    const Date at = now();
    Report report{.count = kAll};
    const Stopwatch watch;
    for (int from = 0; from < kAll; from += kStep) {
        std::vector<Message> messages;
        messages.reserve(kStep);
        for (int i = from; i < from + kStep; ++i) {
            messages.push_back(make_message(lead_id(i * 7 % kLeads), i, {at.ms + i}));
        }
        insert(collection.get(), messages);
    }
    watch.stop(report);
    mongoc_collection_drop(collection.get(), nullptr);
    return report;
}

std::size_t read_all(const Session& session) {
    static const Document oldest_first(BCON_NEW("sort", "{", "timestamp", BCON_INT32(1), "}"));
    std::size_t count = 0;
    std::int64_t tokens = 0;
    find(session.messages(), kTalkative, oldest_first.get(), [&](const bson_t* document) {
        Message message;
        decode(document, message);
        tokens += message.tokens;
        ++count;
    });
    if (tokens == 0) throw std::runtime_error("no messages: run `bare_mongodb seed` first");
    return count;
}

Report stream(const std::string& database) {
    const Pool pool = make_pool("1", "w1");
    const Session session(pool.get(), database);
    read_all(session);
    const Stopwatch watch;
    Report report{.count = read_all(session)};
    watch.stop(report);
    return report;
}

int run(const std::vector<std::string>& arguments) {
    const std::string& command = arguments.at(0);
    const std::string database =
        command == "seed" ? arguments.at(1) : variable("BENCH_DB", "bench_bare");
    if (!database.starts_with("bench_"))
        throw std::runtime_error("not the name of a benchmark's database");
    const auto number = [&](std::size_t i) { return std::stoi(arguments.at(i)); };
    Report report;
    std::string concern = "w1";
    if (command == "seed") {
        seed(database);
        return 0;
    }
    if (command == "turn") {
        concern = arguments.at(3);
        report = loop({.conversations = number(1),
                       .threads = number(2),
                       .seconds = std::stod(arguments.at(4))},
                      database, concern,
                      [turn = 0](const Session& session, std::mt19937& random) mutable {
                          take_turn(session, any_lead(random), turn++);
                      });
    } else if (command == "recent") {
        report = loop({.conversations = number(1),
                       .threads = number(2),
                       .seconds = std::stod(arguments.at(3))},
                      database, concern, [](const Session& session, std::mt19937& random) {
                          read_recent(session, any_lead(random));
                      });
    } else if (command == "bulk") {
        report = bulk(database);
    } else if (command == "stream") {
        report = stream(database);
    } else {
        fmt::print(stderr, "{}", kUsage);
        return 2;
    }
    report.peer = "bare-mongodb";
    report.op = command;
    report.concern = concern;
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
    mongoc_init();
    int code = 1;
    try {
        code = rapport::bare::run(arguments);
    } catch (const std::exception& error) {
        fmt::print(stderr, "bare_mongodb: {}\n", error.what());
    }
    mongoc_cleanup();
    return code;
}
