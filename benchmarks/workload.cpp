#include "benchmarks/workload.hpp"

#include <fmt/format.h>

#include <utility>

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

Message make_question(std::size_t question, std::string lead_id) {
    Message message;
    message.id = ObjectId::generate();
    message.lead_id = std::move(lead_id);
    message.role = MessageRole::kLead;
    message.content = kQuestions.at(question);
    message.timestamp = now();
    return message;
}

Lead make_talkative(Timestamp at) {
    Lead lead;
    lead.lead_id = kTalkative;
    lead.full_name = "Maria Lopez";
    lead.current_stage = SalesStage::kDiscovery;
    lead.next_followup_at = at + hours(24);
    for (int k = 0; k < 10; ++k) {
        Signal signal;
        signal.dimension = static_cast<SignalDimension>(k % 4);
        signal.extracted_value = "20 users";
        signal.confidence = {0.8, "said so"};
        signal.source_message_id = fmt::format("m{}", k);
        signal.raw_evidence = "20 usuarios";
        lead.add_signal(std::move(signal));
    }
    return lead;
}

Lead make_lead(int i, Timestamp at, std::vector<Message>& said) {
    Lead lead = make_talkative(at + milliseconds(i));
    lead.lead_id = lead_id(i);
    lead.full_name = fmt::format("Maria Lopez {}", i);
    for (int k = 0; k < 20; ++k) {
        said.push_back(lead.add_message(
            make_message(lead.lead_id, i + k, at - minutes(20 - k) - milliseconds(i))));
    }
    lead.settled_count = lead.message_count;
    return lead;
}

std::string Population::any_lead(std::mt19937& random) const {
    if (leads == 0) return kTalkative;
    return lead_id(std::uniform_int_distribution<int>(0, leads - 1)(random));
}

}  // namespace rapport::bench
