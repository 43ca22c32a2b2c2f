#pragma once

#include <string>
#include <string_view>

#include "rapport/channel/whatsapp_export.hpp"
#include "rapport/core/time.hpp"

namespace rapport::testing {

/// `2018-06-13T21:25:15`
inline std::string shown(LocalTime time) {
    return to_iso8601(Timestamp(time.time_since_epoch())).substr(0, 19);
}

/// The moment of the only record that a line gives, or why there is none such.
inline std::string moment_in(std::string_view line, DateOrder order = DateOrder::kAuto) {
    const WhatsAppExport parsed = parse_whatsapp(line, order);
    if (parsed.records.empty()) return "no record";
    return parsed.records.size() == 1 ? shown(parsed.records.front().local_time) : "records";
}

/// The only record that the text gives; an empty one with line 0 otherwise.
inline ExportRecord record_in(std::string_view text) {
    WhatsAppExport parsed = parse_whatsapp(text);
    return parsed.records.size() == 1 ? std::move(parsed.records.front()) : ExportRecord{};
}

/// The record of a message of Ana's with this text.
inline ExportRecord message_of_ana(std::string_view text) {
    return record_in("13/06/2018, 21:25 - Ana: " + std::string(text));
}

}  // namespace rapport::testing
