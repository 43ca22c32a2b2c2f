#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "rapport/store/mongo/mongo_store.hpp"
#include "rapport/store/sqlite/sqlite_store.hpp"
#include "tests/support/engine.hpp"

namespace rapport::testing {

/// A store on a test's own database, whatever its engine; not open yet. Goes before the database.
inline std::unique_ptr<Store> make_store(const OwnDatabase& database,
                                         std::vector<Collection> collections) {
    if (database.is_sqlite()) {
        return make_sqlite_store(
            {.file = database.url().location, .collections = std::move(collections)});
    }
    return make_mongo_store({.uri = database.url().location,
                             .database = database.settings().mongodb_database,
                             .max_pool_size = 4,
                             .collections = std::move(collections)});
}

}  // namespace rapport::testing
