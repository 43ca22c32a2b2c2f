#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "tests/faults/writer_process.hpp"

namespace rapport::testing {
namespace {

/// Of one lead, with its messages in the order of their numbers.
std::string find_fault_of(const Lead& lead, const std::vector<Message>& messages) {
    if (std::cmp_not_equal(messages.size(), lead.message_count)) {
        return fmt::format("{} messages are counted and {} stored", lead.message_count,
                           messages.size());
    }
    for (std::size_t i = 0; i < messages.size(); ++i) {
        const Message& message = messages[i];
        if (message.seq != static_cast<std::int64_t>(i) + 1) {
            return fmt::format("the number {} is missing or there twice", i + 1);
        }
        if (message.lead_ref != lead.id) return fmt::format("message {}: of another lead", i + 1);
        const bool answers = i % 2 == 1;
        if (answers && message.turn_id != messages[i - 1].turn_id) {
            return fmt::format("message {} is torn from its answer", i);
        }
        if (answers && !message.content.ends_with(messages[i - 1].external_id.value_or("?"))) {
            return fmt::format("message {} has another one's answer", i);
        }
    }
    const std::size_t window = std::min<std::size_t>(messages.size(), Lead::kHistoryWindow);
    if (lead.recent_history.size() != window) return "the window's size is wrong";
    for (std::size_t i = 0; i < window; ++i) {
        if (lead.recent_history[i].id != messages[messages.size() - window + i].id) {
            return "the window does not hold the last messages";
        }
    }
    return {};
}

}  // namespace

std::string find_fault(const Settings& settings, const DatabaseUrl& url,
                       const std::vector<Delivery>& planned) {
    DatabaseManager manager(settings, url);
    await(manager.connect());
    LeadRepository leads(manager.database());
    MessageRepository messages(manager.database());

    std::map<Delivery, int> stored;
    std::set<std::string> phones;
    for (const Delivery& delivery : planned) phones.insert(delivery.phone());
    for (const std::string& phone : phones) {
        const auto lead = await(leads.get_by_phone(phone));  // settles it
        if (!lead) return "a lead is missing";
        auto all = await(messages.get_recent_messages(phone, 0));
        std::ranges::sort(all, {}, &Message::seq);
        if (const auto fault = find_fault_of(*lead, all); !fault.empty()) {
            return fmt::format("lead {}: {}", phone.substr(phone.size() - 4), fault);
        }
        std::map<std::pair<int, int>, int> last_turns;
        for (const Message& message : all) {
            if (message.role == MessageRole::kAssistant) continue;
            if (!message.external_id) return "a message is there again, without its external_id";
            const auto delivery = read_delivery(*message.external_id);
            if (!delivery) return "an external_id that nobody sent";
            ++stored[*delivery];
            int& last =
                last_turns.try_emplace({delivery->process, delivery->writer}, -1).first->second;
            if (delivery->turn <= last) return fmt::format("{} is late", *message.external_id);
            last = delivery->turn;
        }
    }
    for (const Delivery& delivery : planned) {
        const int times = stored[delivery];
        if (times != 1) return fmt::format("{} is there {} times", delivery.external_id(), times);
    }
    await(manager.disconnect());
    if (stored.size() != planned.size()) return "more is stored than was delivered";
    return {};
}

}  // namespace rapport::testing
