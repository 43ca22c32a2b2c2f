#pragma once

#include <csignal>
#include <cstdio>
#include <memory>
#include <string>

namespace rapport::cli {

/// Lines from stdin: on a terminal edited as in a shell, with those typed before behind the arrow
/// keys (in memory only: a conversation is not left in a file); from a pipe as they come.
class LineEditor {
  public:
    /// `prompt` is shown on a terminal only. `screen` is where a person sees it and what is typed:
    /// stdout, or stderr where that is a script's.
    explicit LineEditor(std::string prompt, std::FILE* screen = stdout);
    ~LineEditor();
    LineEditor(const LineEditor&) = delete;
    LineEditor& operator=(const LineEditor&) = delete;

    enum class Event { kLine, kInterrupted, kEnd };
    /// kInterrupted is Ctrl-C, which drops the line that was being typed.
    Event read(std::string& line);

    bool on_terminal() const { return terminal_ != nullptr; }

  private:
    struct Terminal;
    std::unique_ptr<Terminal> terminal_;
};

/// While it lives, threads that are started get none of the signals that end, stop or resize a
/// terminal's program. The editor's handlers are for the thread that reads: on another one they
/// would still be at work when the editor is gone.
class SignalsForThisThread {
  public:
    SignalsForThisThread();
    ~SignalsForThisThread();
    SignalsForThisThread(const SignalsForThisThread&) = delete;
    SignalsForThisThread& operator=(const SignalsForThisThread&) = delete;

  private:
    sigset_t before_{};
};

}  // namespace rapport::cli
