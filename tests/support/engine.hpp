#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "rapport/repository/database_manager.hpp"
#include "rapport/repository/lead_repository.hpp"
#include "rapport/repository/message_repository.hpp"

namespace rapport::testing {

/// The engines every repository suite runs on, for ::testing::ValuesIn.
std::vector<std::string> engines();

/// A database of one test's own: a file, or a database of the shared server, removed with it. Not
/// connected yet.
class OwnDatabase {
  public:
    /// `engine`: `sqlite` or `mongodb`.
    explicit OwnDatabase(std::string engine);
    ~OwnDatabase();
    OwnDatabase(const OwnDatabase&) = delete;
    OwnDatabase& operator=(const OwnDatabase&) = delete;

    bool is_sqlite() const { return engine_ == "sqlite"; }
    const DatabaseUrl& url() const { return url_; }
    /// For a DatabaseManager on it; change what a test needs otherwise.
    Settings settings() const;

  private:
    std::string engine_;
    std::string name_;
    DatabaseUrl url_;
};

/// The same, connected and with its indexes.
class Engine {
  public:
    explicit Engine(const std::string& engine);

    bool is_sqlite() const { return database_.is_sqlite(); }
    DatabaseManager& manager() { return manager_; }
    Store& store() { return manager_.database(); }

    /// Stores a document as another program would: whatever its members are. On SQLite a member
    /// without a column is left out, as no other program could have stored it.
    void insert_foreign(const Collection& collection, const Document& document);

    /// Everything that is stored, whatever wrote it, for a search: SQLite's file with its log as
    /// bytes, or all documents of all of MongoDB's collections as JSON.
    std::string everything();

    /// What is stored, unread.
    Document stored(const Collection& collection, const ObjectId& id);

    /// How many documents an index holds.
    std::int64_t entries_of(const std::string& collection, const std::string& index);

  private:
    OwnDatabase database_;
    DatabaseManager manager_;
};

/// A document from JSON whose `_id` (and no other member) becomes an ObjectId.
Document foreign(std::string_view json);

}  // namespace rapport::testing
