#include "rapport/store/sqlite/checkpointer.hpp"

#include <chrono>

namespace rapport::sqlite {
namespace {

// In pages of 4 KiB. A page that changes often is copied once for many changes, so the log may
// grow.
constexpr int kWorthCopying = 4'000;
/// From here on the log is begun anew as soon as little is left to copy.
constexpr int kLongEnough = 8'000;
constexpr int kLittle = 500;
constexpr int kTooLong = 64'000;

/// How long the writer waits for readers that still need the log.
constexpr std::chrono::milliseconds kPatience{50};

}  // namespace

Checkpointer::Checkpointer(const std::filesystem::path& file, Connection& writer)
    : writer_(writer),
      own_(file),
      most_(kTooLong),
      thread_([this](const std::stop_token& stop) { run(stop); }) {
    sqlite3_wal_hook(writer_.handle(), on_commit, this);
}

Checkpointer::~Checkpointer() { sqlite3_wal_hook(writer_.handle(), nullptr, nullptr); }

int Checkpointer::on_commit(void* self, sqlite3*, const char*, int pages) noexcept {
    static_cast<Checkpointer*>(self)->log_has(pages);
    return SQLITE_OK;
}

void Checkpointer::log_has(int pages) {
    int left = 0;
    bool is_wanted = false;
    {
        const std::scoped_lock lock(mutex_);
        if (pages < copied_) {  // begun anew
            copied_ = 0;
            most_ = kTooLong;
        }
        left = pages - copied_;
        is_wanted = left >= (pages < kLongEnough ? kWorthCopying : kLittle);
        is_wanted_ = is_wanted;
    }
    if (is_wanted) wanted_.notify_one();
    if (pages >= most_) {
        most_ = pages + kWorthCopying;  // should it fail, not again at every commit
        restart_log();
    } else if (pages >= kLongEnough && left < kLittle) {
        restart_log();
    }
}

/// Failure means that somebody else is at it, or reads the log: then it grows until next time.
void Checkpointer::restart_log() {
    const Deadline before = writer_.deadline();
    writer_.set_deadline(Deadline::in(kPatience));
    sqlite3_wal_checkpoint_v2(writer_.handle(), nullptr, SQLITE_CHECKPOINT_RESTART, nullptr,
                              nullptr);
    writer_.set_deadline(before);
}

void Checkpointer::run(const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    while (wanted_.wait(lock, stop, [this] { return is_wanted_; })) {
        is_wanted_ = false;
        lock.unlock();
        int copied = 0;
        const int code = sqlite3_wal_checkpoint_v2(own_.handle(), nullptr,
                                                   SQLITE_CHECKPOINT_PASSIVE, nullptr, &copied);
        lock.lock();
        // What goes wrong here goes wrong for the writer too, who tells its callers.
        if (code == SQLITE_OK) copied_ = copied;
    }
}

}  // namespace rapport::sqlite
