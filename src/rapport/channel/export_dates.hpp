#pragma once

#include <optional>
#include <vector>

#include "rapport/channel/export_header.hpp"
#include "rapport/channel/whatsapp_export.hpp"

namespace rapport {

/// A header's moment, its date read in this order (never kAuto); absent when there is no such day.
/// Two-digit years are of this century. Thailand's Buddhist years and Iran's calendar become ours.
std::optional<LocalTime> moment_of(const ExportHeader& header, DateOrder order);

/// The order that fits these headers best; see parse_whatsapp.
DateOrder find_date_order(const std::vector<ExportHeader>& headers);

}  // namespace rapport
