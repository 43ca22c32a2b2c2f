#include "rapport/cli/line_editor.hpp"

#include <histedit.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <iostream>

#include "rapport/cli/terminal.hpp"

namespace rapport::cli {
namespace {

struct EndEditor {
    void operator()(EditLine* editor) const { el_end(editor); }
};
struct EndHistory {
    void operator()(History* history) const { history_end(history); }
};

}  // namespace

struct LineEditor::Terminal {
    Terminal(std::string with, std::FILE* on)
        : prompt(std::move(with)),
          screen(on),
          editor(el_init("rapport", stdin, screen, stderr)),
          history(history_init()) {
        HistEvent event;
        ::history(history.get(), &event, H_SETSIZE, 500);
        el_set(editor.get(), EL_CLIENTDATA, this);
        el_set(editor.get(), EL_PROMPT, show_prompt);
        el_set(editor.get(), EL_EDITOR, "emacs");
        el_set(editor.get(), EL_HIST, ::history, history.get());
        // The window may be resized while a line is typed.
        el_set(editor.get(), EL_SIGNAL, 1);
        // Ctrl-C is a key like the others while a line is typed, and ends the program otherwise.
        el_set(editor.get(), EL_SETTY, "-d", "-isig", nullptr);
        // The narrow call copies the names and never frees them.
        el_wset(editor.get(), EL_ADDFN, L"drop-line", L"Drop the line", drop_line);
        el_set(editor.get(), EL_BIND, "^C", "drop-line", nullptr);
        el_set(editor.get(), EL_BIND, "^R", "em-inc-search-prev", nullptr);
    }

    static Terminal& of(EditLine* editor) {
        void* terminal = nullptr;
        el_get(editor, EL_CLIENTDATA, &terminal);
        return *static_cast<Terminal*>(terminal);
    }
    static char* show_prompt(EditLine* editor) { return of(editor).prompt.data(); }
    static unsigned char drop_line(EditLine* editor, int) {
        Terminal& terminal = of(editor);
        terminal.interrupted = true;
        std::fputs("^C\n", terminal.screen);
        return CC_NEWLINE;
    }

    std::string prompt;
    std::FILE* screen;
    std::unique_ptr<EditLine, EndEditor> editor;
    std::unique_ptr<History, EndHistory> history;
    bool interrupted = false;
};

LineEditor::LineEditor(std::string prompt, std::FILE* screen) {
    if (isatty(STDIN_FILENO) == 0 || isatty(fileno(screen)) == 0) return;
    terminal_ = std::make_unique<Terminal>(std::move(prompt), screen);
}

LineEditor::~LineEditor() = default;

LineEditor::Event LineEditor::read(std::string& line) {
    line.clear();
    if (!terminal_) return std::getline(std::cin, line) ? Event::kLine : Event::kEnd;
    terminal_->interrupted = false;
    const std::size_t width = terminal_width();
    int length = 0;
    const char* typed = nullptr;
    do {
        errno = 0;
        typed = el_gets(terminal_->editor.get(), &length);
        // A window that is resized again and again interrupts the editor's reading.
    } while (typed == nullptr && errno == EINTR);
    // In a narrower window the editor leaves what it had written below the line.
    if (terminal_width() != width) std::fputs("\x1b[J", terminal_->screen);
    if (terminal_->interrupted) return Event::kInterrupted;
    if (typed == nullptr || length <= 0) return Event::kEnd;
    line.assign(typed, static_cast<std::size_t>(length));
    while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) line.pop_back();
    if (!line.empty()) {
        HistEvent event;
        ::history(terminal_->history.get(), &event, H_ENTER, line.c_str());
    }
    return Event::kLine;
}

SignalsForThisThread::SignalsForThisThread() {
    sigset_t ours;
    sigemptyset(&ours);
    for (const int signal : {SIGINT, SIGQUIT, SIGHUP, SIGTERM, SIGTSTP, SIGCONT, SIGWINCH}) {
        sigaddset(&ours, signal);
    }
    pthread_sigmask(SIG_BLOCK, &ours, &before_);
}

SignalsForThisThread::~SignalsForThisThread() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

}  // namespace rapport::cli
