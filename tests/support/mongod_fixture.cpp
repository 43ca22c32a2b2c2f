// Starts and stops the server that the tests of one ctest run share.
#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "tests/support/mongod.hpp"

namespace {

using rapport::testing::end_process;
using rapport::testing::Mongod;
using rapport::testing::wait_for_end;

/// Ends the server when nobody else does: a run that was killed has no clean-up.
void watch(pid_t server, const std::filesystem::path& folder) {
    constexpr std::chrono::hours kLongestRun{1};
    if (::fork() != 0) return;
    ::setsid();
    ::close(STDIN_FILENO);
    ::close(STDOUT_FILENO);
    ::close(STDERR_FILENO);
    if (!wait_for_end(server, kLongestRun)) end_process(server);
    std::error_code ignored;
    std::filesystem::remove_all(folder, ignored);
    ::_exit(0);
}

int start() {
    Mongod server(Mongod::Mode::kReplicaSet, Mongod::Lifetime::kOutlivesParent);
    const std::string address = server.address();
    const pid_t pid = server.release();
    watch(pid, server.folder());
    std::ofstream(RAPPORT_SHARED_MONGOD)
        << server.uri() << ' ' << address.substr(address.rfind(':') + 1) << ' ' << pid << ' '
        << server.folder().string() << '\n';
    return 0;
}

int stop() {
    std::ifstream file(RAPPORT_SHARED_MONGOD);
    std::string uri;
    std::string folder;
    int port = 0;
    pid_t pid = 0;
    if (!(file >> uri >> port >> pid >> folder)) return 0;
    end_process(pid);
    std::error_code ignored;
    std::filesystem::remove_all(folder, ignored);
    std::filesystem::remove(RAPPORT_SHARED_MONGOD, ignored);
    return 0;
}

}  // namespace

int main(int argc, char** argv) try {
    const std::string_view verb = argc == 2 ? argv[1] : "";
    if (verb != "start" && verb != "stop") {
        fmt::print(stderr, "usage: rapport_test_mongod start|stop\n");
        return 2;
    }
    if (std::getenv("RAPPORT_TEST_MONGODB_URI") != nullptr) return 0;
    return verb == "start" ? start() : stop();
} catch (const std::exception& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 1;
}
