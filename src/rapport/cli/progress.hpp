#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "rapport/cli/interruption.hpp"

namespace rapport::cli {

/// A long command at work: a bar on stderr with rate and time left, for people only (nothing is
/// written where stderr is no terminal), wiped when it ends; and what happens on Ctrl-C.
class Progress {
  public:
    /// `when_stopped` says what becomes of what was done until then.
    Progress(std::string what, std::int64_t total, std::string when_stopped);
    ~Progress();
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;

    /// Called after each step, from any thread but one at a time. Throws Interrupted after Ctrl-C.
    void advance(std::int64_t by);

  private:
    void draw();

    std::string what_;
    std::int64_t total_;
    std::string when_stopped_;
    std::int64_t done_ = 0;
    bool visible_;
    std::chrono::steady_clock::time_point start_;
    std::chrono::steady_clock::time_point drawn_;
    Interruption interruption_{};
};

}  // namespace rapport::cli
