#pragma once

#include <chrono>
#include <string>

#include "rapport/core/time.hpp"

namespace rapport {

/// Reads the clock of one time zone (IANA data).
class LocalClock {
  public:
    /// `zone`: an IANA name, e.g. `America/Mexico_City`, or UTC. Throws InvalidArgument for a name
    /// that the system does not know.
    explicit LocalClock(const std::string& zone);

    /// The system's own zone.
    static std::string system_zone();

    /// The moment at which that clock showed `time`: of two, when the clock was set back, the
    /// earlier; of none, when it was set forward, the moment it was set.
    Timestamp to_utc(std::chrono::local_time<std::chrono::seconds> time) const;

  private:
    const void* zone_;  ///< date::time_zone; absent for UTC
};

}  // namespace rapport
