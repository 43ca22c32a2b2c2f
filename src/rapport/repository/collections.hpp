#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

#include "rapport/domain/lead.hpp"
#include "rapport/domain/message.hpp"
#include "rapport/store/operation.hpp"

namespace rapport {

/// The `leads` collection: its members and the indexes that its queries need.
const Collection& lead_collection();

/// A lead as it is stored; absent where that cannot be read as one.
std::optional<Lead> readable_lead(const Document& document);

/// The `messages` collection, without an expiry.
const Collection& message_collection();

/// What becomes of messages at the end of their retention.
enum class Expired : std::uint8_t {
    kRemoved,   ///< the database removes them by itself
    kArchived,  ///< they wait for archive_due()
};

/// Everything a database of ours holds. With `retention` messages are removed or archived so long
/// after they were stored; without it they stay. An expiry set earlier is taken back.
std::vector<Collection> all_collections(std::optional<std::chrono::seconds> retention,
                                        Expired expired = Expired::kRemoved);

/// How long after they were stored messages leave a database of these collections; absent when they
/// stay.
std::optional<std::chrono::seconds> message_retention(const std::vector<Collection>& collections);

/// True when they leave it for an archive.
bool archives_messages(const std::vector<Collection>& collections);

/// Messages that were stored before this, in the order in which they become due.
Filter<Message> stored_before(Timestamp time);
Sort<Message> by_storing();

/// Stores these messages.
InsertDocuments insert_messages(const std::vector<Message>& messages);

}  // namespace rapport
