#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace rapport::cli {

enum class Colour { kNone, kBold, kDim, kGreen, kYellow, kRed, kCyan };

/// The columns of the terminal behind stdout: COLUMNS, else what the terminal says, else 80.
std::size_t terminal_width();

/// Colour is for people: only on a terminal, and never with NO_COLOR (https://no-color.org).
bool use_colour();

/// While it lives, what is printed to stdout goes to stderr, as wide and coloured as fits that.
class PrintedOnStderr {
  public:
    PrintedOnStderr();
    ~PrintedOnStderr();
    PrintedOnStderr(const PrintedOnStderr&) = delete;
    PrintedOnStderr& operator=(const PrintedOnStderr&) = delete;

  private:
    int stdout_;
};

std::string coloured(std::string_view text, Colour colour);

/// Columns that a text takes on a terminal: wide characters take two, combining ones none.
std::size_t display_width(std::string_view text);

/// The text with a blank for each control character but `kept`: what a lead sent must not steer the
/// terminal of who reads it.
std::string printable(std::string_view text, char kept = ' ');

/// The text in at most `width` columns, printable, its end replaced by … where it is longer.
std::string fit(std::string_view text, std::size_t width);

/// The text, printable, in lines of at most `width` columns, broken at blanks; its own line ends
/// and the blanks before a line stay. A word that is longer stands on a line of its own.
std::vector<std::string> wrapped(std::string_view text, std::size_t width);

/// Prints a text in lines that fit the terminal beside a label of `indent` columns.
void print_beside(std::string_view label, std::size_t indent, Colour colour, std::string_view text);

/// Rows under a head, every column as wide as its widest cell. Where the whole is wider than the
/// terminal, the widest columns give way; the first one, which a person copies to name a row, does
/// so last. Without a terminal, and with no COLUMNS, nothing is cut.
class Table {
  public:
    enum class Align { kLeft, kRight };

    explicit Table(std::vector<std::string> head, std::vector<Align> aligns = {});
    void add(std::vector<std::string> row);
    void print() const;

  private:
    std::vector<std::size_t> widths() const;

    std::vector<std::vector<std::string>> rows_;
    std::vector<Align> aligns_;
};

}  // namespace rapport::cli
