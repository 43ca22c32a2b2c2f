#pragma once

#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "rapport/store/store.hpp"

namespace rapport::testing {

/// A database of one test's own, removed with it.
class TestDatabase {
  public:
    virtual ~TestDatabase() = default;
    /// A store on it, not yet open. Every store must be gone before the database.
    virtual std::unique_ptr<Store> make_store(std::vector<Collection> collections) = 0;
};

struct Engine {
    std::string name;
    std::function<std::unique_ptr<TestDatabase>()> make_database;

    friend void PrintTo(const Engine& engine, std::ostream* out) { *out << engine.name; }
};

/// Every engine there is: what a suite over the port runs on.
std::vector<Engine> engines();

}  // namespace rapport::testing
