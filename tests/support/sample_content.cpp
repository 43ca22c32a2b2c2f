#include "tests/support/sample_content.hpp"

#include <fmt/format.h>

#include <random>
#include <utility>

#include "rapport/core/await.hpp"
#include "rapport/domain/lead.hpp"
#include "rapport/repository/collections.hpp"
#include "rapport/repository/turn.hpp"

namespace rapport::testing {
namespace {

constexpr std::size_t kAtOnce = 2000;
const Timestamp kBegin{std::chrono::milliseconds(1'700'000'000'000)};

/// Inserts in pieces.
class Filling {
  public:
    Filling(Store& store, const Collection& collection) : store_(store), collection_(collection) {}

    template <class T>
    void add(const T& entity) {
        documents_.push_back(to_document(entity));
        if (documents_.size() == kAtOnce) flush();
    }
    void flush() {
        if (documents_.empty()) return;
        await(store_.insert({&collection_, std::exchange(documents_, {})}));
    }

  private:
    Store& store_;
    const Collection& collection_;
    std::vector<Document> documents_{};
};

Message said(std::mt19937& random, int lead, int turn, MessageRole role) {
    Message message;
    message.role = role;
    message.content =
        fmt::format("«{}» {} ¿qué tal? {:x}", turn, role == MessageRole::kLead, random());
    // Many at the same moment.
    message.timestamp = kBegin + std::chrono::seconds(lead) + std::chrono::minutes(turn / 3);
    message.tokens = static_cast<std::int64_t>(random() % 100);
    if (turn % 7 == 3) message.attachment = Attachment{"image", fmt::format("IMG-{}.jpg", turn)};
    return message;
}

Signal signal(std::mt19937& random) {
    Signal known;
    known.dimension = SignalDimension::kBudget;
    known.extracted_value = fmt::format("{} USD", random() % 10'000);
    known.confidence.value = static_cast<double>(random() % 1000) / 999;
    known.raw_evidence = "¿cuánto cuesta?";
    return known;
}

}  // namespace

std::int64_t fill(Store& store, ContentSize size, std::uint32_t seed) {
    std::mt19937 random(seed);
    Filling leads(store, lead_collection());
    Filling messages(store, message_collection());
    std::int64_t count = 0;
    for (int i = 0; i < size.leads; ++i) {
        Lead lead;
        lead.lead_id = fmt::format("+5255{}", 10'000'000 + i);
        if (i % 2 == 0) lead.full_name = fmt::format("Persona Ñ {}", i);
        if (i % 5 == 0) lead.handoff_reason = "quiere hablar";
        if (i % 3 == 0) lead.add_signal(signal(random));
        lead.created_at = lead.updated_at = kBegin;
        const int of_lead = size.messages / 2 + size.messages * (i % 3) / 2;
        const int turns = std::max(1, of_lead / 2);
        for (int turn = 0; turn < turns; ++turn) {
            Message asked = said(random, i, turn, MessageRole::kLead);
            asked.external_id = fmt::format("wamid.{}", turn);
            std::vector<Message> both{std::move(asked),
                                      said(random, i, turn, MessageRole::kAssistant)};
            TurnRecord record = make_turn_record(++lead.version, both);
            record.turn_id = ObjectId::generate().to_string();
            const bool is_left = i % 10 == 0 && turn == turns - 1;
            if (!is_left) lead.settled_count += 2;
            for (Message& message : both) {
                message.turn_id = record.turn_id;
                const Message counted = lead.add_message(std::move(message));
                if (!is_left) messages.add(counted);
                ++count;
            }
            lead.add_turn(std::move(record));
        }
        keep_as_stored(lead.recent_history);
        leads.add(lead);
        if (i % 10 != 5) continue;
        Message uncounted = said(random, i, 0, MessageRole::kHuman);
        uncounted.id = ObjectId::generate();
        uncounted.lead_id = i % 20 == 5 ? lead.lead_id : fmt::format("+5256{}", 10'000'000 + i);
        uncounted.created_at = uncounted.updated_at = now();
        messages.add(uncounted);
        ++count;
    }
    messages.flush();
    leads.flush();
    return count;
}

}  // namespace rapport::testing
