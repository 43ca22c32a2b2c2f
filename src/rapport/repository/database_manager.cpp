#include "rapport/repository/database_manager.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "rapport/core/error.hpp"
#include "rapport/repository/collections.hpp"
#include "rapport/store/mongo/mongo_store.hpp"
#include "rapport/store/sqlite/sqlite_store.hpp"

namespace rapport {
namespace {

/// Opening and closing block: they get a thread, so that the caller's event loop goes on.
Async<void> on_own_thread(std::function<void()> work) {
    boost::asio::thread_pool thread(1);
    co_await boost::asio::co_spawn(
        thread,
        [&work]() -> Async<void> {
            work();
            co_return;
        },
        boost::asio::use_awaitable);
}

Settings checked(Settings settings) {
    check_settings(settings);
    return settings;
}

std::unique_ptr<Store> make_store(const Settings& settings, const DatabaseUrl& url) {
    const auto at_the_end = settings.archive_dir.empty() ? Expired::kRemoved : Expired::kArchived;
    std::vector<Collection> collections = all_collections(retention_of(settings), at_the_end);
    if (url.engine == DatabaseUrl::Engine::kSqlite) {
        SqliteOptions options;
        options.file = url.location;
        options.collections = std::move(collections);
        return make_sqlite_store(std::move(options));
    }
    MongoOptions options;
    options.uri = url.location;
    options.database = settings.mongodb_database;
    options.max_pool_size = static_cast<std::size_t>(settings.max_pool_size);
    options.min_pool_size = static_cast<std::size_t>(settings.min_pool_size);
    options.server_selection_timeout = settings.server_selection_timeout;
    options.collections = std::move(collections);
    return make_mongo_store(std::move(options));
}

}  // namespace

Async<ServerInfo> DatabaseClient::server_information(Deadline deadline) {
    co_return co_await store_.ping(deadline);
}

Async<void> DatabaseClient::ping(Deadline deadline) { co_await store_.ping(deadline); }

Async<void> DatabaseClient::use_native_handle(std::function<void(void*)> use, Deadline deadline) {
    co_await store_.run(UseNativeHandle{std::move(use)}, deadline);
}

DatabaseManager::DatabaseManager(const Settings& settings, const DatabaseUrl& url)
    : settings_(checked(settings)), store_(make_store(settings_, url)), client_(*store_) {}

DatabaseManager::~DatabaseManager() {
    if (connected_) store_->close();
}

DatabaseManager& DatabaseManager::instance() {
    static const Settings settings = load_settings().settings;
    static DatabaseManager manager(settings, choose_database(settings));
    return manager;
}

Async<void> DatabaseManager::connect() {
    co_await on_own_thread([this] {
        const std::scoped_lock lock(changing_);
        if (connected_) return;
        store_->open();
        connected_ = true;
    });
}

Async<void> DatabaseManager::disconnect() {
    co_await on_own_thread([this] {
        const std::scoped_lock lock(changing_);
        if (!connected_) return;
        connected_ = false;
        store_->close();
    });
}

Async<void> DatabaseManager::create_indexes() {
    constexpr std::chrono::minutes kPatience{10};
    co_await database().run(EnsureIndexes{}, Deadline::in(kPatience));
}

Async<IndexPlan> DatabaseManager::plan_indexes() { return database().plan_indexes(); }

void DatabaseManager::require_connected() const {
    if (!connected_) throw NotConnected("not connected: call connect() first");
}

Store& DatabaseManager::database() {
    require_connected();
    return *store_;
}

DatabaseClient& DatabaseManager::client() {
    require_connected();
    return client_;
}

}  // namespace rapport
