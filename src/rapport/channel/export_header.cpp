#include "rapport/channel/export_header.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include "rapport/channel/chat_text.hpp"

namespace rapport {
namespace {

using chat_text::Character;

/// Which half of the day a mark means, lower case; blanks inside a mark are optional.
struct DayPeriod {
    std::u32string_view mark;
    bool afternoon;
};

/// The marks of CLDR's `dayPeriods` (am, pm, and the flexible ones that WhatsApp uses).
constexpr DayPeriod kDayPeriods[] = {
    {U"a.m.", false},   {U"p.m.", true},   {U"a.m", false},   {U"p.m", true},
    {U"am", false},     {U"pm", true},     {U"上午", false},  {U"下午", true},
    {U"凌晨", false},   {U"清晨", false},  {U"早上", false},  {U"中午", true},
    {U"晚上", true},    {U"午前", false},  {U"午後", true},   {U"오전", false},
    {U"오후", true},    {U"ق.ظ.", false},  {U"ب.ظ.", true},   {U"ق.ظ", false},
    {U"ب.ظ", true},     {U"ص", false},     {U"م", true},      {U"ก่อนเที่ยง", false},
    {U"หลังเที่ยง", true}, {U"π.μ.", false},  {U"μ.μ.", true},   {U"πμ", false},
    {U"μμ", true},      {U"öö", false},    {U"ös", true},     {U"पूर्वाह्न", false},
    {U"अपराह्न", true},  {U"de.", false},   {U"du.", true},    {U"sa", false},
    {U"ch", true},      {U"pd", false},    {U"md", true},     {U"fm", false},
    {U"em", true},      {U"vorm.", false}, {U"nachm.", true}, {U"vm.", false},
    {U"nm.", true},     {U"dop.", false},  {U"odp.", true},   {U"ap.", false},
    {U"ip.", true},     {U"tt", false},    {U"ptg", true},    {U"pg", false},
};

bool is_digit(char32_t c) { return c >= '0' && c <= '9'; }

bool is_letter(char32_t c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c >= 0xC0; }

char32_t lower(char32_t c) {
    if (c >= 'A' && c <= 'Z') return c + 32;
    return c == U'Ö'                ? U'ö'
           : c == U'Π'              ? U'π'
           : c == U'Μ' || c == U'µ' ? U'μ'
           : c == U'Ş'              ? U'ş'
                                    : c;
}

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
        std::size_t end = std::min<std::size_t>(line.size(), 160);
        while (end < line.size() && (static_cast<unsigned char>(line[end]) & 0xC0) == 0x80) ++end;
        return end;
    }

    char32_t peek(std::size_t ahead = 0) const {
        return at_ + ahead < characters_.size() ? characters_[at_ + ahead].code : U'\0';
    }
    bool take(char32_t c) {
        if (peek() != c) return false;
        ++at_;
        return true;
    }
    bool take_any(std::u32string_view any) {
        if (at_ >= characters_.size() || any.find(peek()) == std::u32string_view::npos)
            return false;
        ++at_;
        return true;
    }
    void skip_blanks() {
        while (take(' ')) {
        }
    }
    bool number(int& value, int& digits, int most);
    bool date();
    bool time();
    std::optional<bool> day_period();
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

/// `13/6/18`, `2018-06-13`, `13. 6. 2018.`, `2018年6月13日`, `2018년 6월 13일`
bool HeaderReader::date() {
    const std::size_t start = at_;
    for (std::size_t i = 0; i < 3; ++i) {
        if (!number(header_.date[i], header_.date_digits[i], 4) || header_.date_digits[i] == 3) {
            at_ = start;
            return false;
        }
        const std::size_t before = at_;
        skip_blanks();
        const bool separated = take_any(i < 2 ? U"/-.年月년월" : U".日일");
        if (i < 2 && !separated) {
            at_ = start;
            return false;
        }
        if (i < 2) skip_blanks();
        if (i == 2 && !separated) at_ = before;
    }
    return !is_digit(peek());
}

/// The mark of a half of the day, if one stands here.
std::optional<bool> HeaderReader::day_period() {
    for (const DayPeriod& period : kDayPeriods) {
        std::size_t at = at_;
        bool matches = true;
        for (const char32_t wanted : period.mark) {
            while (at < characters_.size() && characters_[at].code == ' ' && wanted != ' ' &&
                   at > at_ && characters_[at - 1].code == '.') {
                ++at;
            }
            matches = at < characters_.size() && lower(characters_[at].code) == wanted;
            if (!matches) break;
            ++at;
        }
        const bool ends = at >= characters_.size() || !is_letter(characters_[at].code) ||
                          period.mark.front() > 0x2E80;  // scripts without blanks
        if (matches && ends) {
            at_ = at;
            return period.afternoon;
        }
    }
    return std::nullopt;
}

/// `21:25`, `9.25.15 p. m.`, `下午 9:25`, `21h25`
bool HeaderReader::time() {
    const std::size_t start = at_;
    const auto fail = [&] {
        at_ = start;
        return false;
    };
    auto period = day_period();
    skip_blanks();
    int digits = 0;
    if (!number(header_.hour, digits, 2) || !take_any(U":.h時时点") ||
        !number(header_.minute, digits, 2) || digits != 2) {
        return fail();
    }
    header_.second = 0;
    take_any(U"分");
    if ((peek() == ':' || peek() == '.') && is_digit(peek(1))) {
        ++at_;
        if (!number(header_.second, digits, 2) || digits != 2) return fail();
    }
    if (!period) {
        const std::size_t before = at_;
        skip_blanks();
        period = day_period();
        if (!period) at_ = before;
    }
    if (peek(0) == ' ' && peek(1) == U'น' && peek(2) == '.') at_ += 3;  // Thai: o'clock
    if (is_digit(peek()) || header_.minute > 59 || header_.second > 59) return fail();
    if (period) {
        if (header_.hour > 23) return fail();
        if (header_.hour <= 12) header_.hour = header_.hour % 12 + (*period ? 12 : 0);
    }
    return header_.hour <= 23 || fail();
}

/// `, `, ` klo `, ` um `, ` às `: what may stand between date and time.
void HeaderReader::words() {
    constexpr std::size_t kLongestWord = 4;
    take(',');
    skip_blanks();
    const std::size_t before = at_;
    if (day_period()) {
        at_ = before;
        return;
    }
    for (int word = 0; word < 2; ++word) {  // `a las`
        const std::size_t start = at_;
        std::size_t length = 0;
        for (; is_letter(peek()) && length <= kLongestWord; ++length) ++at_;
        take('.');
        if (length == 0 || length > kLongestWord || (peek() != ' ' && peek() != ',')) at_ = start;
        take(',');
        skip_blanks();
    }
}

/// What divides the head from the rest, and the one blank behind it.
bool HeaderReader::separator() {
    if (header_.style.bracketed) {
        skip_blanks();
        if (!take(']')) return false;
        header_.style.separator = ']';
    } else {
        const bool blank = peek() == ' ';
        skip_blanks();
        if ((peek() == '-' || peek() == ':') && (peek(1) == ' ' || peek(1) == U'\0')) {
            header_.style.separator = static_cast<char>(peek());
            ++at_;
        } else if (blank) {
            header_.style.separator = ' ';
            --at_;
        } else {
            return false;
        }
    }
    take(' ');
    return true;
}

std::optional<ExportHeader> HeaderReader::read() {
    skip_blanks();
    header_.style.bracketed = take('[');
    skip_blanks();
    const std::size_t start = at_;
    const auto date_first = [&] {
        if (!date()) return false;
        words();
        return time();
    };
    const auto time_first = [&] {
        at_ = start;
        if (!time()) return false;
        words();
        return date();
    };
    if (!date_first() && !time_first()) return std::nullopt;
    if (!separator()) return std::nullopt;
    header_.body = at_ < characters_.size() ? characters_[at_].offset : line_.size();
    // Marks in front of the body belong to it: they tell notices from what a person wrote.
    while (header_.body >= 3 && line_.substr(header_.body - 3, 3) == "\u200E") header_.body -= 3;
    return header_;
}

}  // namespace

std::optional<ExportHeader> read_export_header(std::string_view line) {
    return HeaderReader(line).read();
}

}  // namespace rapport
