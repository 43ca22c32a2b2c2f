#include "rapport/cli/interruption.hpp"

#include <atomic>

namespace rapport::cli {
namespace {

std::atomic<bool> noted{false};
int depth = 0;  ///< how many there are, one in another
static_assert(std::atomic<bool>::is_always_lock_free);

void note(int) { noted = true; }

void note_once(int signal, struct sigaction& before) {
    sigaction(signal, nullptr, &before);
    if (before.sa_handler == SIG_IGN) return;
    struct sigaction action{};
    action.sa_handler = note;
    action.sa_flags = SA_RESETHAND | SA_RESTART;
    sigaction(signal, &action, nullptr);
}

}  // namespace

Interruption::Interruption() {
    if (depth++ == 0) noted = false;
    note_once(SIGINT, interrupt_before_);
    note_once(SIGTERM, terminate_before_);
}

Interruption::~Interruption() {
    --depth;
    sigaction(SIGINT, &interrupt_before_, nullptr);
    sigaction(SIGTERM, &terminate_before_, nullptr);
}

bool Interruption::requested() { return noted; }

}  // namespace rapport::cli
