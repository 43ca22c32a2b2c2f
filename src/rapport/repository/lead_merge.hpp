#pragma once

#include <functional>
#include <vector>

#include "rapport/domain/lead.hpp"

namespace rapport {

/// `into` with what another lead of the same person knows: who heard of the person last says the
/// stage; a person who has the conversation, or was asked for, keeps it; the earliest follow-up
/// stands; signals are joined, the newer lead's last. Its window becomes the newest of `stored`,
/// all that is stored under the number (oldest first, the newest at least), and of both windows.
/// Counts stay: messages are moved apart from this. Doing it again changes nothing.
///
/// `id_now` says which `_id` a message of `other` has now; `other` has all of its signals, and
/// `paged` are those that `into` has no room for.
Lead merged(Lead into, Lead other, std::vector<Message> stored,
            const std::function<ObjectId(const ObjectId&)>& id_now,
            const std::vector<Signal>& paged);

}  // namespace rapport
