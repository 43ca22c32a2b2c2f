#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rapport/core/enum_names.hpp"

namespace rapport {

/// In which order the day, the month and the year of a date stand.
enum class DateOrder : std::uint8_t { kAuto, kDmy, kMdy, kYmd, kYdm };

constexpr auto enum_names(DateOrder) {
    using enum DateOrder;
    return std::to_array<EnumName<DateOrder>>(
        {{kAuto, "auto"}, {kDmy, "dmy"}, {kMdy, "mdy"}, {kYmd, "ymd"}, {kYdm, "ydm"}});
}

/// A file that came with a message.
struct ExportAttachment {
    std::string kind;  ///< image, video, audio, sticker, contact or document, by its extension
    std::string name;
};

/// A moment on the clock of the phone that made the export.
using LocalTime = std::chrono::local_time<std::chrono::seconds>;

/// One message or notice of an export.
struct ExportRecord {
    std::int64_t line = 0;  ///< where it starts, from 1
    LocalTime local_time{};
    /// Absent for a notice of WhatsApp itself.
    std::optional<std::string> author{};
    /// Without the name of an attached file, the mark of an edited message and trailing line ends.
    std::string text{};
    bool system = false;
    std::optional<ExportAttachment> attachment{};
    /// The export was made without its files, and this was one.
    bool media_omitted = false;
    /// The date's numbers as written and the 24-hour time: the same whatever order and time zone
    /// the file is read in.
    std::string written_time{};
};

struct WhatsAppExport {
    DateOrder date_order = DateOrder::kDmy;  ///< the one used; never kAuto
    std::vector<ExportRecord> records;
    std::vector<std::string> authors;    ///< in the order in which they first appear
    std::size_t lines_before_first = 0;  ///< text lines that belong to no message
    /// Lines that look like a head but name a day that does not exist in that order; they went on
    /// with the message before. They tell of a wrong order, or of a chat that somebody quotes.
    std::size_t impossible_dates = 0;
    std::int64_t first_impossible = 0;  ///< the line of the first of them; 0 where there is none
};

/// Reads what WhatsApp's "Export chat" writes, on Android and iOS, in any locale. Lines that do not
/// start a message go on with the one before. With kAuto the date order is what the whole file
/// allows; where several fit, the one that keeps the messages in order and close together, then
/// day first. Never fails: a text that is no export has no records. `text` is valid UTF-8.
WhatsAppExport parse_whatsapp(std::string_view text, DateOrder order = DateOrder::kAuto);

/// What makes a record the same in two exports of one chat: a hash of when (as written), which
/// side (`us`, `them`, `system`), what, and the how-manieth of equal ones it is. One per record.
std::vector<std::string> record_identities(const std::vector<ExportRecord>& records,
                                           const std::vector<std::string>& sides);

/// True for an author that is a phone number rather than a name.
bool is_phone_author(std::string_view author);

}  // namespace rapport
