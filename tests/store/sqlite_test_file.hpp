#pragma once

#include <sqlite3.h>

#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "rapport/core/await.hpp"
#include "rapport/core/codec.hpp"
#include "rapport/store/sqlite/sqlite_store.hpp"
#include "tests/store/parcel.hpp"

namespace rapport::testing {

/// SQLite as another program uses it: nothing of ours in between.
class OtherProgram {
  public:
    /// Through the system's own files unless another layer is named.
    explicit OtherProgram(const std::filesystem::path& file, const char* vfs = nullptr) {
        constexpr int kFlags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
        if (sqlite3_open_v2(file.c_str(), &database_, kFlags, vfs) != SQLITE_OK) fail();
    }
    ~OtherProgram() { sqlite3_close(database_); }
    OtherProgram(const OtherProgram&) = delete;
    OtherProgram& operator=(const OtherProgram&) = delete;

    void execute(const std::string& sql) {
        if (sqlite3_exec(database_, sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) fail();
    }
    /// All rows, a line each, the columns joined with `|`; NULL is empty.
    std::string query(const std::string& sql) {
        std::string rows;
        const auto add = [](void* to, int count, char** values, char**) {
            auto& text = *static_cast<std::string*>(to);
            for (int i = 0; i < count; ++i) {
                if (!text.empty()) text += i == 0 ? '\n' : '|';
                if (values[i] != nullptr) text += values[i];
            }
            return 0;
        };
        if (sqlite3_exec(database_, sql.c_str(), add, &rows, nullptr) != SQLITE_OK) fail();
        return rows;
    }

    sqlite3* handle() const { return database_; }

  private:
    [[noreturn]] void fail() { throw std::runtime_error(sqlite3_errmsg(database_)); }

    sqlite3* database_ = nullptr;
};

inline const Collection& parcels() {
    static const Collection collection = parcel_collection();
    return collection;
}

inline SqliteOptions parcel_options(const std::filesystem::path& file) {
    return {.file = file, .readers = 2, .collections = {parcels()}};
}

inline std::unique_ptr<Store> open_store(const std::filesystem::path& file) {
    auto store = make_sqlite_store(parcel_options(file));
    store->open();
    return store;
}

inline Parcel parcel_named(const std::string& code) {
    Parcel parcel;
    parcel.id = ObjectId::generate();
    parcel.code = code;
    return parcel;
}

inline std::vector<Duplicate> insert(Store& store, const std::string& code) {
    return await(store.insert({&parcels(), {to_document(parcel_named(code))}}));
}

inline std::int64_t count(Store& store) {
    return await(store.aggregate({&parcels(), FilterNode(AllOf{})})).at(0).count;
}

}  // namespace rapport::testing
