#include "rapport/repository/turn.hpp"

namespace rapport {

TurnRecord make_turn_record(std::int64_t version, const std::vector<Message>& messages) {
    TurnRecord record;
    record.v = version;
    record.external_id = messages.front().external_id;
    record.k = std::ssize(messages);
    for (std::size_t i = 0; i < messages.size(); ++i) {
        if (!messages[i].attachment) continue;
        if (!record.attachments) record.attachments.emplace();
        record.attachments->push_back({static_cast<std::int64_t>(i), *messages[i].attachment});
    }
    return record;
}

void keep_as_stored(std::vector<Message>& history) {
    for (Message& entry : history) {
        entry.seq.reset();
        entry.lead_ref.reset();
        entry.turn_id.reset();
        entry.external_id.reset();
        entry.attachment.reset();
    }
}

}  // namespace rapport
