#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "rapport/store/store.hpp"

namespace rapport {

struct MongoOptions {
    /// `mongodb://` or `mongodb+srv://`: authentication, TLS and whatever else the driver reads.
    /// What the URI says wins over the members below.
    std::string uri;
    std::string database;
    std::size_t max_pool_size = 10;
    std::size_t min_pool_size = 1;
    std::chrono::milliseconds server_selection_timeout{5000};
    /// Operations that may wait for a free client; more are refused with Overloaded.
    std::size_t max_waiting = 10'000;
    std::vector<Collection> collections{};
};

/// A store on a MongoDB server, replica set or cluster. Throws InvalidArgument for a URI that the
/// driver cannot read (without showing it). Writes wait for a majority and its journal, reads see
/// what a majority has, both unless the URI says otherwise. The first one replaces libmongoc's log
/// handler for the whole process by one that drops everything: the driver's own writes addresses
/// and the server's texts to stderr.
std::unique_ptr<Store> make_mongo_store(MongoOptions options);

}  // namespace rapport
