#include "rapport/core/fault_point.hpp"

#ifdef RAPPORT_FAULT_POINTS
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <string>

namespace rapport {
namespace {

struct Fault {
    std::string name{};
    std::atomic<long> left{0};
    int signal = SIGKILL;

    Fault() {
        const char* wanted = std::getenv("RAPPORT_FAULT");
        if (wanted == nullptr) return;
        name = wanted;
        const std::size_t colon = name.rfind(':');
        left = std::stol(name.substr(colon + 1));
        name.resize(colon);
        const char* other = std::getenv("RAPPORT_FAULT_SIGNAL");
        if (other != nullptr) signal = std::stoi(other);
    }
};

}  // namespace

void fault_point(std::string_view name) {
    static Fault fault;
    if (fault.name == name && --fault.left == 0) ::kill(::getpid(), fault.signal);
}

}  // namespace rapport
#endif
