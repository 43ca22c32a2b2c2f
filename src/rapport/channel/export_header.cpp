#include "rapport/channel/export_header.hpp"

#include <algorithm>
#include <vector>

#include "rapport/channel/chat_text.hpp"
#include "rapport/channel/day_period.hpp"

namespace rapport {
namespace {

using chat_text::Character;

bool is_digit(char32_t c) { return c >= '0' && c <= '9'; }

bool is_letter(char32_t c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c >= 0xC0; }

bool is_any(char32_t c, std::u32string_view any) {
    return any.find(c) != std::u32string_view::npos;
}

/// Chinese, Japanese and Korean put no blank between words, Thai and its like few.
bool needs_no_blank(char32_t c) { return c >= 0x0E00 && (c < 0x0F00 || c >= 0x2E80); }

/// Reads a simplified line from left to right. Every read either takes what it names or leaves the
/// position where it was.
class HeaderReader {
  public:
    explicit HeaderReader(std::string_view line)
        : line_(line), characters_(chat_text::simplify(line.substr(0, header_bytes(line)))) {}

    std::optional<ExportHeader> read();

  private:
    /// Heads are short: what comes later need not be looked at.
    static std::size_t header_bytes(std::string_view line) {
        std::size_t end = std::min<std::size_t>(line.size(), 200);
        while (end < line.size() && (static_cast<unsigned char>(line[end]) & 0xC0) == 0x80) ++end;
        return end;
    }

    char32_t peek(std::size_t ahead = 0) const {
        return at_ + ahead < characters_.size() ? characters_[at_ + ahead].code : U'\0';
    }
    bool take(char32_t c) {
        if (at_ >= characters_.size() || peek() != c) return false;
        ++at_;
        return true;
    }
    bool take_any(std::u32string_view any) {
        if (at_ >= characters_.size() || !is_any(peek(), any)) return false;
        ++at_;
        return true;
    }
    void skip_blanks() {
        while (take(' ')) {
        }
    }
    /// Runs `read`; where it fails, the position is what it was.
    template <class Read>
    bool attempt(Read read) {
        const std::size_t start = at_;
        if (read()) return true;
        at_ = start;
        return false;
    }

    bool number(int& value, int& digits, int most);
    bool two_digits(int& value);
    bool date();
    bool date_separator(std::size_t after);
    bool time();
    bool clock();
    void seconds();
    std::optional<DayPeriod> day_period();
    std::optional<DayPeriod> after_time();
    void leading_word();
    void words();
    bool separator();

    std::string_view line_;
    std::vector<Character> characters_;
    std::size_t at_ = 0;
    ExportHeader header_;
};

bool HeaderReader::number(int& value, int& digits, int most) {
    std::size_t end = at_;
    while (end < characters_.size() && is_digit(characters_[end].code)) ++end;
    digits = static_cast<int>(end - at_);
    if (digits == 0 || digits > most) return false;
    value = 0;
    for (; at_ < end; ++at_) value = value * 10 + static_cast<int>(peek() - '0');
    return true;
}

bool HeaderReader::two_digits(int& value) {
    int digits = 0;
    return attempt([&] { return number(value, digits, 2) && digits == 2; });
}

/// What stands behind the first or the second number, the same both times.
bool HeaderReader::date_separator(std::size_t after) {
    skip_blanks();
    const char32_t c = peek();
    if (!is_any(c, after == 0 ? U"/-.年년" : U"/-.月월")) return false;
    const char kind = c < 0x80 ? static_cast<char>(c) : ' ';
    if (after == 1 && header_.style.date_separator != kind) return false;
    header_.style.date_separator = kind;
    ++at_;
    skip_blanks();
    return true;
}

/// `13/6/18`, `2018-06-13`, `13. 6. 2018.`, `2018年6月13日`, `2018년 6월 13일`
bool HeaderReader::date() {
    return attempt([&] {
        for (std::size_t i = 0; i < 3; ++i) {
            if (!number(header_.date[i], header_.date_digits[i], 4)) return false;
            if (header_.date_digits[i] == 3) return false;
            if (i < 2 && !date_separator(i)) return false;
        }
        attempt([&] {
            skip_blanks();
            return take_any(U".日일");
        });
        header_.style.year_first = header_.date_digits[0] == 4;
        return !is_digit(peek());
    });
}

/// The longest mark of a part of the day that stands here, if any.
std::optional<DayPeriod> HeaderReader::day_period() {
    constexpr std::size_t kLongest = 24;
    std::optional<DayPeriod> found;
    std::size_t end = at_;
    std::u32string mark;
    for (std::size_t at = at_; at < characters_.size() && mark.size() < kLongest; ++at) {
        const char32_t c = characters_[at].code;
        const bool joiner = c == 0x200C || c == '\'' || c == 0x2019;
        if (!is_letter(c) && c != ' ' && c != '.' && !joiner) break;
        if (c == ' ') continue;
        if (c != '.' && !joiner) mark += chat_text::lower(c);
        const bool goes_on = at + 1 < characters_.size() && is_letter(characters_[at + 1].code);
        if (goes_on && !needs_no_blank(c)) continue;
        if (const auto period = day_period_of(mark)) {
            found = period;
            end = at + 1;
        }
    }
    at_ = end;
    return found;
}

/// `21:25`, `9.25.15`, `21 h 25 min 15 s`, `9時25分`, `9시 25분 15초`
bool HeaderReader::clock() {
    int digits = 0;
    if (!number(header_.hour, digits, 2)) return false;
    if (!take_any(U":.")) {
        skip_blanks();
        if (!take_any(U"hH時时點点시")) return false;
        skip_blanks();
    }
    if (!two_digits(header_.minute)) return false;
    seconds();
    return !is_digit(peek()) && header_.hour <= 24 && header_.minute <= 59 && header_.second <= 59;
}

void HeaderReader::seconds() {
    header_.second = 0;
    if (attempt([&] { return take_any(U":.") && two_digits(header_.second); })) return;
    const bool minutes = attempt([&] {
        skip_blanks();
        return take_any(U"分분") || (take('m') && take('i') && take('n'));
    });
    if (!minutes) return;
    attempt([&] {
        skip_blanks();
        if (!two_digits(header_.second)) return false;
        skip_blanks();
        return take_any(U"s秒초");
    });
}

/// Behind a time: a word for "o'clock", a mark of the day's part, or both.
std::optional<DayPeriod> HeaderReader::after_time() {
    static constexpr std::u32string_view kOClock[] = {U"h", U"hs", U"hrs", U"uhr",
                                                      U"ч", U"น",  U"hodź"};
    constexpr std::size_t kLongest = 5;
    attempt([&] {
        skip_blanks();
        std::u32string word;
        while (is_letter(peek()) && word.size() < kLongest)
            word += chat_text::lower(characters_[at_++].code);
        if (is_letter(peek()) || std::ranges::find(kOClock, word) == std::end(kOClock))
            return false;
        take('.');
        return true;
    });
    std::optional<DayPeriod> period;
    attempt([&] {
        skip_blanks();
        period = day_period();
        return period.has_value();
    });
    return period;
}

/// A clock, with a mark of the day's part on one side: `9:25 p. m.`, `下午9:25`
bool HeaderReader::time() {
    return attempt([&] {
        const bool korean = peek() >= 0xAC00 && peek() <= 0xD7A3;
        auto period = is_digit(peek()) ? std::nullopt : day_period();
        // Korea writes the year first, of two digits as well.
        if (period && korean) header_.style.year_first = true;
        if (period) take(',');
        skip_blanks();
        if (!clock()) return false;
        const auto behind = after_time();
        if (!period) period = behind;
        header_.hour = period ? hour_of_day(header_.hour, *period) : header_.hour;
        header_.hour %= 24;  // some clocks show midnight as 24
        return true;
    });
}

/// `[Wed, 6/13/18 …`: a weekday, or an era.
void HeaderReader::leading_word() {
    constexpr std::size_t kLongest = 12;
    attempt([&] {
        std::size_t length = 0;
        for (; is_letter(peek()) && length < kLongest; ++length) ++at_;
        if (length == 0) return false;
        take_any(U".,");
        if (!take(' ')) return false;
        skip_blanks();
        return is_digit(peek());
    });
}

/// What may stand between date and time: `, `, ` klo `, ` a las `.
void HeaderReader::words() {
    constexpr int kMost = 2;
    constexpr std::size_t kLongest = 8;
    for (int count = 0;; ++count) {
        while (take_any(U" ,")) {
        }
        if (count == kMost || !is_letter(peek())) return;
        const std::size_t start = at_;
        if (day_period()) {
            at_ = start;
            return;
        }
        const bool taken = attempt([&] {
            std::u32string word;
            while (is_letter(peek()) && word.size() <= kLongest) {
                word += chat_text::lower(characters_[at_++].code);
            }
            take('.');
            if (word.size() > kLongest || (peek() != ' ' && peek() != ',')) return false;
            header_.style.words += word;
            return true;
        });
        if (!taken) return;
    }
}

/// What divides the head from the rest, and the one blank behind it.
bool HeaderReader::separator() {
    const bool blank = peek() == ' ';
    skip_blanks();
    if (header_.style.bracketed) {
        if (!take(']')) return false;
        header_.style.separator = ']';
    } else if (((blank && peek() == '-') || peek() == ':') &&
               (peek(1) == ' ' || at_ + 1 == characters_.size())) {
        header_.style.separator = static_cast<char>(peek());
        ++at_;
    } else if (blank) {
        header_.style.separator = ' ';
        --at_;
    } else {
        return false;
    }
    take(' ');
    return true;
}

std::optional<ExportHeader> HeaderReader::read() {
    skip_blanks();
    const bool bracketed = take('[');
    header_.style.bracketed = bracketed;
    skip_blanks();
    if (bracketed) leading_word();
    const bool date_first = attempt([&] {
        if (!date()) return false;
        words();
        return time();
    });
    if (!date_first) {
        header_ = {};
        header_.style.bracketed = bracketed;
        if (!time()) return std::nullopt;
        words();
        if (!date()) return std::nullopt;
    }
    if (!separator()) return std::nullopt;
    header_.body = at_ < characters_.size() ? characters_[at_].offset : line_.size();
    // Marks in front of the body belong to it: they tell notices from what a person wrote.
    constexpr std::size_t kMarkBytes = 3;
    const auto mark_before = [&](std::string_view mark) {
        return header_.body >= kMarkBytes &&
               line_.substr(header_.body - kMarkBytes, kMarkBytes) == mark;
    };
    while (mark_before("\u200E") || mark_before("\u200F")) header_.body -= kMarkBytes;
    return header_;
}

}  // namespace

std::optional<ExportHeader> read_export_header(std::string_view line) {
    return HeaderReader(line).read();
}

}  // namespace rapport
