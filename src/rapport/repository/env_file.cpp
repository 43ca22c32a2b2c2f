#include "rapport/repository/env_file.hpp"

#include <fmt/format.h>

#include <cctype>
#include <fstream>
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

bool is_name(std::string_view text) {
    if (text.empty() || std::isdigit(static_cast<unsigned char>(text.front())) != 0) return false;
    for (const char c : text) {
        if (std::isalnum(static_cast<unsigned char>(c)) == 0 && c != '_') return false;
    }
    return true;
}

/// Up to a comment, which starts at a `#` after a blank.
std::string bare_value(std::string_view text) {
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool after_blank = i == 0 || kBlanks.find(text[i - 1]) != std::string_view::npos;
        if (text[i] == '#' && after_blank) return std::string(trim(text.substr(0, i)));
    }
    return std::string(trim(text));
}

char unescaped(char c) {
    if (c == 'n') return '\n';
    if (c == 't') return '\t';
    return c;
}

/// The value of one line; `problem` says what is wrong with it, if anything.
std::string read_value(std::string_view text, std::string& problem) {
    text = trim(text);
    if (text.empty() || (text.front() != '"' && text.front() != '\'')) return bare_value(text);
    const char quote = text.front();
    std::string value;
    for (std::size_t i = 1; i < text.size(); ++i) {
        if (quote == '"' && text[i] == '\\' && i + 1 < text.size()) {
            value += unescaped(text[++i]);
        } else if (text[i] == quote) {
            const std::string_view rest = trim(text.substr(i + 1));
            if (!rest.empty() && rest.front() != '#') problem = "text after the closing quote";
            return value;
        } else {
            value += text[i];
        }
    }
    problem = "the quote is not closed";
    return value;
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
    for (int number = 1; std::getline(in, line); ++number) {
        if (!line.empty() && line.back() == '\r') line.pop_back();
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
        EnvEntry entry{read_value(text.substr(equals + 1), problem), number};
        if (!problem.empty()) {
            throw InvalidArgument(
                fmt::format("{} line {}: {}: {}", file.string(), number, name, problem));
        }
        entries.insert_or_assign(std::string(name), std::move(entry));
    }
    return entries;
}

}  // namespace rapport
