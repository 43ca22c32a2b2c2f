#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace rapport {

/// How the head of a message is written; one export keeps to one way.
struct HeaderStyle {
    bool bracketed = false;  ///< `[date, time] …`
    bool year_first = false;
    char date_separator = '/';  ///< `/`, `-`, `.`, or a blank for ideographs
    char separator = ' ';       ///< what ends it: `-`, `:`, `]`, or a blank for nothing
    std::u32string words{};     ///< between date and time, lower case: `klo`

    bool operator==(const HeaderStyle&) const = default;
};

/// The head of a message: `13/6/18, 9:25 p. m. - `. Which number of the date is the day only the
/// whole file can tell.
struct ExportHeader {
    HeaderStyle style;
    std::array<int, 3> date{};         ///< as written, in the order written
    std::array<int, 3> date_digits{};  ///< how many digits each has
    int hour = 0;                      ///< 0 to 23
    int minute = 0;
    int second = 0;
    std::size_t body = 0;  ///< offset of what follows, in the line's bytes
};

/// Reads the head of a line in any of WhatsApp's locales: date and time in either order, digits of
/// any script, day-period marks of many languages before or after the time, words between. Absent
/// for a line that has none. `line` is valid UTF-8.
std::optional<ExportHeader> read_export_header(std::string_view line);

}  // namespace rapport
