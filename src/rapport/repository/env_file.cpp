#include "rapport/repository/env_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <fstream>
#include <istream>
#include <string_view>
#include <system_error>

#include "rapport/core/error.hpp"

namespace rapport {
namespace {

constexpr std::string_view kBlanks = " \t";

std::string_view trim(std::string_view text) {
    const std::size_t first = text.find_first_not_of(kBlanks);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

/// Dots and hyphens are other programs' names, which we pass over.
bool is_name(std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, [](unsigned char c) {
        return std::isalnum(c) != 0 || c == '_' || c == '.' || c == '-';
    });
}

/// Up to a comment, which starts at a `#` after a blank.
std::string bare_value(std::string_view text) {
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool after_blank = i == 0 || kBlanks.find(text[i - 1]) != std::string_view::npos;
        if (text[i] == '#' && after_blank) return std::string(trim(text.substr(0, i)));
    }
    return std::string(trim(text));
}

/// What a backslash and `c` mean in double quotes; a backslash that escapes nothing stays.
std::string unescaped(char c) {
    switch (c) {
        case 'n':
            return "\n";
        case 'r':
            return "\r";
        case 't':
            return "\t";
        case '"':
        case '\\':
        case '$':
            return {c};
        default:
            return {'\\', c};
    }
}

/// The lines of a file, with or without CR, and where we are.
class Lines {
  public:
    explicit Lines(std::istream& in) : in_(in) {}

    bool next(std::string& line) {
        if (!std::getline(in_, line)) return false;
        if (!line.empty() && line.back() == '\r') line.pop_back();
        ++number_;
        return true;
    }
    int number() const { return number_; }

  private:
    std::istream& in_;
    int number_ = 0;
};

/// A value in quotes, which may go on over the next `lines`. `problem` says what is wrong, if
/// anything.
std::string quoted_value(std::string text, Lines& lines, std::string& problem) {
    const char quote = text.front();
    std::string value;
    std::size_t i = 1;
    do {
        for (; i < text.size(); ++i) {
            if (quote == '"' && text[i] == '\\' && i + 1 < text.size()) {
                value += unescaped(text[++i]);
            } else if (text[i] == quote) {
                const std::string_view rest = trim(std::string_view(text).substr(i + 1));
                if (!rest.empty() && rest.front() != '#') problem = "text after the closing quote";
                return value;
            } else {
                value += text[i];
            }
        }
        value += '\n';
        i = 0;
    } while (lines.next(text));
    problem = "the quote is not closed";
    return value;
}

std::string read_value(std::string_view text, Lines& lines, std::string& problem) {
    text = trim(text);
    const bool is_quoted = text.starts_with('"') || text.starts_with('\'');
    return is_quoted ? quoted_value(std::string(text), lines, problem) : bare_value(text);
}

}  // namespace

std::map<std::string, EnvEntry> read_env_file(const std::filesystem::path& file) {
    std::map<std::string, EnvEntry> entries;
    std::error_code ignored;
    if (!std::filesystem::exists(file, ignored)) return entries;
    std::ifstream in(file);
    if (!in || std::filesystem::is_directory(file, ignored)) {
        throw InvalidArgument(fmt::format("{}: cannot be read", file.string()));
    }
    std::string line;
    for (Lines lines(in); lines.next(line);) {
        const int number = lines.number();
        std::string_view text = trim(line);
        if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
        if (text.empty() || text.front() == '#') continue;
        if (text.starts_with("export ") || text.starts_with("export\t")) text.remove_prefix(7);
        const std::size_t equals = text.find('=');
        const std::string_view name = trim(text.substr(0, equals));
        if (equals == std::string_view::npos || !is_name(name)) {
            throw InvalidArgument(
                fmt::format("{} line {}: expected NAME=value", file.string(), number));
        }
        std::string problem;
        EnvEntry entry{read_value(text.substr(equals + 1), lines, problem), number};
        if (!problem.empty()) {
            throw InvalidArgument(
                fmt::format("{} line {}: {}: {}", file.string(), number, name, problem));
        }
        entries.insert_or_assign(std::string(name), std::move(entry));
    }
    return entries;
}

}  // namespace rapport
