#include "tests/support/mongod.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <mongoc/mongoc.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <thread>
#include <vector>

namespace rapport::testing {
namespace {

using namespace std::chrono_literals;

constexpr auto kUser = "admin";
constexpr auto kPassword = "s3cret";
constexpr auto kLog = "mongod.log";
constexpr auto kWaitingForConnections = "\"id\":23016,";  // the number of that line in its log

[[noreturn]] void fail(const std::string& what) { throw std::runtime_error("mongod: " + what); }

std::string find_program() {
    const char* path = std::getenv("PATH");
    std::string_view rest = path == nullptr ? "" : path;
    while (!rest.empty()) {
        const std::size_t end = std::min(rest.find(':'), rest.size());
        const std::string candidate = fmt::format("{}/mongod", rest.substr(0, end));
        if (::access(candidate.c_str(), X_OK) == 0) return candidate;
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    if (::access(RAPPORT_FETCHED_MONGOD, X_OK) == 0) return RAPPORT_FETCHED_MONGOD;
    fail("no server program on PATH or in build/deps: run ./dev setup");
}

sockaddr_in loopback(int port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

int new_socket() {
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (socket < 0) fail("no socket");
    return socket;
}

int free_port() {
    const int socket = new_socket();
    sockaddr_in address = loopback(0);
    socklen_t size = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    const bool bound =
        ::bind(socket, generic, size) == 0 && ::getsockname(socket, generic, &size) == 0;
    ::close(socket);
    if (!bound) fail("no free port");
    return ntohs(address.sin_port);
}

bool answers(int port) {
    const int socket = new_socket();
    const sockaddr_in address = loopback(port);
    const bool connected =
        ::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    ::close(socket);
    return connected;
}

void make_certificate(const std::filesystem::path& folder) {
    const std::string make = fmt::format(
        "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=127.0.0.1 "
        "-addext subjectAltName=IP:127.0.0.1 -keyout {0}/server.key -out {0}/server.crt "
        "2>/dev/null && cat {0}/server.key {0}/server.crt > {0}/server.pem",
        folder.string());
    if (std::system(make.c_str()) != 0) fail("openssl made no certificate");
}

}  // namespace

std::optional<std::string> admin_command(const std::string& uri, const std::string& json) {
    mongoc_client_t* client = mongoc_client_new(uri.c_str());
    bson_error_t error{};
    bson_t* request = bson_new_from_json(reinterpret_cast<const std::uint8_t*>(json.data()),
                                         static_cast<ssize_t>(json.size()), &error);
    bson_t reply;
    std::optional<std::string> answer;
    if (mongoc_client_command_simple(client, "admin", request, nullptr, &reply, &error)) {
        char* text = bson_as_relaxed_extended_json(&reply, nullptr);
        answer = text;
        bson_free(text);
    }
    bson_destroy(&reply);
    bson_destroy(request);
    mongoc_client_destroy(client);
    return answer;
}

void wait_for(const std::function<bool()>& ready, const char* what) {
    const auto patience = std::chrono::steady_clock::now() + 180s;
    while (!ready()) {
        if (std::chrono::steady_clock::now() > patience) fail(what);
        std::this_thread::sleep_for(20ms);
    }
}

Mongod::Mongod(Mode mode, Lifetime lifetime, std::vector<std::string> parameters)
    : mode_(mode), lifetime_(lifetime), parameters_(std::move(parameters)) {
    mongoc_init();
    mongoc_log_set_handler([](mongoc_log_level_t, const char*, const char*, void*) {}, nullptr);
    std::string folder =
        (std::filesystem::temp_directory_path() / "rapport_mongod_XXXXXX").string();
    if (::mkdtemp(folder.data()) == nullptr) fail("no temporary folder");
    folder_ = folder;
    if (mode_ == Mode::kWithTls) make_certificate(folder_);
    start();
    initiate();
}

Mongod::~Mongod() {
    if (released_) return;
    stop();
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
}

void Mongod::start() {
    constexpr int kAttempts = 5;  // another process may take the port first
    for (int attempt = 1; pid_ < 0; ++attempt) {
        if (port_ == 0 || attempt > 1) port_ = free_port();
        spawn();
        try {
            wait_until_ready();
        } catch (const std::runtime_error&) {
            stop();
            if (attempt == kAttempts) throw;
        }
    }
}

void Mongod::spawn() {
    std::filesystem::remove(folder_ / kLog);
    std::vector<std::string> arguments{find_program(),
                                       "--dbpath",
                                       folder_.string(),
                                       "--port",
                                       fmt::to_string(port_),
                                       "--bind_ip",
                                       "127.0.0.1",
                                       "--nounixsocket",
                                       "--wiredTigerCacheSizeGB",
                                       "0.25",
                                       "--logpath",
                                       (folder_ / kLog).string(),
                                       "--setParameter",
                                       "diagnosticDataCollectionEnabled=false"};
    const auto add = [&](std::initializer_list<std::string> more) {
        arguments.insert(arguments.end(), more);
    };
    for (const std::string& parameter : parameters_) add({"--setParameter", parameter});
    if (mode_ == Mode::kReplicaSet || mode_ == Mode::kMember) add({"--replSet", "rs0"});
    if (mode_ == Mode::kWithAuthentication) add({"--auth"});
    if (mode_ == Mode::kWithTls) {
        add({"--tlsMode", "requireTLS", "--tlsCertificateKeyFile", folder_ / "server.pem"});
    }
    std::vector<char*> raw;
    raw.reserve(arguments.size() + 1);
    for (std::string& argument : arguments) raw.push_back(argument.data());
    raw.push_back(nullptr);

    const pid_t parent = ::getpid();
    pid_ = ::fork();
    if (pid_ < 0) fail("fork failed");
    if (pid_ > 0) return;
    if (lifetime_ == Lifetime::kWithParent) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (::getppid() != parent) ::_exit(1);
    } else {
        ::setsid();
    }
    const int null = ::open("/dev/null", O_RDWR);
    if (null < 0) ::_exit(127);
    ::dup2(null, STDIN_FILENO);
    ::dup2(null, STDOUT_FILENO);
    ::dup2(null, STDERR_FILENO);
    // A socket of this process that it kept would never be closed for its peer.
    ::close_range(STDERR_FILENO + 1, ~0U, 0);
    ::execv(raw.front(), raw.data());
    ::_exit(127);
}

void Mongod::wait_until_ready() const {
    // Its own word for it: somebody else may listen on the port.
    const auto listens = [&] {
        std::ifstream log(folder_ / kLog);
        for (std::string line; std::getline(log, line);) {
            if (line.find(kWaitingForConnections) != std::string::npos) return true;
        }
        return false;
    };
    wait_for(
        [&] {
            if (::waitpid(pid_, nullptr, WNOHANG) != 0) fail("the server ended at once");
            return listens();
        },
        "the server does not listen");
}

void Mongod::initiate() const {
    const std::string direct = fmt::format("mongodb://{}/?directConnection=true", address());
    if (mode_ == Mode::kReplicaSet) {
        const std::string start_set = fmt::format(
            R"({{"replSetInitiate": {{"_id": "rs0", "members": [{{"_id": 0, "host": "{}"}}]}}}})",
            address());
        wait_for([&] { return admin_command(direct, start_set).has_value(); },
                 "the replica set does not start");
        wait_for([&] { return admin_command(uri(), R"({"ping": 1})").has_value(); }, "no primary");
    }
    if (mode_ == Mode::kWithAuthentication) {
        const std::string create = fmt::format(
            R"({{"createUser": "{}", "pwd": "{}", "roles": ["root"]}})", kUser, kPassword);
        wait_for([&] { return admin_command(direct, create).has_value(); }, "no user");
    }
}

void Mongod::kill() {
    if (pid_ > 0) ::kill(pid_, SIGKILL);
    stop();
}

void Mongod::stop() {
    if (pid_ < 0) return;
    end_process(pid_);
    pid_ = -1;
}

pid_t Mongod::release() {
    released_ = true;
    return pid_;
}

std::string Mongod::address() const { return fmt::format("127.0.0.1:{}", port_); }

std::string Mongod::uri() const {
    switch (mode_) {
        case Mode::kReplicaSet:
            return fmt::format("mongodb://{}/?replicaSet=rs0", address());
        case Mode::kWithAuthentication:
            return fmt::format("mongodb://{}:{}@{}/?authSource=admin", kUser, kPassword, address());
        case Mode::kWithTls:
            return fmt::format("mongodb://{}/?tls=true&tlsCAFile={}", address(),
                               ca_file().string());
        case Mode::kStandalone:
        case Mode::kMember:
            break;
    }
    return fmt::format("mongodb://{}/", address());
}

bool wait_for_end(pid_t pid, std::chrono::milliseconds patience) {
    // <sys/pidfd.h> of glibc 2.36 cannot be used from C++: it declares no C linkage.
    const int handle = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
    if (handle < 0) return true;
    pollfd ended{handle, POLLIN, 0};
    const bool has_ended = ::poll(&ended, 1, static_cast<int>(patience.count())) > 0;
    ::close(handle);
    ::waitpid(pid, nullptr, WNOHANG);
    return has_ended;
}

void end_process(pid_t pid) {
    ::kill(pid, SIGTERM);
    if (wait_for_end(pid, 10s)) return;
    ::kill(pid, SIGKILL);
    wait_for_end(pid, 10s);
}

std::string shared_mongodb_uri() {
    if (const char* given = std::getenv("RAPPORT_TEST_MONGODB_URI")) return given;
    std::ifstream file(RAPPORT_SHARED_MONGOD);
    std::string uri;
    int port = 0;
    if (file >> uri >> port && answers(port)) return uri;
    static const Mongod own(Mongod::Mode::kReplicaSet);
    return own.uri();
}

}  // namespace rapport::testing
