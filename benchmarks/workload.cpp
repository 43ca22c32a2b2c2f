#include "benchmarks/workload.hpp"

#include <fmt/format.h>

namespace rapport::bench {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;

std::string lead_id(int i) { return fmt::format("+5255{:08}", 10'000'000 + i); }

Message make_message(const std::string& lead_id, int i, Timestamp at) {
    Message message;
    message.lead_id = lead_id;
    message.role = i % 2 == 0 ? MessageRole::kLead : MessageRole::kAssistant;
    message.content = fmt::format(
        "Hola, quiero informacion de precios para {:05} usuarios del plan Pro; nos urge una demo "
        "esta semana, por favor. Gracias!",
        i % 100'000);
    message.tokens = 30 + i % 50;
    message.timestamp = message.created_at = message.updated_at = at;
    return message;
}

Lead make_lead(int i, Timestamp at) {
    Lead lead;
    lead.lead_id = lead_id(i);
    lead.full_name = fmt::format("Maria Lopez {}", i);
    lead.current_stage = SalesStage::kDiscovery;
    for (int k = 0; k < 20; ++k) {
        lead.add_message(make_message(lead.lead_id, i + k, at - minutes(20 - k) - milliseconds(i)));
    }
    for (int k = 0; k < 10; ++k) {
        Signal signal;
        signal.dimension = static_cast<SignalDimension>(k % 4);
        signal.extracted_value = "20 users";
        signal.confidence = {0.8, "said so"};
        signal.source_message_id = fmt::format("m{}", k);
        signal.raw_evidence = "20 usuarios";
        lead.add_signal(std::move(signal));
    }
    lead.settled_count = lead.message_count;
    lead.next_followup_at = at + hours(24) + milliseconds(i);
    return lead;
}

}  // namespace rapport::bench
