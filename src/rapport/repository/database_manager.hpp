#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>

#include "rapport/core/await.hpp"
#include "rapport/core/deadline.hpp"
#include "rapport/repository/settings.hpp"
#include "rapport/store/store.hpp"

namespace rapport {

/// The server itself, beside the data: who it is, whether it answers, and a way out to its driver.
class DatabaseClient {
  public:
    explicit DatabaseClient(Store& store) : store_(store) {}

    Async<ServerInfo> server_information(Deadline deadline = {});

    /// A round trip. Throws Unavailable or Timeout when the server does not answer.
    Async<void> ping(Deadline deadline = {});

    /// Runs `use` on a worker's thread with the driver's own handle, for what Rapport does not
    /// offer: a `mongoc_client_t*` on MongoDB, the writing `sqlite3*` on SQLite. The handle is the
    /// worker's: use it only inside the call. What `use` throws comes back to the caller.
    Async<void> use_native_handle(std::function<void(void*)> use, Deadline deadline = {});

  private:
    Store& store_;
};

/// Owns the connection to one database: connect() at start, disconnect() at the end.
///
///     DatabaseManager& manager = DatabaseManager::instance();
///     co_await manager.connect();
///     co_await manager.create_indexes();
///     LeadRepository leads(manager.database(), manager.settings().default_region);
///
/// All methods may be called from any thread. A manager must outlive its calls and those of its
/// repositories, and disconnect() must have ended before an event loop goes on which any of them
/// was awaited: the store's threads bring their answers to it. With MongoDB, libmongoc's log
/// handler is replaced for the whole process by one that drops everything, since the driver's own
/// writes addresses to stderr.
class DatabaseManager {
  public:
    /// A manager of its own, for tests and dependency injection. Throws InvalidArgument for a
    /// setting out of the range that README.md gives it.
    DatabaseManager(const Settings& settings, const DatabaseUrl& url);
    ~DatabaseManager();
    DatabaseManager(const DatabaseManager&) = delete;
    DatabaseManager& operator=(const DatabaseManager&) = delete;

    /// The one of this process, made from the environment and `.env` at the first call. Throws
    /// InvalidArgument when a setting is not valid.
    static DatabaseManager& instance();

    /// Connects and pings. Does nothing when connected. Throws Unavailable, within the server
    /// selection timeout and with what to do, when the database cannot be reached or refuses us.
    Async<void> connect();

    /// Makes the collections' indexes as this version declares them, and applies the retention of
    /// the settings. Idempotent, and safe from two processes at once. Waits up to ten minutes: a
    /// large collection's index takes its time.
    Async<void> create_indexes();

    /// What create_indexes() would change now. Changes nothing.
    Async<IndexPlan> plan_indexes();

    /// Waits for the work in flight, then closes. Does nothing when not connected. Repositories on
    /// database() stay valid: they throw NotConnected until the next connect().
    Async<void> disconnect();

    /// As they were given: default_region is for the repositories.
    const Settings& settings() const { return settings_; }

    /// Throws NotConnected before connect() and after disconnect().
    Store& database();

    /// Throws NotConnected before connect() and after disconnect().
    DatabaseClient& client();

  private:
    void require_connected() const;

    const Settings settings_;
    std::unique_ptr<Store> store_;
    DatabaseClient client_;
    std::mutex changing_;  ///< held while it connects or disconnects, which takes its time
    std::atomic<bool> connected_ = false;
};

}  // namespace rapport
