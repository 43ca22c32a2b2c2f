#pragma once

#include <compare>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "rapport/domain/message.hpp"

namespace rapport::testing {

/// One message of a channel that a process delivers: the `turn`-th of one of its writers.
struct Delivery {
    int lead = 0;
    int process = 0;
    int writer = 0;
    int turn = 0;

    auto operator<=>(const Delivery&) const = default;

    std::string phone() const;
    std::string external_id() const;
    /// What was said, and the answer to it.
    std::vector<Message> messages() const;
    /// As the file of the acknowledged holds it.
    std::string line() const;
};

/// Absent where an external_id is not one of ours.
std::optional<Delivery> read_delivery(const std::string& external_id);

/// Those a file holds; none where there is no file. A last line cut short by a crash is left out.
std::vector<Delivery> read_deliveries(const std::filesystem::path& file);

}  // namespace rapport::testing
