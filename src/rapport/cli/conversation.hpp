#pragma once

#include <functional>
#include <memory>
#include <string>

#include "rapport/cli/context.hpp"
#include "rapport/cli/terminal.hpp"
#include "rapport/conversation/orchestrator.hpp"

namespace rapport::cli {

/// An orchestrator on the context's database, which is made where it is missing, with the agents
/// that the settings choose. A hand-off is told on stderr.
std::unique_ptr<ConversationOrchestrator> start_orchestrator(
    Context& context, std::function<Timestamp()> clock = now);

/// What was said to whom, in lines that fit the terminal: `agent  Hola, …`.
void print_said(std::string_view who, Colour colour, std::string_view text);

/// An answer as a person reads it: its text, and what became of the lead.
void print_answer(const OrchestrationResult& result);

/// How the agents came to it: classification, signals, strategy, and how long it took.
void print_reasons(const OrchestrationResult& result);

/// One line of JSON.
std::string to_json_line(const OrchestrationResult& result);

}  // namespace rapport::cli
