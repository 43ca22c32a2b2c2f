#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace rapport::chat_text {

/// The bidirectional marks (U+200E, U+200F, U+061C, U+202A–E, U+2066–9) and the byte order mark,
/// which exports scatter around names, dates and file names.
bool is_mark(char32_t c);

/// One character of a line as header parsing sees it, and where it stands in the line's bytes.
struct Character {
    char32_t code;
    std::size_t offset;
};

/// A line's characters without marks: every kind of blank is a space, the decimal digits of other
/// scripts are ASCII digits, full-width and Arabic punctuation is ASCII's. `line` is valid UTF-8.
std::vector<Character> simplify(std::string_view line);

/// Without marks and blanks at both ends, in the original spelling.
std::string_view trim(std::string_view text);

/// Without any mark.
std::string without_marks(std::string_view text);

/// The letter in lower case: Latin, Greek and Cyrillic; all else as it is.
char32_t lower(char32_t c);

/// Every letter in lower case; see above. `text` is valid UTF-8.
std::string lower(std::string_view text);

/// Adds a character in UTF-8.
void append(std::string& text, char32_t c);

/// The character at the front and how many bytes it has. `text` is valid UTF-8 and not empty.
char32_t first_character(std::string_view text, std::size_t& bytes);

}  // namespace rapport::chat_text
