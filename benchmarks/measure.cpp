#include "benchmarks/measure.hpp"

#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <sstream>

namespace rapport::bench {

double own_cpu() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    const auto seconds = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

/// proc(5): utime and stime are the 14th and 15th field; the 2nd, in brackets, may hold blanks.
double server_cpu() {
    const char* pid = std::getenv("MONGOD_PID");
    if (pid == nullptr) return 0;
    std::ifstream file(fmt::format("/proc/{}/stat", pid));
    std::string line;
    std::getline(file, line);
    std::istringstream fields(line.substr(line.rfind(')') + 1));
    std::string skipped;
    constexpr int kBetween = 11;
    for (int i = 0; i < kBetween; ++i) fields >> skipped;
    double user = 0;
    double system = 0;
    fields >> user >> system;
    return (user + system) / static_cast<double>(sysconf(_SC_CLK_TCK));
}

void Report::print() const {
    std::vector<float> sorted = latencies;
    std::ranges::sort(sorted);
    const auto percentile = [&](double part) {
        if (sorted.empty()) return 0.F;
        const auto at = static_cast<std::size_t>(part * static_cast<double>(sorted.size()));
        return sorted[std::min(at, sorted.size() - 1)];
    };
    fmt::print(
        R"({{"peer":"{}","op":"{}","conc":{},"pool":{},"wc":"{}","rate":{:.1f},"p50":{:.3f},)"
        R"("p99":{:.3f},"p999":{:.3f},"n":{},"secs":{:.3f},"client_cpu":{:.3f},)"
        R"("mongod_cpu":{:.3f},"batch":{:.1f}}})"
        "\n",
        peer, op, conversations, pool, concern, static_cast<double>(count) / seconds,
        percentile(.5), percentile(.99), percentile(.999), count, seconds, client_cpu, mongod_cpu,
        batch);
}

void Stopwatch::stop(Report& report) const {
    report.seconds = std::chrono::duration<double>(Clock::now() - start_).count();
    report.client_cpu = own_cpu() - own_;
    report.mongod_cpu = server_cpu() - server_;
}

}  // namespace rapport::bench
