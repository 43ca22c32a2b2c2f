#pragma once

#include <chrono>
#include <string>
#include <vector>

namespace rapport::bench {

using Clock = std::chrono::steady_clock;

/// How long a closed loop runs before it is measured.
inline constexpr std::chrono::milliseconds kWarmUp{700};

/// Seconds of CPU that this process has used.
double own_cpu();
/// The same of the server whose pid is in MONGOD_PID; 0 without one.
double server_cpu();

/// What was measured, printed as one line of JSON.
struct Report {
    std::string peer{};
    std::string op{};
    int conversations = 1;
    int pool = 1;
    std::string concern{};
    std::size_t count = 0;
    double seconds = 0;
    double client_cpu = 0;
    double mongod_cpu = 0;
    std::vector<float> latencies{};  ///< ms
    double batch = 0;                ///< operations a batch, where batches are formed

    void print() const;
};

/// Times one piece of work, CPU included.
class Stopwatch {
  public:
    void stop(Report& report) const;

  private:
    Clock::time_point start_ = Clock::now();
    double own_ = own_cpu();
    double server_ = server_cpu();
};

}  // namespace rapport::bench
