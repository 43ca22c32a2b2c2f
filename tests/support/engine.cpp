#include "tests/support/engine.hpp"

#include <fmt/format.h>
#include <mongoc/mongoc.h>
#include <sqlite3.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <stdexcept>

#include "tests/support/mongod.hpp"

namespace rapport::testing {
namespace {

std::string unique_name() {
    return fmt::format("rapport_test_{}_{:08x}", ::getpid(), std::random_device()());
}

void require(bool success, std::string_view what) {
    if (!success) throw std::runtime_error(std::string(what));
}

void insert_into_mongodb(mongoc_client_t* client, const std::string& database,
                         const std::string& name, const Document& document) {
    bson_t view;
    bson_error_t error{};
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(document.bytes().data());
    require(bson_init_static(&view, bytes, document.bytes().size()), "not BSON");
    mongoc_collection_t* collection =
        mongoc_client_get_collection(client, database.c_str(), name.c_str());
    const bool done = mongoc_collection_insert_one(collection, &view, nullptr, nullptr, &error);
    mongoc_collection_destroy(collection);
    require(done, error.message);
}

void bind(sqlite3_stmt* statement, int at, const BsonElement& element) {
    const auto bind_text = [&](std::string_view text) {
        sqlite3_bind_text64(statement, at, text.data(), text.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
    };
    switch (element.type()) {
        case BsonType::kNull:
            break;
        case BsonType::kBool:
            sqlite3_bind_int64(statement, at, element.as_bool() ? 1 : 0);
            break;
        case BsonType::kInt32:
        case BsonType::kInt64:
            sqlite3_bind_int64(statement, at, element.as_integer());
            break;
        case BsonType::kDouble:
            sqlite3_bind_double(statement, at, element.as_double());
            break;
        case BsonType::kObjectId:
            bind_text(element.as_object_id().to_string());
            break;
        case BsonType::kDate:
            bind_text(to_iso8601(element.as_date()));
            break;
        case BsonType::kString:
            bind_text(element.as_string());
            break;
        default:
            bind_text(nested_to_json(element));
    }
}

void insert_into_sqlite(sqlite3* database, const Collection& collection, const Document& document) {
    std::string names;
    std::string marks;
    std::vector<BsonElement> values;
    for (BsonReader in(document); !in.at_end();) {
        const BsonElement element = in.next();
        if (collection.find_column(element.name()) == nullptr) continue;
        names += fmt::format("{}\"{}\"", names.empty() ? "" : ",", element.name());
        marks += marks.empty() ? "?" : ",?";
        values.push_back(element);
    }
    const std::string sql =
        fmt::format("INSERT INTO \"{}\" ({}) VALUES ({})", collection.name, names, marks);
    sqlite3_stmt* statement = nullptr;
    require(sqlite3_prepare_v2(database, sql.c_str(), -1, &statement, nullptr) == SQLITE_OK,
            sqlite3_errmsg(database));
    for (std::size_t i = 0; i < values.size(); ++i) {
        bind(statement, static_cast<int>(i) + 1, values[i]);
    }
    const bool done = sqlite3_step(statement) == SQLITE_DONE;
    sqlite3_finalize(statement);
    require(done, sqlite3_errmsg(database));
}

std::string all_documents(mongoc_client_t* client, const std::string& name) {
    std::string text;
    mongoc_database_t* database = mongoc_client_get_database(client, name.c_str());
    char** names = mongoc_database_get_collection_names_with_opts(database, nullptr, nullptr);
    require(names != nullptr, "no collections");
    for (char** one = names; *one != nullptr; ++one) {
        mongoc_collection_t* collection = mongoc_database_get_collection(database, *one);
        bson_t all = BSON_INITIALIZER;
        mongoc_cursor_t* cursor =
            mongoc_collection_find_with_opts(collection, &all, nullptr, nullptr);
        const bson_t* document = nullptr;
        while (mongoc_cursor_next(cursor, &document)) {
            char* json = bson_as_relaxed_extended_json(document, nullptr);
            text += json;
            bson_free(json);
        }
        mongoc_cursor_destroy(cursor);
        mongoc_collection_destroy(collection);
    }
    bson_strfreev(names);
    mongoc_database_destroy(database);
    return text;
}

std::string file_bytes(const std::string& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

std::int64_t count_by_index(mongoc_client_t* client, const std::string& database,
                            const std::string& collection, const std::string& index) {
    bson_error_t error{};
    bson_t reply;
    bson_t* command = BCON_NEW("count", BCON_UTF8(collection.c_str()), "query", "{", "}", "hint",
                               BCON_UTF8(index.c_str()));
    const bool done =
        mongoc_client_command_simple(client, database.c_str(), command, nullptr, &reply, &error);
    bson_destroy(command);
    bson_iter_t found;
    const std::int64_t count =
        bson_iter_init_find(&found, &reply, "n") ? bson_iter_as_int64(&found) : -1;
    bson_destroy(&reply);
    require(done, error.message);
    return count;
}

/// SQLite tells the entries of a partial index by its condition only.
std::int64_t count_by_index(sqlite3* database, const std::string& collection,
                            const std::string& index) {
    const std::string sql = fmt::format(
        "SELECT substr(sql, instr(sql, ' WHERE ')) FROM sqlite_master WHERE name='{}'", index);
    const auto first_text = [&](const std::string& query) {
        sqlite3_stmt* statement = nullptr;
        require(sqlite3_prepare_v2(database, query.c_str(), -1, &statement, nullptr) == SQLITE_OK,
                sqlite3_errmsg(database));
        std::string text;
        if (sqlite3_step(statement) == SQLITE_ROW) {
            text = reinterpret_cast<const char*>(sqlite3_column_text(statement, 0));
        }
        sqlite3_finalize(statement);
        return text;
    };
    std::string condition = first_text(sql);
    if (!condition.starts_with(" WHERE ")) condition.clear();
    return std::stoll(first_text("SELECT count(*) FROM " + collection + condition));
}

}  // namespace

std::vector<std::string> engines() { return {"sqlite", "mongodb"}; }

OwnDatabase::OwnDatabase(std::string engine) : engine_(std::move(engine)), name_(unique_name()) {
    if (is_sqlite()) {
        url_.location = std::filesystem::temp_directory_path() / (name_ + ".db");
    } else {
        url_ = {DatabaseUrl::Engine::kMongo, shared_mongodb_uri()};
    }
}

OwnDatabase::~OwnDatabase() {
    if (is_sqlite()) {
        for (const char* suffix : {"", "-wal", "-shm"}) {
            std::error_code ignored;
            std::filesystem::remove(url_.location + suffix, ignored);
        }
        return;
    }
    mongoc_client_t* client = mongoc_client_new(url_.location.c_str());
    mongoc_database_t* database = mongoc_client_get_database(client, name_.c_str());
    mongoc_database_drop(database, nullptr);
    mongoc_database_destroy(database);
    mongoc_client_destroy(client);
}

Settings OwnDatabase::settings() const {
    Settings settings;
    settings.mongodb_database = name_;
    settings.max_pool_size = 4;
    return settings;
}

Engine::Engine(const std::string& engine)
    : database_(engine), manager_(database_.settings(), database_.url()) {
    await(manager_.connect());
    await(manager_.create_indexes());
}

void Engine::insert_foreign(const Collection& collection, const Document& document) {
    await(manager_.client().use_native_handle([&](void* handle) {
        if (is_sqlite()) {
            insert_into_sqlite(static_cast<sqlite3*>(handle), collection, document);
        } else {
            insert_into_mongodb(static_cast<mongoc_client_t*>(handle),
                                database_.settings().mongodb_database, collection.name, document);
        }
    }));
}

std::string Engine::everything() {
    if (is_sqlite()) {
        const std::string file = database_.url().location;
        return file_bytes(file) + file_bytes(file + "-wal");
    }
    std::string text;
    await(manager_.client().use_native_handle([&](void* handle) {
        text = all_documents(static_cast<mongoc_client_t*>(handle),
                             database_.settings().mongodb_database);
    }));
    return text;
}

Document Engine::stored(const Collection& collection, const ObjectId& id) {
    auto found = await(store().find({&collection, Compare{"_id", CompareOp::kEqual, id}}));
    require(found.size() == 1, "no such document");
    return std::move(found.front());
}

std::int64_t Engine::entries_of(const std::string& collection, const std::string& index) {
    std::int64_t count = 0;
    await(manager_.client().use_native_handle([&](void* handle) {
        count = is_sqlite()
                    ? count_by_index(static_cast<sqlite3*>(handle), collection, index)
                    : count_by_index(static_cast<mongoc_client_t*>(handle),
                                     database_.settings().mongodb_database, collection, index);
    }));
    return count;
}

Document foreign(std::string_view json) {
    const Document read = from_json(json);
    BsonWriter out;
    for (BsonReader in(read); !in.at_end();) {
        const BsonElement element = in.next();
        if (element.name() == "_id") {
            out.add("_id", ObjectId::parse(element.as_string()).value());
        } else {
            out.add(element.name(), element);
        }
    }
    return out.finish();
}

}  // namespace rapport::testing
