#include "tests/store/engine.hpp"

#include "rapport/store/sqlite/sqlite_store.hpp"
#include "tests/store/temporary_folder.hpp"

namespace rapport::testing {
namespace {

class SqliteDatabase final : public TestDatabase {
  public:
    std::unique_ptr<Store> make_store(std::vector<Collection> collections) override {
        return make_sqlite_store(
            {.file = folder_.path() / "test.db", .collections = std::move(collections)});
    }

  private:
    TemporaryFolder folder_;
};

}  // namespace

std::vector<Engine> engines() {
    return {{"Sqlite", [] { return std::make_unique<SqliteDatabase>(); }}};
}

}  // namespace rapport::testing
