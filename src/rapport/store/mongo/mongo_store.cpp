#include "rapport/store/mongo/mongo_store.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <mutex>
#include <utility>

#include "rapport/core/error.hpp"
#include "rapport/store/executor.hpp"
#include "rapport/store/mongo/worker.hpp"

namespace rapport {
namespace {

using mongo::MongoWorker;
using mongo::Pool;

struct DestroyUri {
    void operator()(mongoc_uri_t* uri) const { mongoc_uri_destroy(uri); }
};
using Uri = std::unique_ptr<mongoc_uri_t, DestroyUri>;

/// What holds unless the URI says otherwise; reads go to the primary whatever it says.
void set_defaults(mongoc_uri_t* uri, const MongoOptions& options) {
    const bson_t* given = mongoc_uri_get_options(uri);
    const bool says_writes = bson_has_field(given, MONGOC_URI_W);
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
    // What was acknowledged is to be read: with less than a majority it is not in what a majority
    // has, yet.
    const auto* writes = mongoc_uri_get_write_concern(uri);
    if (!says_reads && mongoc_write_concern_get_w(writes) == MONGOC_WRITE_CONCERN_W_MAJORITY) {
        mongoc_read_concern_t* concern = mongoc_read_concern_new();
        mongoc_read_concern_set_level(concern, MONGOC_READ_CONCERN_LEVEL_MAJORITY);
        mongoc_uri_set_read_concern(uri, concern);
        mongoc_read_concern_destroy(concern);
    }
    // A look-up that misses what was just written would store it twice.
    mongoc_read_prefs_t* primary = mongoc_read_prefs_new(MONGOC_READ_PRIMARY);
    mongoc_uri_set_read_prefs_t(uri, primary);
    mongoc_read_prefs_destroy(primary);
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
        if (mongoc_write_concern_get_w(mongoc_uri_get_write_concern(uri_.get())) == 0) {
            throw InvalidArgument(
                "MONGODB_URI: w=0 lets the server lose writes without a word; leave it out");
        }
    }
    ~MongoStore() override { close(); }

    void open() override {
        bson_error_t error{};
        mongoc_client_pool_t* made = mongoc_client_pool_new_with_error(uri_.get(), &error);
        if (made == nullptr) {
            mongo::explain(error);
            throw Unavailable("MongoDB: no client could be made for MONGODB_URI",
                              "check its TLS files and, for mongodb+srv, that its name is in DNS");
        }
        const Pool pool(made, mongoc_client_pool_destroy);
        mongoc_client_pool_set_error_api(pool.get(), MONGOC_ERROR_API_VERSION_2);
        const auto size = static_cast<std::size_t>(mongoc_uri_get_option_as_int32(
            uri_.get(), MONGOC_URI_MAXPOOLSIZE, static_cast<std::int32_t>(options_.max_pool_size)));
        std::vector<std::unique_ptr<Worker>> workers;
        workers.reserve(size);
        for (std::size_t i = 0; i < size; ++i) {
            workers.push_back(
                std::make_unique<MongoWorker>(pool, options_.database, options_.collections));
        }
        for (std::size_t i = 0;
             i < std::max<std::size_t>(1, std::min(size, options_.min_pool_size)); ++i) {
            prove(*workers[i]);
        }
        const std::scoped_lock lock(mutex_);
        executor_ = std::make_shared<Executor>(std::move(workers), options_.max_waiting,
                                               std::make_unique<mongo::MongoLanes>(size));
    }

    void close() override {
        std::unique_lock lock(mutex_);
        const auto executor = std::exchange(executor_, {});
        lock.unlock();
        if (executor) executor->finish();
    }

    Async<Result> run(Operation operation, Deadline deadline) override {
        return current_executor()->submit(std::move(operation), deadline);
    }

    const std::vector<Collection>& collections() const override { return options_.collections; }

    bool commits_as_one() const override { return false; }

    StoreCounters counters() const override {
        const std::scoped_lock lock(mutex_);
        return executor_ ? executor_->counters() : StoreCounters{};
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
            const std::string at = fmt::format("MongoDB at {}: ", host_list(uri_.get()));
            if (error.cure().empty()) throw Unavailable(at + error.what());
            throw Unavailable(at + std::string(error.problem()), std::string(error.cure()));
        }
    }

    MongoOptions options_;
    Uri uri_;
    mutable std::mutex mutex_;
    std::shared_ptr<Executor> executor_;
};

}  // namespace

std::unique_ptr<Store> make_mongo_store(MongoOptions options) {
    return std::make_unique<MongoStore>(std::move(options));
}

}  // namespace rapport
