#include "tests/faults/delivery.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <fstream>

namespace rapport::testing {

std::string Delivery::phone() const { return fmt::format("+5255{:08}", 10'000'000 + lead); }

std::string Delivery::external_id() const {
    return fmt::format("{}.{}.{}.{}", lead, process, writer, turn);
}

std::vector<Message> Delivery::messages() const {
    const auto said = [&](MessageRole role) {
        Message message;
        message.role = role;
        message.content = fmt::format("{} {}", enum_to_string(role), external_id());
        message.timestamp = now();
        return message;
    };
    std::vector<Message> messages{said(MessageRole::kLead), said(MessageRole::kAssistant)};
    messages.front().external_id = external_id();
    return messages;
}

std::string Delivery::line() const { return external_id() + "\n"; }

std::optional<Delivery> read_delivery(const std::string& external_id) {
    Delivery delivery;
    int read = 0;
    const int count = std::sscanf(external_id.c_str(), "%d.%d.%d.%d%n", &delivery.lead,
                                  &delivery.process, &delivery.writer, &delivery.turn, &read);
    if (count != 4 || read != std::ssize(external_id)) return std::nullopt;
    return delivery;
}

std::vector<Delivery> read_deliveries(const std::filesystem::path& file) {
    std::ifstream in(file);
    std::vector<Delivery> deliveries;
    for (std::string line; std::getline(in, line) && !in.eof();) {
        if (const auto delivery = read_delivery(line)) deliveries.push_back(*delivery);
    }
    return deliveries;
}

}  // namespace rapport::testing
