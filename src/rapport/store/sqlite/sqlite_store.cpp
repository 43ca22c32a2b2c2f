#include "rapport/store/sqlite/sqlite_store.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <mutex>
#include <thread>
#include <utility>

#include "connection.hpp"
#include "rapport/core/error.hpp"
#include "rapport/store/executor.hpp"
#include "rows.hpp"
#include "schema.hpp"
#include "sql.hpp"

namespace rapport {
namespace {

using sqlite::Connection;
using sqlite::Sql;
using sqlite::Statement;
using sqlite::Transaction;

void bind_all(Statement& statement, const Sql& sql) {
    for (std::size_t i = 0; i < sql.values.size(); ++i) {
        statement.bind(static_cast<int>(i) + 1, sql.values[i]);
    }
}

/// The index whose uniqueness an INSERT broke. SQLite names its columns in the error's text and
/// nowhere else: `UNIQUE constraint failed: messages.lead_id, messages.external_id`.
std::string violated_index(Connection& connection, const Collection& collection) {
    const std::string_view text = sqlite3_errmsg(connection.handle());
    for (const Index& index : collection.indexes) {
        std::string columns;
        for (const SortKey& key : index.keys) {
            columns +=
                fmt::format("{}{}.{}", columns.empty() ? ": " : ", ", collection.name, key.path);
        }
        if (index.unique && text.ends_with(columns)) return index.name;
    }
    return "_id";
}

/// `rapport_push(list, items, keep)`: JSON arrays joined, the last `keep` of them (0: all).
void push(sqlite3_context* context, int, sqlite3_value** arguments) try {
    const auto parse = [&](int i) {
        const auto* text = reinterpret_cast<const char*>(sqlite3_value_text(arguments[i]));
        const auto size = static_cast<std::size_t>(sqlite3_value_bytes(arguments[i]));
        return text == nullptr ? boost::json::array() : boost::json::parse({text, size}).as_array();
    };
    boost::json::array list = parse(0);
    for (auto& item : parse(1)) list.push_back(std::move(item));
    const auto keep = static_cast<std::size_t>(sqlite3_value_int64(arguments[2]));
    if (keep > 0 && list.size() > keep) {
        list.erase(list.begin(), list.end() - static_cast<std::ptrdiff_t>(keep));
    }
    const std::string text = boost::json::serialize(list);
    sqlite3_result_text64(context, text.data(), text.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
} catch (const std::exception&) {
    sqlite3_result_error(context, "not a JSON array", -1);
}

/// One connection and what it can do. Only the writer's ever gets an operation that writes.
class SqliteWorker final : public Worker {
  public:
    SqliteWorker(const std::filesystem::path& file, const std::vector<Collection>& collections)
        : connection_(file), collections_(collections) {
        sqlite3_create_function(connection_.handle(), "rapport_push", 3,
                                SQLITE_UTF8 | SQLITE_DETERMINISTIC, nullptr, push, nullptr,
                                nullptr);
    }

    Connection& connection() { return connection_; }

    Result run(const Operation& operation, Deadline deadline) override {
        connection_.set_deadline(deadline);
        Result result = std::visit([this](const auto& op) { return run(op); }, operation);
        return result;
    }

  private:
    Result run(const FindDocuments& find) {
        const Sql sql = sqlite::select_rows(find);
        Statement rows = connection_.prepare(sql.text);
        bind_all(rows, sql);
        std::vector<Document> documents;
        while (rows.step()) documents.push_back(read_row(rows, *find.collection));
        return documents;
    }

    Result run(const InsertDocuments& insert) {
        for (const Document& document : insert.documents) {
            if (document.bytes().size() > kMaxDocumentBytes) {
                throw InvalidArgument(fmt::format(
                    "{}: a document of {} bytes; at most {} are allowed", insert.collection->name,
                    document.bytes().size(), kMaxDocumentBytes));
            }
        }
        remove_expired_now_and_then();
        Transaction transaction(connection_);
        std::vector<Duplicate> duplicates;
        const std::string sql = sqlite::insert_row(*insert.collection);
        for (std::size_t i = 0; i < insert.documents.size(); ++i) {
            Statement row = connection_.prepare(sql);
            bind_document(row, *insert.collection, insert.documents[i]);
            const int code = row.step_code();
            if (code == SQLITE_DONE) continue;
            if (code != SQLITE_CONSTRAINT_PRIMARYKEY && code != SQLITE_CONSTRAINT_UNIQUE) {
                sqlite::translate(code);
            }
            duplicates.push_back({i, violated_index(connection_, *insert.collection)});
        }
        transaction.commit();
        return duplicates;
    }

    Result run(const UpdateDocuments& update) { return change(sqlite::update_rows(update)); }

    Result run(const RemoveDocuments& remove) { return change(sqlite::delete_rows(remove)); }

    Result change(const Sql& sql) {
        remove_expired_now_and_then();
        Transaction transaction(connection_);
        {
            Statement statement = connection_.prepare(sql.text);
            bind_all(statement, sql);
            statement.step();
        }
        const std::int64_t changed = connection_.changes();
        transaction.commit();
        return changed;
    }

    Result run(const AggregateDocuments& aggregate) {
        const Sql sql = sqlite::select_groups(aggregate);
        Statement rows = connection_.prepare(sql.text);
        bind_all(rows, sql);
        std::vector<Group> groups;
        while (rows.step()) {
            Group group{{}, rows.integer(1), rows.integer(2)};
            if (sqlite3_column_type(rows.handle(), 0) != SQLITE_NULL) group.key = rows.text(0);
            groups.push_back(std::move(group));
        }
        return groups;
    }

    Result run(const EnsureIndexes&) {
        ensure_indexes(connection_, collections_);
        sqlite::remove_expired(connection_, collections_);
        expiry_checked_ = Deadline::Clock::now();
        return {};
    }

    Result run(const Ping&) {
        connection_.query_integer("SELECT count(*) FROM sqlite_master");
        return ServerInfo{"sqlite", sqlite3_libversion(), "embedded"};
    }

    Result run(const UseNativeHandle& native) {
        native.use(connection_.handle());
        return {};
    }

    /// SQLite has no expiry of its own: whoever writes clears away, at most once an hour.
    void remove_expired_now_and_then() {
        const auto at = Deadline::Clock::now();
        if (expiry_checked_ && at - *expiry_checked_ < std::chrono::hours(1)) return;
        expiry_checked_ = at;
        if (expires(connection_, collections_)) sqlite::remove_expired(connection_, collections_);
    }

    Connection connection_;
    const std::vector<Collection>& collections_;
    std::optional<Deadline::Clock::time_point> expiry_checked_{};
};

class SqliteStore final : public Store {
  public:
    explicit SqliteStore(SqliteOptions options) : options_(std::move(options)) {}
    ~SqliteStore() override { close(); }

    void open() override {
        sqlite::create_file(options_.file);
        auto first = std::make_unique<SqliteWorker>(options_.file, options_.collections);
        use_write_ahead_log(first->connection());
        ensure_tables(first->connection(), options_.collections);

        std::vector<std::unique_ptr<Worker>> writers;
        writers.push_back(std::move(first));
        std::vector<std::unique_ptr<Worker>> readers;
        for (std::size_t i = 0; i < options_.readers; ++i) {
            readers.push_back(std::make_unique<SqliteWorker>(options_.file, options_.collections));
        }
        const std::scoped_lock lock(mutex_);
        writer_ = std::make_shared<Executor>(std::move(writers), options_.max_waiting);
        reader_ = std::make_shared<Executor>(std::move(readers), options_.max_waiting);
    }

    void close() override {
        std::unique_lock lock(mutex_);
        const auto executors = {std::exchange(writer_, {}), std::exchange(reader_, {})};
        lock.unlock();
        for (const auto& executor : executors) {
            if (executor) executor->finish();
        }
    }

    Async<Result> run(Operation operation, Deadline deadline) override {
        const auto executor = executor_for(operation);
        co_return co_await executor->submit(std::move(operation), deadline);
    }

  private:
    std::shared_ptr<Executor> executor_for(const Operation& operation) {
        const bool reads = std::holds_alternative<FindDocuments>(operation) ||
                           std::holds_alternative<AggregateDocuments>(operation) ||
                           std::holds_alternative<Ping>(operation);
        const std::scoped_lock lock(mutex_);
        auto executor = reads ? reader_ : writer_;
        if (!executor) throw NotConnected("the database is disconnected");
        return executor;
    }

    /// Turning to WAL needs the file for itself for a moment; SQLite does not wait for that.
    static void use_write_ahead_log(Connection& connection) {
        const Deadline patience = Deadline::in(std::chrono::seconds(5));
        while (true) {
            try {
                return connection.execute("PRAGMA journal_mode=WAL");
            } catch (const Unavailable&) {
                if (patience.passed()) throw;
                std::this_thread::sleep_for(std::chrono::milliseconds(5));
            }
        }
    }

    SqliteOptions options_;
    std::mutex mutex_;
    std::shared_ptr<Executor> writer_;
    std::shared_ptr<Executor> reader_;
};

}  // namespace

std::unique_ptr<Store> make_sqlite_store(SqliteOptions options) {
    return std::make_unique<SqliteStore>(std::move(options));
}

}  // namespace rapport
