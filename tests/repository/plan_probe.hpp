#pragma once

#include <memory>
#include <string>
#include <vector>

#include "rapport/repository/database_manager.hpp"

namespace rapport::testing {

/// One statement that an engine ran, and how.
struct Plan {
    std::string statement;
    std::string plan;
    bool uses_index = false;
    bool sorts_in_memory = false;
};

/// Fills a database fast, past the repositories, and tells how the engine runs what they ask.
class PlanProbe {
  public:
    virtual ~PlanProbe() = default;

    /// Stores `leads` leads, numbered_phone(0) and on, in all stages, a tenth of them with a
    /// follow-up, and `messages` messages, of which the first two leads have a tenth each.
    virtual void fill(int leads, int messages) = 0;

    /// From here on every statement is kept.
    virtual void start() = 0;
    virtual std::vector<Plan> plans() = 0;
};

/// To be made before the manager connects.
std::unique_ptr<PlanProbe> make_sqlite_probe(DatabaseManager& manager);
std::unique_ptr<PlanProbe> make_mongodb_probe(DatabaseManager& manager, std::string database);

}  // namespace rapport::testing
