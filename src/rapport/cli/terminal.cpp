#include "rapport/cli/terminal.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <numeric>
#include <optional>

namespace rapport::cli {
namespace {

constexpr std::size_t kGap = 2;  ///< blanks between columns
constexpr std::size_t kDefaultWidth = 80;

/// One character, its bytes and its columns. Bytes that are no character take one column each.
struct Glyph {
    std::string_view bytes;
    std::size_t columns;
};

Glyph next_glyph(std::string_view text) {
    wchar_t wide = 0;
    mbstate_t state{};
    const std::size_t bytes = mbrtowc(&wide, text.data(), text.size(), &state);
    if (bytes == 0 || bytes > text.size()) return {text.substr(0, 1), 1};
    const int columns = wcwidth(wide);
    return {text.substr(0, bytes), columns < 0 ? 0 : static_cast<std::size_t>(columns)};
}

/// As terminal_width(); absent where no terminal is there and COLUMNS does not say one.
std::optional<std::size_t> screen_width() {
    constexpr std::size_t kLeast = 20;
    if (const char* columns = std::getenv("COLUMNS")) {
        std::size_t width = 0;
        const std::string_view text(columns);
        std::from_chars(text.data(), text.data() + text.size(), width);
        if (width >= kLeast) return width;
    }
    if (isatty(STDOUT_FILENO) == 0) return std::nullopt;
    winsize size{};
    const bool is_told = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col >= kLeast;
    return is_told ? size.ws_col : kDefaultWidth;
}

const char* escape_of(Colour colour) {
    switch (colour) {
        case Colour::kBold:
            return "\x1b[1m";
        case Colour::kDim:
            return "\x1b[2m";
        case Colour::kGreen:
            return "\x1b[32m";
        case Colour::kYellow:
            return "\x1b[33m";
        case Colour::kRed:
            return "\x1b[31m";
        case Colour::kCyan:
            return "\x1b[36m";
        case Colour::kNone:
            break;
    }
    return "";
}

}  // namespace

std::size_t terminal_width() { return screen_width().value_or(kDefaultWidth); }

bool use_colour() {
    const char* no_colour = std::getenv("NO_COLOR");
    return isatty(STDOUT_FILENO) != 0 && (no_colour == nullptr || *no_colour == '\0');
}

PrintedOnStderr::PrintedOnStderr() : stdout_(::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0)) {
    std::fflush(stdout);
    if (stdout_ >= 0) ::dup2(STDERR_FILENO, STDOUT_FILENO);
}

PrintedOnStderr::~PrintedOnStderr() {
    std::fflush(stdout);
    if (stdout_ < 0) return;
    ::dup2(stdout_, STDOUT_FILENO);
    ::close(stdout_);
}

std::string coloured(std::string_view text, Colour colour) {
    if (colour == Colour::kNone || !use_colour()) return std::string(text);
    return fmt::format("{}{}\x1b[0m", escape_of(colour), text);
}

std::size_t display_width(std::string_view text) {
    std::size_t width = 0;
    while (!text.empty()) {
        const Glyph glyph = next_glyph(text);
        width += glyph.columns;
        text.remove_prefix(glyph.bytes.size());
    }
    return width;
}

std::string printable(std::string_view text, char kept) {
    std::string clean;
    clean.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto byte = static_cast<unsigned char>(text[i]);
        const auto next = static_cast<unsigned char>(i + 1 < text.size() ? text[i + 1] : 0);
        // U+0080 to U+009F are controls, too: 0xC2 0x9B is a terminal's CSI.
        const bool wide = byte == 0xC2 && next >= 0x80 && next < 0xA0;
        const bool control = wide || byte < 0x20 || byte == 0x7F;
        clean += control && text[i] != kept ? ' ' : text[i];
        if (wide) ++i;
    }
    return clean;
}

std::string fit(std::string_view text, std::size_t width) {
    std::string line = printable(text);
    if (display_width(line) <= width) return line;
    std::string cut;
    std::size_t used = 0;
    for (std::string_view rest = line; !rest.empty();) {
        const Glyph glyph = next_glyph(rest);
        if (used + glyph.columns + 1 > width) break;
        cut += glyph.bytes;
        used += glyph.columns;
        rest.remove_prefix(glyph.bytes.size());
    }
    return width == 0 ? std::string() : cut + "…";
}

std::vector<std::string> wrapped(std::string_view as_sent, std::size_t width) {
    const std::string clean = printable(as_sent, '\n');
    const std::string_view text = clean;
    std::vector<std::string> lines;
    for (std::size_t at = 0; at <= text.size();) {
        const std::size_t end = std::min(text.find('\n', at), text.size());
        lines.emplace_back();
        std::size_t used = 0;
        bool begun = false;
        for (std::string_view rest = text.substr(at, end - at); !rest.empty();) {
            const std::string_view word = rest.substr(0, rest.find(' '));
            rest.remove_prefix(std::min(word.size() + 1, rest.size()));
            const std::size_t columns = display_width(word);
            if (used > 0 && used + 1 + columns > width) {
                lines.emplace_back();
                used = 0;
                begun = false;
            }
            if (begun) lines.back() += ' ';
            lines.back() += word;
            used += columns + (begun ? 1 : 0);
            begun = true;
        }
        at = end + 1;
    }
    return lines;
}

void print_beside(std::string_view label, std::size_t indent, Colour colour,
                  std::string_view text) {
    std::string start = fmt::format("{:<{}}", label, indent);
    for (const std::string& line : wrapped(text, terminal_width() - indent - 1)) {
        fmt::print("{}{}\n", coloured(start, colour), line);
        start.assign(indent, ' ');
    }
}

Table::Table(std::vector<std::string> head, std::vector<Align> aligns)
    : rows_{std::move(head)}, aligns_(std::move(aligns)) {
    aligns_.resize(rows_.front().size(), Align::kLeft);
}

void Table::add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }

std::vector<std::size_t> Table::widths() const {
    constexpr std::size_t kLeast = 3;
    std::vector<std::size_t> widths(rows_.front().size(), 0);
    for (const auto& row : rows_) {
        for (std::size_t i = 0; i < row.size(); ++i) {
            widths[i] = std::max(widths[i], display_width(row[i]));
        }
    }
    const auto screen = screen_width();
    if (!screen) return widths;
    const std::size_t room = *screen - kGap * (widths.size() - 1);
    while (std::accumulate(widths.begin(), widths.end(), std::size_t{0}) > room) {
        auto widest = std::max_element(widths.begin() + 1, widths.end());
        if (widest == widths.end() || *widest <= kLeast) widest = widths.begin();
        if (*widest <= kLeast) break;
        --*widest;
    }
    return widths;
}

void Table::print() const {
    const std::vector<std::size_t> columns = widths();
    for (std::size_t r = 0; r < rows_.size(); ++r) {
        std::string line;
        for (std::size_t i = 0; i < rows_[r].size(); ++i) {
            const std::string cell = fit(rows_[r][i], columns[i]);
            const std::string padding(columns[i] - std::min(columns[i], display_width(cell)), ' ');
            if (i > 0) line.append(kGap, ' ');
            line += aligns_[i] == Align::kRight ? padding + cell : cell + padding;
        }
        line.erase(line.find_last_not_of(' ') + 1);
        fmt::print("{}\n", coloured(line, r == 0 ? Colour::kBold : Colour::kNone));
    }
}

}  // namespace rapport::cli
