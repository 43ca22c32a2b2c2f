#include "tests/faults/program_process.hpp"

#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <stdexcept>
#include <thread>

#include "rapport/core/deadline.hpp"

namespace rapport::testing {
namespace {

std::vector<char*> pointers(std::vector<std::string>& texts) {
    std::vector<char*> all;
    for (std::string& text : texts) all.push_back(text.data());
    all.push_back(nullptr);
    return all;
}

}  // namespace

ProgramProcess::ProgramProcess(std::vector<std::string> arguments,
                               const std::vector<std::string>& environment) {
    arguments.insert(arguments.begin(), RAPPORT_PROGRAM);
    std::vector<std::string> variables = environment;
    for (char** variable = environ; *variable != nullptr; ++variable) {
        variables.emplace_back(*variable);
    }
    const int failure = ::posix_spawn(&pid_, RAPPORT_PROGRAM, nullptr, nullptr,
                                      pointers(arguments).data(), pointers(variables).data());
    if (failure != 0) throw std::runtime_error("the program could not be started");
}

ProgramProcess::~ProgramProcess() {
    send(SIGKILL);
    wait();
}

void ProgramProcess::send(int signal) const {
    // Without a process the pid would stand for all of them.
    if (pid_ > 0) ::kill(pid_, signal);
}

int ProgramProcess::wait() {
    if (pid_ > 0) {
        int status = 0;
        rusage usage{};
        ::wait4(pid_, &status, 0, &usage);
        peak_kib_ = usage.ru_maxrss;
        note_end(status);
    }
    return exit_code_;
}

bool ProgramProcess::has_ended_within(std::chrono::milliseconds patience) {
    const Deadline deadline = Deadline::in(patience);
    while (pid_ > 0) {
        int status = 0;
        rusage usage{};
        if (::wait4(pid_, &status, WNOHANG, &usage) == pid_) {
            peak_kib_ = usage.ru_maxrss;
            note_end(status);
            break;
        }
        if (deadline.passed()) return false;
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return true;
}

void ProgramProcess::note_end(int status) {
    // libmongoc's counters outlive a process that is killed.
    std::error_code ignored;
    std::filesystem::remove("/dev/shm/mongoc-" + std::to_string(pid_), ignored);
    pid_ = -1;
    exit_code_ = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

}  // namespace rapport::testing
