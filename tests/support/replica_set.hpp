#pragma once

#include <array>
#include <memory>
#include <string>

#include "tests/support/mongod.hpp"
#include "tests/support/proxy.hpp"

namespace rapport::testing {

/// Three real servers on loopback, one of them primary, each behind a proxy by which clients and
/// the other two know it. Elections take about two seconds.
class ReplicaSet {
  public:
    /// Answers can be lost to commands on `database`.
    ReplicaSet(const std::string& database, unsigned seed);
    ~ReplicaSet();
    ReplicaSet(const ReplicaSet&) = delete;
    ReplicaSet& operator=(const ReplicaSet&) = delete;

    std::string uri() const;

    /// Ends the primary as a crash does and returns its number; start() brings it back.
    std::size_t kill_primary();
    /// Returns once it follows the others.
    void start(std::size_t member);
    /// Makes the primary give up its place at once, whatever it is at.
    void step_down();

    /// From now on this share of the answers, 0 to 1, is lost.
    void lose(double share);
    /// How many answers were lost.
    int lost() const;

  private:
    struct Member {
        Mongod server{Mongod::Mode::kMember};
        std::unique_ptr<Proxy> proxy{};
    };
    std::string direct_uri(std::size_t member) const;
    bool is(std::size_t member, const char* state) const;
    std::size_t primary() const;

    std::array<Member, 3> members_;
};

}  // namespace rapport::testing
