#pragma once

#include <atomic>
#include <boost/json/value.hpp>
#include <filesystem>
#include <string>
#include <vector>

#include "tests/support/engine.hpp"

namespace rapport::testing {

/// Two leads of the tests.
inline constexpr auto kPhone = "+525512345678";
inline constexpr auto kOther = "+525599998888";
/// The exit code after Ctrl-C.
inline constexpr int kInterrupted = 130;

/// What one run of the program gave.
struct Outcome {
    int exit_code;
    std::string out;
    std::string err;

    /// stdout as JSON; fails the test's expectation by an exception when it is none.
    boost::json::value json() const;
};

/// The program as a person starts it: in a folder of its own, with an environment that holds what
/// the test says and nothing of the developer's.
class Program {
  public:
    explicit Program(const std::string& engine);
    ~Program();
    Program(const Program&) = delete;
    Program& operator=(const Program&) = delete;

    const OwnDatabase& database() const { return database_; }

    /// Runs `rapport ARGUMENTS…` on the test's own database. From any thread, as the next.
    Outcome run(std::vector<std::string> arguments) const;
    /// Runs it as it is: no --db is added.
    Outcome run_bare(std::vector<std::string> arguments) const;

    /// Sets a variable of the environment for the runs that follow, instead of what it was.
    void set(const std::string& name, const std::string& value);

    /// The runs that follow are those of a user without rights, where the test has all of them.
    void give_up_rights();

    /// What the runs that follow read from stdin; nothing at first.
    void type(std::string_view lines) const;

    /// Writes a file into the folder and returns its name.
    std::string write(const std::string& name, std::string_view content) const;
    const std::filesystem::path& folder() const { return folder_; }
    bool exists(const std::string& name) const { return std::filesystem::exists(folder_ / name); }
    std::filesystem::path path(const std::string& name) const { return folder_ / name; }

  private:
    OwnDatabase database_;
    std::filesystem::path folder_;
    std::vector<std::string> environment_;
    bool has_rights_ = true;
    mutable std::atomic<int> runs_ = 0;
};

}  // namespace rapport::testing
