#include "rapport/conversation/rules/folded_text.hpp"

#include <algorithm>
#include <array>

#include "rapport/conversation/characters.hpp"

namespace rapport::rules {
namespace {

bool is_ascii_digit(char32_t c) { return c >= '0' && c <= '9'; }

/// The plain letter of U+00C0 to U+00FF, or 0 for × and ÷.
char latin_letter(char32_t c) {
    static constexpr std::string_view kLetters("aaaaaaaceeeeiiiidnooooo\0ouuuuyts", 32);
    return c == 0xFF ? 'y' : kLetters[c & 0x1FU];
}

bool is_apostrophe(char32_t c) {
    return c == '\'' || c == 0x2019 || c == 0x2018 || c == 0x02BC || c == 0xB4;
}

/// Accents on their own, variation selectors, joiners and skin tones: they belong to what stands
/// before them.
bool is_modifier(char32_t c) {
    return (c >= 0x300 && c <= 0x36F) || c == 0x200D || (c >= 0xFE00 && c <= 0xFE0F) ||
           (c >= 0x1F3FB && c <= 0x1F3FF) || c == 0x20E3;
}

bool is_sign(char32_t c) {
    return c == '$' || c == '%' || c == 0xA3 || (c >= 0x20A0 && c <= 0x20CF) ||
           (c >= 0x2190 && c <= 0x2BFF) || (c >= 0x1F000 && c <= 0x1FAFF);
}

char break_of(char32_t c) {
    if (c == '?' || c == 0xFF1F) return '?';
    if (c == '!') return '!';
    const bool ends = c == '.' || c == ';' || c == '\n' || c == 0x2026 || c == 0xBF || c == 0xA1;
    return ends ? '.' : '\0';
}

/// A letter of another alphabet; it stays as it is.
bool is_other_letter(char32_t c) {
    if (is_modifier(c) || is_apostrophe(c)) return false;
    return (c >= 0x100 && c < 0x2000) ||
           (c >= 0x2C00 && c < 0xE000 && !(c >= 0x3000 && c < 0x3040));
}

class Folder {
  public:
    explicit Folder(std::string_view text) : text_(text) { result_.folded.reserve(text.size()); }

    FoldedText run() {
        while (at_ < text_.size()) {
            const CodePoint c = code_point_at(text_, at_);
            if (is_ascii_digit(c.value)) {
                number();
            } else if (is_letter(c.value)) {
                word();
            } else {
                other(c);
            }
        }
        return std::move(result_);
    }

  private:
    static bool is_letter(char32_t c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
               (c >= 0xC0 && c <= 0xFF && c != 0xD7 && c != 0xF7) || is_other_letter(c);
    }

    void append_letter(CodePoint c) {
        if (c.value < 0x80) {
            const bool upper = c.value >= 'A' && c.value <= 'Z';
            result_.folded += static_cast<char>(upper ? c.value + ('a' - 'A') : c.value);
        } else if (c.value <= 0xFF) {
            result_.folded += latin_letter(c.value);
            ++result_.spanish_characters;
        } else {
            result_.folded += text_.substr(at_, c.size);
        }
    }

    void word() {
        const std::size_t begin = at_;
        const std::size_t folded = result_.folded.size();
        std::size_t end = at_;
        while (at_ < text_.size()) {
            const CodePoint c = code_point_at(text_, at_);
            if (is_letter(c.value) || is_ascii_digit(c.value)) {
                append_letter(c);
                end = at_ + c.size;
            } else if (is_modifier(c.value)) {
                end = at_ + c.size;
            } else if (!is_apostrophe(c.value)) {
                break;
            }
            at_ += c.size;
        }
        shorten_repeats(folded);
        add(Token::Kind::kWord, begin, end, folded);
    }

    void shorten_repeats(std::size_t from) {
        std::string& s = result_.folded;
        std::size_t out = from;
        for (std::size_t i = from; i < s.size();) {
            std::size_t run = i;
            while (run < s.size() && s[run] == s[i]) ++run;
            const bool letter = s[i] >= 'a' && s[i] <= 'z';
            const std::size_t kept = letter && run - i >= 3 ? 1 : run - i;
            std::fill_n(s.begin() + static_cast<std::ptrdiff_t>(out), kept, s[i]);
            out += kept;
            i = run;
        }
        s.resize(out);
    }

    void number() {
        const std::size_t begin = at_;
        while (at_ < text_.size()) {
            const bool separator = text_[at_] == '.' || text_[at_] == ',';
            const bool inside =
                separator && at_ + 1 < text_.size() && is_ascii_digit(text_[at_ + 1]);
            if (!is_ascii_digit(text_[at_]) && !inside) break;
            ++at_;
        }
        const std::size_t folded = result_.folded.size();
        result_.folded += text_.substr(begin, at_ - begin);
        add(Token::Kind::kNumber, begin, at_, folded);
    }

    void other(CodePoint c) {
        const std::size_t begin = at_;
        at_ += c.size;
        const std::size_t folded = result_.folded.size();
        if (const char sentence_end = break_of(c.value)) {
            if (c.value == 0xBF || c.value == 0xA1) ++result_.spanish_characters;
            add_break(sentence_end, begin);
        } else if (is_sign(c.value) && !is_modifier(c.value)) {
            result_.folded += text_.substr(begin, c.size);
            add(Token::Kind::kSign, begin, at_, folded);
        }
    }

    /// `?!` and `...` are one break, a question where any of it asks.
    void add_break(char sentence_end, std::size_t begin) {
        if (!result_.tokens.empty() && result_.tokens.back().kind == Token::Kind::kBreak) {
            char& kept = result_.folded[result_.tokens.back().folded_begin];
            if (kept != '?' && sentence_end != '.') kept = sentence_end;
            return;
        }
        const std::size_t folded = result_.folded.size();
        result_.folded += sentence_end;
        add(Token::Kind::kBreak, begin, at_, folded);
    }

    void add(Token::Kind kind, std::size_t begin, std::size_t end, std::size_t folded) {
        result_.tokens.push_back({kind, begin, end, folded, result_.folded.size()});
    }

    std::string_view text_;
    std::size_t at_ = 0;
    FoldedText result_;
};

}  // namespace

FoldedText fold(std::string_view text) { return Folder(text).run(); }

}  // namespace rapport::rules
