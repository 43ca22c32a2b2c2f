#include "rapport/channel/local_clock.hpp"

#include <date/tz.h>
#include <fmt/format.h>

#include <cstdlib>
#include <stdexcept>
#include <string_view>

#include "rapport/core/error.hpp"

namespace rapport {
namespace {

// UTC must work where no zone data is installed.
bool is_utc(std::string_view zone) { return zone == "UTC" || zone == "Etc/UTC"; }

/// Absent for a name that is not known.
const date::time_zone* find_zone(const std::string& name) {
    try {
        return date::locate_zone(name);
    } catch (const std::exception&) {
        return nullptr;
    }
}

constexpr std::string_view kLocalTime = "/etc/localtime";

/// The zone that the machine is set to.
std::string configured_zone() {
    try {
        return date::current_zone()->name();
    } catch (const std::exception&) {
        return "UTC";  // nothing configured
    }
}

/// TZ without the colon it may begin with, and without the folder of the zones where it is a path.
std::string zone_named_by(std::string_view variable) {
    constexpr std::string_view kFolder = "/zoneinfo/";
    if (variable.starts_with(':')) variable.remove_prefix(1);
    const std::size_t folder = variable.find(kFolder);
    if (variable.starts_with('/') && folder != std::string_view::npos) {
        variable.remove_prefix(folder + kFolder.size());
    }
    return std::string(variable);
}

}  // namespace

LocalClock::LocalClock(const std::string& zone) {
    if (is_utc(zone)) return;
    zone_ = find_zone(zone);
    if (zone_ == nullptr) {
        throw InvalidArgument(
            fmt::format("time zone \"{}\": not known on this system (its tzdata package lists "
                        "them); expected an IANA name, e.g. America/Mexico_City, or UTC",
                        zone));
    }
}

std::string LocalClock::system_zone() {
    const char* variable = std::getenv("TZ");
    if (variable == nullptr) return configured_zone();
    std::string name = zone_named_by(variable);
    if (name.empty()) return "UTC";  // as for every program
    if (name == kLocalTime) return configured_zone();
    if (is_utc(name) || find_zone(name) != nullptr) return name;
    throw InvalidArgument(
        fmt::format("TZ \"{}\": not the name of a time zone that is known here", variable),
        "give one with --timezone NAME, e.g. America/Mexico_City, or set TZ to it");
}

Timestamp LocalClock::to_utc(std::chrono::local_time<std::chrono::seconds> time) const {
    if (zone_ == nullptr) return Timestamp(time.time_since_epoch());
    const date::local_time<std::chrono::seconds> local(time.time_since_epoch());
    // The offset before a change is the right one in all three cases.
    const date::local_info info = zone_->get_info(local);
    return Timestamp(time.time_since_epoch() - info.first.offset);
}

}  // namespace rapport
