#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

namespace rapport::testing {

/// A program that this process starts, and that ends with it. What it prints goes to a file.
class ChildProcess {
  public:
    /// `arguments` begin with the program, by path or to be found on PATH; `variables`
    /// (`NAME=value`) come on top, or in place, of this process's.
    ChildProcess(std::vector<std::string> arguments, const std::vector<std::string>& variables,
                 std::filesystem::path output);
    ~ChildProcess();
    ChildProcess(const ChildProcess&) = delete;
    ChildProcess& operator=(const ChildProcess&) = delete;

    /// Waits for its end. Throws std::runtime_error unless it succeeded. What it printed.
    std::string wait();
    bool is_running();

  private:
    pid_t pid_ = -1;
    int status_ = 0;
    std::filesystem::path output_;
};

}  // namespace rapport::testing
