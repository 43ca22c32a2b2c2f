#pragma once

#include <sys/types.h>

#include <chrono>
#include <csignal>
#include <string>
#include <vector>

namespace rapport::testing {

/// The program, run beside the test so that it can be sent a signal.
class ProgramProcess {
  public:
    /// Runs `rapport ARGUMENTS…`; `environment` (NAME=value) is added to the test's own.
    explicit ProgramProcess(std::vector<std::string> arguments,
                            const std::vector<std::string>& environment = {});
    ~ProgramProcess();
    ProgramProcess(const ProgramProcess&) = delete;
    ProgramProcess& operator=(const ProgramProcess&) = delete;

    bool has_ended_within(std::chrono::milliseconds patience);
    void send(int signal) const;
    /// Its exit code; minus the number of the signal that has ended it.
    int wait();
    /// How much memory it has had at most, in KiB; once it has ended.
    long peak_kib() const { return peak_kib_; }

  private:
    void note_end(int status);

    pid_t pid_ = -1;
    int exit_code_ = 0;
    long peak_kib_ = 0;
};

}  // namespace rapport::testing
