#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace rapport::rules {

/// A piece of a message: where it stands there (bytes), and its folded spelling.
struct Token {
    enum class Kind : std::uint8_t {
        kWord,    ///< letters, digits after them included
        kNumber,  ///< digits with their separators: `20,000`
        kSign,    ///< one emoji, currency sign or `%`
        kBreak,   ///< the end of a sentence: `.`, `?` or `!`
    };

    Kind kind = Kind::kWord;
    std::size_t begin = 0;
    std::size_t end = 0;
    std::size_t folded_begin = 0;
    std::size_t folded_end = 0;
};

/// A message as rules read it: lower case, without accents and apostrophes (`don't` is `dont`),
/// letters that repeat three times or more taken once (`siii` is `si`), a break for each end of a
/// sentence or line. All other punctuation only separates words.
struct FoldedText {
    std::string folded{};
    std::vector<Token> tokens{};
    /// Characters that English does not use: `ñ`, `¿`, an accented vowel.
    std::size_t spanish_characters = 0;

    std::string_view spelling(std::size_t token) const {
        const Token& t = tokens[token];
        return std::string_view(folded).substr(t.folded_begin, t.folded_end - t.folded_begin);
    }
    bool is_break(std::size_t token) const { return tokens[token].kind == Token::Kind::kBreak; }
};

/// Takes time linear in the text. Bytes that are not UTF-8 separate words.
FoldedText fold(std::string_view text);

}  // namespace rapport::rules
