// A second process for the tests: rapport_sqlite_child FILE PREFIX COUNT close|crash opens a store
// on the file, inserts COUNT parcels whose codes begin with PREFIX, and ends with or without
// closing it.
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <string_view>

#include "rapport/core/await.hpp"
#include "tests/store/sqlite_test_file.hpp"

int main(int, char** arguments) {
    using namespace rapport;
    using namespace rapport::testing;
    const auto store = open_store(arguments[1]);
    await(store->run(EnsureIndexes{}, {}));
    for (int i = 0; i < std::atoi(arguments[3]); ++i) {
        insert(*store, arguments[2] + std::to_string(i));
    }
    if (std::string_view(arguments[4]) == "crash") ::_exit(0);
    store->close();
}
