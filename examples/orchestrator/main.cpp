// A conversation that survives the process: `orchestrator FILE`. Run it twice: the second run goes
// on where the first one stopped.
#include <iostream>

#include "rapport/conversation/orchestrator.hpp"
#include "rapport/conversation/rules/rule_agents.hpp"

using namespace rapport;

Async<void> converse(ConversationOrchestrator& orchestrator) {
    co_await orchestrator.initialize();

    // Made at the first run, resumed at the next, with its last 20 messages.
    Lead lead = co_await orchestrator.start_conversation("+5215538899800", "Carlos");
    std::cout << lead.lead_id << ", stage " << short_name(lead.current_stage) << ", "
              << lead.recent_history.size() << " messages in memory, " << lead.signals.size()
              << " signals\n";

    for (const char* content : {"Hola, me interesa para un equipo de 20 personas",
                                "¿Cuánto cuesta? Tenemos 40,000 pesos al mes"}) {
        OrchestrationResult result =
            co_await orchestrator.process_message(content, std::move(lead));
        lead = std::move(result.lead_updated);  // as it is stored
        std::cout << "lead: " << content << "\nagent: " << result.outbound_message.value_or("")
                  << '\n';
    }
    co_await orchestrator.shutdown();
}

int main(int argc, char** argv) {
    const std::string file = argc > 1 ? argv[1] : "orchestrator.db";
    DatabaseManager manager({}, parse_database_url("sqlite:" + file));
    ConversationOrchestrator orchestrator(manager, rule_agents(built_in_rule_tables()));
    await(converse(orchestrator));
}
