#pragma once

#include <chrono>
#include <string>

#include "rapport/core/time.hpp"

namespace date {
class time_zone;  // NOLINT(readability-identifier-naming): theirs
}

namespace rapport {

/// Reads the clock of one time zone (IANA data).
class LocalClock {
  public:
    /// `zone`: an IANA name, e.g. `America/Mexico_City`, or UTC. Throws InvalidArgument for a name
    /// that the system does not know.
    explicit LocalClock(const std::string& zone);

    /// The name of the system's own zone: that of TZ where it is set (UTC where it is empty), else
    /// of /etc/localtime, else UTC. Throws InvalidArgument for a TZ that is no name of a zone, such
    /// as CST6: another zone would be hours off.
    static std::string system_zone();

    /// The moment at which that clock showed `time`: of two, when the clock was set back, the
    /// earlier; of none, when it was set forward, as if it had not been set yet (02:30 is read as
    /// 03:30).
    Timestamp to_utc(std::chrono::local_time<std::chrono::seconds> time) const;

  private:
    const date::time_zone* zone_ = nullptr;  ///< absent for UTC
};

}  // namespace rapport
