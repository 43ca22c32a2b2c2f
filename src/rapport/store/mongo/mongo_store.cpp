#include "rapport/store/mongo/mongo_store.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <mutex>
#include <utility>

#include "rapport/core/error.hpp"
#include "rapport/store/executor.hpp"
#include "rapport/store/mongo/driver.hpp"
#include "rapport/store/mongo/indexes.hpp"
#include "rapport/store/mongo/query.hpp"

namespace rapport {
namespace {

using mongo::BsonView;
using mongo::Session;

struct DestroyUri {
    void operator()(mongoc_uri_t* uri) const { mongoc_uri_destroy(uri); }
};
using Uri = std::unique_ptr<mongoc_uri_t, DestroyUri>;

/// Lives until the last worker has given its client back.
using Pool = std::shared_ptr<mongoc_client_pool_t>;

struct DestroyCursor {
    void operator()(mongoc_cursor_t* cursor) const { mongoc_cursor_destroy(cursor); }
};
using Cursor = std::unique_ptr<mongoc_cursor_t, DestroyCursor>;

struct DestroyCollection {
    void operator()(mongoc_collection_t* collection) const {
        mongoc_collection_destroy(collection);
    }
};
using CollectionHandle = std::unique_ptr<mongoc_collection_t, DestroyCollection>;

/// One client of the pool for as long as it lives.
class MongoWorker final : public Worker {
  public:
    MongoWorker(Pool pool, const MongoOptions& options)
        : pool_(std::move(pool)),
          session_{mongoc_client_pool_pop(pool_.get()), options.database},
          collections_(options.collections) {}
    ~MongoWorker() override { mongoc_client_pool_push(pool_.get(), session_.client); }
    MongoWorker(const MongoWorker&) = delete;
    MongoWorker& operator=(const MongoWorker&) = delete;

    Result run(const Operation& operation, Deadline deadline) override {
        return std::visit([&](const auto& op) { return run(op, deadline); }, operation);
    }

  private:
    Result run(const FindDocuments& find, Deadline deadline) {
        const Document filter = find.sort.empty() ? mongo::to_filter(find.filter)
                                                  : mongo::to_ordered_filter(find.filter);
        BsonWriter options;
        if (!find.sort.empty()) options.add("sort", mongo::to_sort(find.sort));
        if (find.limit > 0) options.add("limit", find.limit);
        if (find.skip > 0) options.add("skip", find.skip);
        mongo::add_time_limit(options, deadline);
        const Document opts = options.finish();
        const auto collection = handle(*find.collection);
        const Cursor cursor(mongoc_collection_find_with_opts(
            collection.get(), BsonView(filter).get(), BsonView(opts).get(), nullptr));
        return read_all(cursor.get(), deadline);
    }

    Result run(const InsertDocuments& insert, Deadline deadline) {
        for (const Document& document : insert.documents) {
            if (document.bytes().size() > kMaxDocumentBytes) {
                throw InvalidArgument(fmt::format(
                    "{}: a document of {} bytes; at most {} are allowed", insert.collection->name,
                    document.bytes().size(), kMaxDocumentBytes));
            }
        }
        std::vector<Duplicate> duplicates;
        for (std::size_t from = 0; from < insert.documents.size();) {
            from = insert_some(insert, from, deadline, duplicates);
        }
        return duplicates;
    }

    /// Inserts what fits into one command, from this position on; returns where the next starts.
    std::size_t insert_some(const InsertDocuments& insert, std::size_t from, Deadline deadline,
                            std::vector<Duplicate>& duplicates) {
        BsonWriter command;
        command.add("insert", insert.collection->name);
        command.add("ordered", false);
        mongo::add_time_limit(command, deadline);
        command.begin_array("documents");
        std::size_t bytes = 0;
        std::size_t end = from;
        do {
            bytes += insert.documents[end].bytes().size();
            command.add({}, insert.documents[end]);
            ++end;
        } while (end < insert.documents.size() &&
                 bytes + insert.documents[end].bytes().size() <= kMaxDocumentBytes);
        command.end();
        const Document answer = mongo::write_command(session_, command.finish(), deadline);
        mongo::for_each_element(answer, "writeErrors", [&](const BsonElement& error) {
            duplicates.push_back(read_duplicate(*insert.collection, error, from, deadline));
        });
        return end;
    }

    static Duplicate read_duplicate(const Collection& collection, const BsonElement& error,
                                    std::size_t from, Deadline deadline) {
        constexpr std::int64_t kDuplicateKey = 11000;
        Duplicate duplicate{from, "_id"};
        std::int64_t code = 0;
        std::vector<SortKey> keys;
        for (BsonReader in(error.as_nested()); !in.at_end();) {
            const BsonElement member = in.next();
            if (member.name() == "code") code = member.as_integer();
            if (member.name() == "index") {
                duplicate.position += static_cast<std::size_t>(member.as_integer());
            }
            if (member.name() != "keyPattern") continue;
            for (BsonReader pattern(member.as_nested()); !pattern.at_end();) {
                keys.push_back({std::string(pattern.next().name()), false});
            }
        }
        if (code != kDuplicateKey) mongo::translate_server_code(code, deadline);
        for (const Index& index : collection.indexes) {
            if (index.unique && index.keys == keys) duplicate.index = index.name;
        }
        return duplicate;
    }

    Result run(const UpdateDocuments& update, Deadline deadline) {
        BsonWriter command;
        command.add("update", update.collection->name);
        mongo::add_time_limit(command, deadline);
        command.begin_array("updates");
        command.begin_document({});
        command.add("q", mongo::to_filter(update.filter));
        command.add("u", mongo::to_update(update.changes));
        command.add("multi", update.many);
        return changed(command, deadline);
    }

    Result run(const RemoveDocuments& remove, Deadline deadline) {
        BsonWriter command;
        command.add("delete", remove.collection->name);
        mongo::add_time_limit(command, deadline);
        command.begin_array("deletes");
        command.begin_document({});
        command.add("q", mongo::to_filter(remove.filter));
        command.add("limit", std::int64_t{0});
        return changed(command, deadline);
    }

    Result changed(BsonWriter& command, Deadline deadline) {
        const Document answer = mongo::write_command(session_, command.finish(), deadline);
        mongo::for_each_element(answer, "writeErrors", [&](const BsonElement& error) {
            const Document of_statement{std::string(error.as_nested())};
            const Scalar code = scalar_at(of_statement, "code");
            mongo::translate_server_code(std::get<std::int64_t>(code), deadline);
        });
        return std::get<std::int64_t>(scalar_at(answer, "n"));
    }

    Result run(const AggregateDocuments& aggregate, Deadline deadline) {
        const Document pipeline = mongo::to_pipeline(aggregate);
        BsonWriter options;
        mongo::add_time_limit(options, deadline);
        const auto* all = std::get_if<AllOf>(&aggregate.filter);
        if (all != nullptr && all->parts.empty() && aggregate.sum.empty()) {
            // Counting everything: walk an index, not the documents.
            options.begin_document("hint");
            options.add("_id", std::int64_t{1});
            options.end();
        }
        const Document opts = options.finish();
        const auto collection = handle(*aggregate.collection);
        const Cursor cursor(mongoc_collection_aggregate(collection.get(), MONGOC_QUERY_NONE,
                                                        BsonView(pipeline).get(),
                                                        BsonView(opts).get(), nullptr));
        std::vector<Group> groups;
        for (const Document& document : read_all(cursor.get(), deadline)) {
            Group group{scalar_at(document, "_id")};
            group.count = std::get<std::int64_t>(scalar_at(document, "count"));
            const Scalar sum = scalar_at(document, "sum");
            if (const auto* whole = std::get_if<std::int64_t>(&sum)) group.sum = *whole;
            if (const auto* real = std::get_if<double>(&sum)) {
                group.sum = static_cast<std::int64_t>(*real);
            }
            groups.push_back(std::move(group));
        }
        if (groups.empty() && aggregate.group_by.empty()) groups.emplace_back();
        return groups;
    }

    Result run(const EnsureIndexes&, Deadline deadline) {
        mongo::ensure_indexes(session_, collections_, deadline);
        return {};
    }

    Result run(const Ping&, Deadline deadline) {
        const auto ask = [&](const char* command) {
            BsonWriter out;
            out.add(command, std::int64_t{1});
            return mongo::run_command(session_, out.finish(), deadline);
        };
        const Document hello = ask("hello");
        ServerInfo info{"mongodb", {}, "standalone"};
        // A ping proves more than hello: that this user may ask.
        ask("ping");
        const Scalar version = scalar_at(ask("buildInfo"), "version");
        if (const auto* text = std::get_if<std::string>(&version)) info.version = *text;
        const Scalar set = scalar_at(hello, "setName");
        if (const auto* name = std::get_if<std::string>(&set)) {
            info.topology = "replica set " + *name;
        } else if (scalar_at(hello, "msg") == Scalar(std::string("isdbgrid"))) {
            info.topology = "sharded cluster";
        }
        return info;
    }

    Result run(const UseNativeHandle& native, Deadline) {
        native.use(session_.client);
        return {};
    }

    CollectionHandle handle(const Collection& collection) const {
        return CollectionHandle(mongoc_client_get_collection(
            session_.client, session_.database.c_str(), collection.name.c_str()));
    }

    static std::vector<Document> read_all(mongoc_cursor_t* cursor, Deadline deadline) {
        std::vector<Document> documents;
        const bson_t* document = nullptr;
        while (mongoc_cursor_next(cursor, &document)) {
            documents.push_back(mongo::copy_document(*document));
        }
        bson_error_t error{};
        if (mongoc_cursor_error(cursor, &error)) mongo::translate(error, deadline);
        return documents;
    }

    Pool pool_;
    Session session_;
    const std::vector<Collection>& collections_;
};

/// What holds unless the URI says otherwise.
void set_defaults(mongoc_uri_t* uri, const MongoOptions& options) {
    const bson_t* given = mongoc_uri_get_options(uri);
    const bool says_writes =
        bson_has_field(given, MONGOC_URI_W) || bson_has_field(given, MONGOC_URI_JOURNAL);
    const bool says_reads = bson_has_field(given, MONGOC_URI_READCONCERNLEVEL);
    const auto set_number = [&](const char* option, std::int64_t value) {
        if (!mongoc_uri_has_option(uri, option)) {
            mongoc_uri_set_option_as_int32(uri, option, static_cast<std::int32_t>(value));
        }
    };
    constexpr std::int64_t kSocketTimeoutMs = 60'000;
    set_number(MONGOC_URI_SERVERSELECTIONTIMEOUTMS, options.server_selection_timeout.count());
    set_number(MONGOC_URI_CONNECTTIMEOUTMS, options.server_selection_timeout.count());
    set_number(MONGOC_URI_SOCKETTIMEOUTMS, kSocketTimeoutMs);
    set_number(MONGOC_URI_MAXPOOLSIZE, static_cast<std::int64_t>(options.max_pool_size));
    if (!says_writes) {
        mongoc_write_concern_t* concern = mongoc_write_concern_new();
        mongoc_write_concern_set_w(concern, MONGOC_WRITE_CONCERN_W_MAJORITY);
        mongoc_write_concern_set_journal(concern, true);
        mongoc_uri_set_write_concern(uri, concern);
        mongoc_write_concern_destroy(concern);
    }
    if (!says_reads) {
        mongoc_read_concern_t* concern = mongoc_read_concern_new();
        mongoc_read_concern_set_level(concern, MONGOC_READ_CONCERN_LEVEL_MAJORITY);
        mongoc_uri_set_read_concern(uri, concern);
        mongoc_read_concern_destroy(concern);
    }
    if (mongoc_uri_get_appname(uri) == nullptr) mongoc_uri_set_appname(uri, "rapport");
}

std::string host_list(const mongoc_uri_t* uri) {
    std::string hosts;
    for (const auto* host = mongoc_uri_get_hosts(uri); host != nullptr; host = host->next) {
        if (!hosts.empty()) hosts += ',';
        hosts += host->host_and_port;
    }
    return hosts;
}

class MongoStore final : public Store {
  public:
    explicit MongoStore(MongoOptions options) : options_(std::move(options)) {
        static const bool initialised = [] {
            mongoc_init();
            // The driver's own log would write addresses and server text to stderr.
            mongoc_log_set_handler([](mongoc_log_level_t, const char*, const char*, void*) {},
                                   nullptr);
            return true;
        }();
        static_cast<void>(initialised);
        bson_error_t error{};
        // Behind an unescaped @ or / the driver would take part of a password for a host.
        const std::string before_options = options_.uri.substr(0, options_.uri.find('?'));
        const bool ambiguous = std::ranges::count(before_options, '@') > 1;
        if (!ambiguous) uri_.reset(mongoc_uri_new_with_error(options_.uri.c_str(), &error));
        if (!uri_) {
            throw InvalidArgument(
                "MONGODB_URI: not a MongoDB URI; expected mongodb://[user:password@]host[:port]/"
                "[database][?options], with special characters of the password written as %XX");
        }
        set_defaults(uri_.get(), options_);
    }
    ~MongoStore() override { close(); }

    void open() override {
        bson_error_t error{};
        mongoc_client_pool_t* made = mongoc_client_pool_new_with_error(uri_.get(), &error);
        if (made == nullptr) {
            throw Unavailable(
                "MongoDB: no client could be made for MONGODB_URI: check its TLS files and, for "
                "mongodb+srv, that its name is in DNS");
        }
        const Pool pool(made, mongoc_client_pool_destroy);
        mongoc_client_pool_set_error_api(pool.get(), MONGOC_ERROR_API_VERSION_2);
        const auto size = static_cast<std::size_t>(mongoc_uri_get_option_as_int32(
            uri_.get(), MONGOC_URI_MAXPOOLSIZE, static_cast<std::int32_t>(options_.max_pool_size)));
        std::vector<std::unique_ptr<Worker>> workers;
        workers.reserve(size);
        for (std::size_t i = 0; i < size; ++i) {
            workers.push_back(std::make_unique<MongoWorker>(pool, options_));
        }
        for (std::size_t i = 0;
             i < std::max<std::size_t>(1, std::min(size, options_.min_pool_size)); ++i) {
            prove(*workers[i]);
        }
        const std::scoped_lock lock(mutex_);
        executor_ = std::make_shared<Executor>(std::move(workers), options_.max_waiting);
    }

    void close() override {
        std::unique_lock lock(mutex_);
        const auto executor = std::exchange(executor_, {});
        lock.unlock();
        if (executor) executor->finish();
    }

    Async<Result> run(Operation operation, Deadline deadline) override {
        const auto executor = current_executor();
        co_return co_await executor->submit(std::move(operation), deadline);
    }

  private:
    std::shared_ptr<Executor> current_executor() {
        const std::scoped_lock lock(mutex_);
        if (!executor_) throw NotConnected("the database is disconnected");
        return executor_;
    }

    /// One round trip, so that open() fails where a first operation would.
    void prove(Worker& worker) const {
        try {
            worker.run(Ping{}, Deadline());
        } catch (const Error& error) {
            throw Unavailable(
                fmt::format("MongoDB at {}: {}", host_list(uri_.get()), error.what()));
        }
    }

    MongoOptions options_;
    Uri uri_;
    std::mutex mutex_;
    std::shared_ptr<Executor> executor_;
};

}  // namespace

std::unique_ptr<Store> make_mongo_store(MongoOptions options) {
    return std::make_unique<MongoStore>(std::move(options));
}

}  // namespace rapport
