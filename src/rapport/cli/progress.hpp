#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace rapport::cli {

/// A bar on stderr with rate and time left, for people only: nothing is written where stderr is no
/// terminal. Wiped when it ends.
class Progress {
  public:
    Progress(std::string what, std::int64_t total);
    ~Progress();
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;

    void advance(std::int64_t by);

  private:
    void draw();

    std::string what_;
    std::int64_t total_;
    std::int64_t done_ = 0;
    bool visible_;
    std::chrono::steady_clock::time_point start_;
    std::chrono::steady_clock::time_point drawn_;
};

}  // namespace rapport::cli
