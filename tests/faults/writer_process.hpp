#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "tests/faults/delivery.hpp"
#include "tests/support/engine.hpp"

namespace rapport::testing {

/// What writers do; see turn_writer.cpp.
struct WriterPlan {
    int leads = 8;
    int writers = 4;
    int turns = 20;
    unsigned seed = 1;
    /// Its messages go through a ConversationOrchestrator, whose agents take so long; else they are
    /// turns.
    std::optional<std::chrono::milliseconds> agents{};
};

/// A writing process on a test's database, which may be killed and started again.
class WriterProcess {
  public:
    /// `number` tells it from others on the same database.
    WriterProcess(const OwnDatabase& database, WriterPlan plan, int number,
                  std::filesystem::path acknowledged);
    ~WriterProcess();
    WriterProcess(const WriterProcess&) = delete;
    WriterProcess& operator=(const WriterProcess&) = delete;

    /// Starts it; `fault` is a NAME:N of a fault point, or empty.
    void start(const std::string& fault = {});
    /// Kills it wherever it is.
    void kill();
    /// Waits until it has ended; true when it was killed.
    bool wait();
    /// Waits so long; false when it goes on.
    bool has_ended_within(std::chrono::milliseconds patience);

    std::vector<Delivery> acknowledged() const { return read_deliveries(acknowledged_); }
    /// Those for which its agents were asked, each as often as that.
    std::vector<Delivery> asked() const {
        return read_deliveries(acknowledged_.string() + ".asked");
    }
    /// All that it delivers when nothing stops it.
    std::vector<Delivery> planned() const;
    int exit_code() const { return exit_code_; }

  private:
    void note_end(int status);

    std::vector<std::string> arguments_;
    WriterPlan plan_;
    int number_;
    std::filesystem::path acknowledged_;
    pid_t pid_ = -1;
    int exit_code_ = -1;
    bool killed_ = false;
};

/// A failure's text for what is wrong with the stored conversations, empty when nothing is: every
/// planned message there once, in its writer's order, with its answer behind it; counts, numbers
/// and window agree. Settles every lead first.
std::string find_fault(const Settings& settings, const DatabaseUrl& url,
                       const std::vector<Delivery>& planned);

}  // namespace rapport::testing
