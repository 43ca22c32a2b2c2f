#include "rapport/store/mongo/inspection.hpp"

#include <algorithm>
#include <string_view>

#include "rapport/core/scalar.hpp"
#include "rapport/core/time.hpp"

namespace rapport::mongo {
namespace {

Document ask(const Session& session, std::string_view command, Deadline deadline) {
    BsonWriter out;
    out.add(command, std::int64_t{1});
    return run_command(session, out.finish(), deadline);
}

/// Several, since the first one may have to wake somebody.
void measure_round_trips(const Session& session, Deadline deadline, ServerState& state) {
    constexpr int kRoundTrips = 5;
    for (int i = 0; i < kRoundTrips; ++i) {
        const Timestamp before = now();
        const auto sent = Deadline::Clock::now();
        const Scalar clock = scalar_at(ask(session, "hello", deadline), "localTime");
        const auto took =
            std::chrono::duration_cast<std::chrono::microseconds>(Deadline::Clock::now() - sent);
        if (i > 0 && took >= state.round_trip) continue;
        state.round_trip = took;
        if (const auto* time = std::get_if<Timestamp>(&clock)) {
            const auto half = std::chrono::duration_cast<std::chrono::milliseconds>(took / 2);
            state.clock_ahead = *time - (before + half);
        }
    }
}

std::optional<std::uint64_t> bytes_at(const Document& document, const std::string& path) {
    const Scalar value = scalar_at(document, path);
    if (const auto* real = std::get_if<double>(&value)) return static_cast<std::uint64_t>(*real);
    if (const auto* whole = std::get_if<std::int64_t>(&value)) {
        return static_cast<std::uint64_t>(*whole);
    }
    return std::nullopt;
}

}  // namespace

ServerInfo server_info(const Session& session, Deadline deadline) {
    const Document hello = ask(session, "hello", deadline);
    ServerInfo info{"mongodb", {}, "standalone"};
    // A ping proves more than hello: that this user may ask.
    ask(session, "ping", deadline);
    const Scalar version = scalar_at(ask(session, "buildInfo", deadline), "version");
    if (const auto* text = std::get_if<std::string>(&version)) info.version = *text;
    const Scalar set = scalar_at(hello, "setName");
    if (const auto* name = std::get_if<std::string>(&set)) {
        info.topology = "replica set " + *name;
    } else if (scalar_at(hello, "msg") == Scalar(std::string("isdbgrid"))) {
        info.topology = "sharded cluster";
    }
    return info;
}

ServerState inspect_server(const Session& session, Deadline deadline) {
    ServerState state{server_info(session, deadline)};
    measure_round_trips(session, deadline, state);
    const Document statistics = ask(session, "dbStats", deadline);
    const auto total = bytes_at(statistics, "fsTotalSize");
    const auto used = bytes_at(statistics, "fsUsedSize");
    // A cluster adds up what its shards say, and an empty database may say nothing.
    if (total && used && *total > 0) {
        state.total_bytes = total;
        state.free_bytes = *total - std::min(*total, *used);
    }
    return state;
}

}  // namespace rapport::mongo
