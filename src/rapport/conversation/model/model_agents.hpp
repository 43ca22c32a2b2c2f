#pragma once

#include "rapport/conversation/agents.hpp"
#include "rapport/repository/settings.hpp"
#include "rapport/store/store.hpp"

namespace rapport {

/// Agents that ask the model of the settings (MODEL_NAME and the others), and fall back where it
/// cannot answer by the deadline (docs/agents.md, "Model agents"): to `rules`, whose strategy then
/// becomes to escalate, and to a holding message in the lead's language. Without MODEL_NAME they
/// are `rules` themselves.
///
/// The store, which outlives them, keeps what has been spent. Safe from any thread; the executor of
/// each caller must run its handlers one at a time: a strand, or an io_context with one thread.
/// Throws InvalidArgument for a file of CONFIG_DIR that cannot be used.
Agents model_agents(const Settings& settings, Store& store, const Agents& rules);

}  // namespace rapport
