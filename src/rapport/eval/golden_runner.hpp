#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "rapport/conversation/agents.hpp"
#include "rapport/conversation/planner.hpp"
#include "rapport/eval/golden_dataset.hpp"
#include "rapport/eval/report.hpp"
#include "rapport/repository/database_manager.hpp"

namespace rapport::eval {

/// Lets `agents` hold every conversation `runs` times through the orchestrator, some at once, and
/// judges what they said. `database` is connected, has its indexes, and is used for nothing else.
/// A turn that throws is an outcome too, but NotRecorded (recording.hpp) ends it all. `on_turn`,
/// which may be empty, hears of each turn. Gives runs[r][c], for make_report().
std::vector<std::vector<Outcomes>> run_golden(DatabaseManager& database, const Agents& agents,
                                              std::span<const GoldenConversation> conversations,
                                              std::int64_t runs,
                                              const std::function<void()>& on_turn = {});

}  // namespace rapport::eval
