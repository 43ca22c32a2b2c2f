#pragma once

#include <csignal>
#include <stdexcept>

namespace rapport::cli {

/// What a command that was stopped has done, and what becomes of it.
class Interrupted : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

/// While it lives, Ctrl-C and SIGTERM are noted, so that a command can end between two of its
/// steps; a second one ends the process at once, as without it. Where they were ignored (nohup)
/// they stay so.
class Interruption {
  public:
    Interruption();
    ~Interruption();
    Interruption(const Interruption&) = delete;
    Interruption& operator=(const Interruption&) = delete;

    static bool requested();

  private:
    struct sigaction interrupt_before_{};
    struct sigaction terminate_before_{};
};

}  // namespace rapport::cli
