#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace rapport::testing {

/// A real mongod on a free loopback port with a folder of its own. Both are gone when it goes, also
/// when the process that started it dies. Throws std::runtime_error where none can be had: a test
/// that was promised MongoDB fails.
class Mongod {
  public:
    enum class Mode {
        kReplicaSet,  ///< one node, primary
        kMember,      ///< of a replica set `rs0` that somebody initiates
        kStandalone,
        kWithAuthentication,  ///< standalone; user `admin`, password `s3cret`
        kWithTls,             ///< standalone; requires TLS, its certificate signed by ca_file()
    };

    enum class Lifetime { kWithParent, kOutlivesParent };

    /// `parameters` of the server (`ttlMonitorSleepSecs=1`), beside those that every test has.
    explicit Mongod(Mode mode, Lifetime lifetime = Lifetime::kWithParent,
                    std::vector<std::string> parameters = {});
    ~Mongod();
    Mongod(const Mongod&) = delete;
    Mongod& operator=(const Mongod&) = delete;

    /// Everything a client needs, credentials and TLS included.
    std::string uri() const;
    /// `127.0.0.1:port`
    std::string address() const;
    int port() const { return port_; }
    std::filesystem::path ca_file() const { return folder_ / "server.crt"; }

    /// Ends the server as an operator would; start() brings it back with its data.
    void stop();
    /// Ends it as a crash does: what it was at is not answered.
    void kill();
    void start();

    /// Lets the server outlive this process: who calls it stops it by its pid and removes the
    /// folder.
    pid_t release();
    const std::filesystem::path& folder() const { return folder_; }

  private:
    void spawn();
    void wait_until_ready() const;
    void initiate() const;

    Mode mode_;
    Lifetime lifetime_;
    std::vector<std::string> parameters_;
    std::filesystem::path folder_;
    int port_ = 0;
    pid_t pid_ = -1;
    bool released_ = false;
};

/// The server of this test run: RAPPORT_TEST_MONGODB_URI, else the one that ctest's fixture
/// started, else one of this process's own. Databases on it are named `rapport_test_…`.
std::string shared_mongodb_uri();

/// Runs a command on `admin` and returns the answer as JSON text; absent when the server does not
/// answer or refuses.
std::optional<std::string> admin_command(const std::string& uri, const std::string& json);

/// Asks again and again; throws std::runtime_error, saying `what`, when that takes three minutes.
void wait_for(const std::function<bool()>& ready, const char* what);

/// Waits until a process has ended, whoever reaps it: where nobody does, as in a container without
/// an init, its pid stays. False when that takes longer.
bool wait_for_end(pid_t pid, std::chrono::milliseconds patience);

/// Ends a process by its pid and waits for it; kills it when it takes more than ten seconds.
void end_process(pid_t pid);

}  // namespace rapport::testing
