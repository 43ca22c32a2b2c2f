#include "rapport/store/sqlite/inspection.hpp"

#include <fmt/format.h>

#include <filesystem>

namespace rapport::sqlite {
namespace {

/// How many damaged places are looked for: what to do is the same for all of them.
constexpr int kMostPlaces = 100;

/// https://www.sqlite.org/pragma.html#pragma_quick_check
std::int64_t count_damaged_places(Connection& connection) {
    std::int64_t places = 0;
    Statement check = connection.prepare(fmt::format("PRAGMA quick_check({})", kMostPlaces));
    while (check.step()) {
        if (check.text(0) != "ok") ++places;
    }
    return places;
}

}  // namespace

ServerState inspect_file(Connection& connection) {
    ServerState state{{"sqlite", sqlite3_libversion(), "embedded"}};
    const auto asked = Deadline::Clock::now();
    connection.query_integer("SELECT count(*) FROM sqlite_master");
    state.round_trip =
        std::chrono::duration_cast<std::chrono::microseconds>(Deadline::Clock::now() - asked);
    state.is_writable = sqlite3_db_readonly(connection.handle(), "main") == 0;
    const std::filesystem::path file = sqlite3_db_filename(connection.handle(), "main");
    std::error_code unknown;
    const auto space = std::filesystem::space(file.parent_path(), unknown);
    if (!unknown) {
        state.free_bytes = space.available;
        state.total_bytes = space.capacity;
    }
    state.damaged_places = count_damaged_places(connection);
    return state;
}

}  // namespace rapport::sqlite
