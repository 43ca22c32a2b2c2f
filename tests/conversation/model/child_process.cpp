#include "tests/conversation/model/child_process.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "tests/support/mongod.hpp"

namespace rapport::testing {

ChildProcess::ChildProcess(std::vector<std::string> arguments,
                           const std::vector<std::string>& variables, std::filesystem::path output)
    : output_(std::move(output)) {
    std::vector<std::string> environment = variables;
    for (char** inherited = environ; *inherited != nullptr; ++inherited) {
        const std::string_view text(*inherited);
        const auto name = text.substr(0, text.find('=') + 1);
        const auto replaces = [&](const std::string& variable) {
            return variable.starts_with(name);
        };
        if (std::ranges::none_of(variables, replaces)) environment.emplace_back(text);
    }
    const auto pointers = [](std::vector<std::string>& texts) {
        std::vector<char*> all;
        for (std::string& text : texts) all.push_back(text.data());
        all.push_back(nullptr);
        return all;
    };
    const auto argv = pointers(arguments);
    const auto envp = pointers(environment);
    const std::string file = output_.string();
    const pid_t parent = ::getpid();
    pid_ = ::fork();
    if (pid_ < 0) throw std::runtime_error("fork failed");
    if (pid_ > 0) return;
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(1);
    const int out = ::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (out < 0) ::_exit(127);
    ::dup2(out, STDOUT_FILENO);
    ::dup2(out, STDERR_FILENO);
    ::close_range(STDERR_FILENO + 1, ~0U, 0);
    ::execvpe(argv.front(), argv.data(), envp.data());
    ::_exit(127);
}

ChildProcess::~ChildProcess() {
    if (is_running()) end_process(pid_);
}

bool ChildProcess::is_running() {
    if (pid_ > 0 && ::waitpid(pid_, &status_, WNOHANG) == pid_) pid_ = -1;
    return pid_ > 0;
}

std::string ChildProcess::wait() {
    if (pid_ > 0) ::waitpid(std::exchange(pid_, -1), &status_, 0);
    std::ifstream in(output_);
    std::string text(std::istreambuf_iterator<char>(in), {});
    if (!WIFEXITED(status_) || WEXITSTATUS(status_) != 0) {
        throw std::runtime_error("a child process failed: " + text);
    }
    return text;
}

}  // namespace rapport::testing
