#include "tests/support/replica_set.hpp"

#include <fmt/format.h>

#include <stdexcept>

namespace rapport::testing {
namespace {

constexpr auto kIsPrimary = "\"isWritablePrimary\" : true";
constexpr auto kIsSecondary = "\"secondary\" : true";

}  // namespace

ReplicaSet::ReplicaSet(const std::string& database, unsigned seed) {
    std::string hosts;
    for (std::size_t i = 0; i < members_.size(); ++i) {
        members_[i].proxy = std::make_unique<Proxy>(members_[i].server.port(), database,
                                                    seed + static_cast<unsigned>(i));
        hosts += fmt::format(R"({}{{"_id": {}, "host": "{}"}})", i == 0 ? "" : ", ", i,
                             members_[i].proxy->address());
    }
    const std::string initiate = fmt::format(
        R"({{"replSetInitiate": {{"_id": "rs0", "members": [{}],
            "settings": {{"electionTimeoutMillis": 2000, "heartbeatIntervalMillis": 500}}}}}})",
        hosts);
    wait_for([&] { return admin_command(direct_uri(0), initiate).has_value(); },
             "the replica set does not start");
    for (std::size_t i = 0; i < members_.size(); ++i) {
        wait_for([&] { return is(i, kIsPrimary) || is(i, kIsSecondary); }, "a member stays out");
    }
    primary();
}

ReplicaSet::~ReplicaSet() {
    // An orderly end waits a quarter of a minute for clients to leave.
    for (Member& member : members_) member.server.kill();
}

std::string ReplicaSet::direct_uri(std::size_t member) const {
    return fmt::format("mongodb://{}/?directConnection=true&serverSelectionTimeoutMS=2000",
                       members_.at(member).server.address());
}

std::string ReplicaSet::uri() const {
    return fmt::format("mongodb://{},{},{}/?replicaSet=rs0", members_[0].proxy->address(),
                       members_[1].proxy->address(), members_[2].proxy->address());
}

bool ReplicaSet::is(std::size_t member, const char* state) const {
    const auto answer = admin_command(direct_uri(member), R"({"hello": 1})");
    return answer && answer->find(state) != std::string::npos;
}

std::size_t ReplicaSet::primary() const {
    std::size_t found = 0;
    wait_for(
        [&] {
            for (found = 0; found < members_.size(); ++found) {
                if (is(found, kIsPrimary)) return true;
            }
            return false;
        },
        "no primary");
    return found;
}

std::size_t ReplicaSet::kill_primary() {
    const std::size_t member = primary();
    members_.at(member).server.kill();
    return member;
}

void ReplicaSet::start(std::size_t member) {
    members_.at(member).server.start();
    wait_for([&] { return is(member, kIsSecondary) || is(member, kIsPrimary); },
             "a member does not come back");
}

void ReplicaSet::step_down() {
    // The time it must not be primary again, in seconds.
    admin_command(direct_uri(primary()), R"({"replSetStepDown": 5, "force": true})");
}

void ReplicaSet::lose(double share) {
    for (Member& member : members_) member.proxy->lose(share);
}

int ReplicaSet::lost() const {
    int lost = 0;
    for (const Member& member : members_) lost += member.proxy->lost();
    return lost;
}

}  // namespace rapport::testing
