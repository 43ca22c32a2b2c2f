#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace rapport::eval {

/// The words, numbers and signs of a text, in order: lower case, without accents and punctuation,
/// numbers without separators (`20,000` is `20000`).
std::vector<std::string> folded_words(std::string_view text);

/// The same, with a blank before, between and after them: what to look in for other texts.
std::string folded_line(std::string_view text);

}  // namespace rapport::eval
