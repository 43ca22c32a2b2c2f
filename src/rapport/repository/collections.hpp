#pragma once

#include <chrono>
#include <optional>
#include <vector>

#include "rapport/domain/message.hpp"
#include "rapport/store/operation.hpp"

namespace rapport {

/// The `leads` collection: its members and the indexes that its queries need.
const Collection& lead_collection();

/// The `messages` collection, without an expiry.
const Collection& message_collection();

/// Everything a database of ours holds. With `retention` messages are removed so long after they
/// were stored; without it they stay, and an expiry set earlier is taken back.
std::vector<Collection> all_collections(std::optional<std::chrono::seconds> retention);

/// How long after they were stored messages are removed from a database of these collections;
/// absent when they stay.
std::optional<std::chrono::seconds> message_retention(const std::vector<Collection>& collections);

/// Stores these messages.
InsertDocuments insert_messages(const std::vector<Message>& messages);

}  // namespace rapport
