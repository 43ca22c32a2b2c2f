#include "rapport/eval/folded_words.hpp"

#include <algorithm>

#include "rapport/conversation/rules/folded_text.hpp"

namespace rapport::eval {

std::vector<std::string> folded_words(std::string_view text) {
    using rules::Token;
    const rules::FoldedText folded = rules::fold(text);
    std::vector<std::string> words;
    for (std::size_t i = 0; i < folded.tokens.size(); ++i) {
        const Token::Kind kind = folded.tokens[i].kind;
        if (kind == Token::Kind::kBreak) continue;
        std::string word(folded.spelling(i));
        if (kind == Token::Kind::kNumber)
            std::erase_if(word, [](char c) { return c < '0' || c > '9'; });
        words.push_back(std::move(word));
    }
    return words;
}

std::string folded_line(std::string_view text) {
    std::string line(1, ' ');
    for (const std::string& word : folded_words(text)) line += word + ' ';
    return line;
}

}  // namespace rapport::eval
