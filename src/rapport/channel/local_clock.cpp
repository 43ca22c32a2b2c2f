#include "rapport/channel/local_clock.hpp"

#include <date/tz.h>
#include <fmt/format.h>

#include <stdexcept>

#include "rapport/core/error.hpp"

namespace rapport {

LocalClock::LocalClock(const std::string& zone) : zone_(nullptr) {
    // UTC must work where no zone data is installed.
    if (zone == "UTC" || zone == "Etc/UTC") return;
    try {
        zone_ = date::locate_zone(zone);
    } catch (const std::exception&) {
        throw InvalidArgument(fmt::format(
            "time zone {}: not known here; expected an IANA name, e.g. America/Mexico_City", zone));
    }
}

std::string LocalClock::system_zone() {
    try {
        return date::current_zone()->name();
    } catch (const std::exception&) {
        return "UTC";  // nothing configured
    }
}

Timestamp LocalClock::to_utc(std::chrono::local_time<std::chrono::seconds> time) const {
    if (zone_ == nullptr) return Timestamp(time.time_since_epoch());
    const auto* zone = static_cast<const date::time_zone*>(zone_);
    const date::local_time<std::chrono::seconds> local(time.time_since_epoch());
    return Timestamp(zone->to_sys(local, date::choose::earliest).time_since_epoch());
}

}  // namespace rapport
