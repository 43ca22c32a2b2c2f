#include "tests/faults/writer_process.hpp"

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <random>
#include <stdexcept>
#include <thread>
#include <utility>

namespace rapport::testing {

WriterProcess::WriterProcess(const OwnDatabase& database, WriterPlan plan, int number,
                             std::filesystem::path acknowledged)
    : arguments_{RAPPORT_TURN_WRITER,          database.is_sqlite() ? "sqlite" : "mongodb",
                 database.url().location,      database.settings().mongodb_database,
                 std::to_string(number),       std::to_string(plan.leads),
                 std::to_string(plan.writers), std::to_string(plan.turns),
                 std::to_string(plan.seed),    acknowledged.string()},
      plan_(plan),
      number_(number),
      acknowledged_(std::move(acknowledged)) {
    if (plan.agents) arguments_.push_back(std::to_string(plan.agents->count()));
}

WriterProcess::~WriterProcess() {
    if (pid_ > 0) {
        kill();
        wait();
    }
}

void WriterProcess::start(const std::string& fault) {
    std::vector<std::string> variables;
    for (char** variable = environ; *variable != nullptr; ++variable) {
        variables.emplace_back(*variable);
    }
    if (!fault.empty()) variables.push_back("RAPPORT_FAULT=" + fault);
    const auto pointers = [](std::vector<std::string>& texts) {
        std::vector<char*> all;
        for (std::string& text : texts) all.push_back(text.data());
        all.push_back(nullptr);
        return all;
    };
    const int failure = ::posix_spawn(&pid_, arguments_.front().c_str(), nullptr, nullptr,
                                      pointers(arguments_).data(), pointers(variables).data());
    if (failure != 0) throw std::runtime_error("no turn writer could be started");
}

void WriterProcess::kill() {
    // Without a process the pid would stand for all of them.
    if (pid_ > 0) ::kill(pid_, SIGKILL);
}

bool WriterProcess::wait() {
    if (pid_ < 0) return killed_;
    int status = 0;
    ::waitpid(pid_, &status, 0);
    note_end(status);
    return killed_;
}

bool WriterProcess::has_ended_within(std::chrono::milliseconds patience) {
    const Deadline deadline = Deadline::in(patience);
    while (true) {
        if (pid_ < 0) return true;
        int status = 0;
        if (::waitpid(pid_, &status, WNOHANG) == pid_) {
            note_end(status);
            return true;
        }
        if (deadline.passed()) return false;
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
}

void WriterProcess::note_end(int status) {
    // libmongoc's counters outlive a process that is killed.
    std::error_code ignored;
    std::filesystem::remove("/dev/shm/mongoc-" + std::to_string(pid_), ignored);
    pid_ = -1;
    killed_ = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
    exit_code_ = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

std::vector<Delivery> WriterProcess::planned() const {
    std::vector<Delivery> all;
    for (int writer = 0; writer < plan_.writers; ++writer) {
        std::mt19937 random(plan_.seed + static_cast<unsigned>(1000 * number_ + writer));
        for (int turn = 0; turn < plan_.turns; ++turn) {
            const int lead = static_cast<int>(random() % static_cast<unsigned>(plan_.leads));
            all.push_back({lead, number_, writer, turn});
        }
    }
    return all;
}

}  // namespace rapport::testing
