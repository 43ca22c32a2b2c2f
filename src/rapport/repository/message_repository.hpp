#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "rapport/domain/message.hpp"
#include "rapport/repository/base_repository.hpp"
#include "rapport/repository/lead_repository.hpp"

namespace rapport {

/// A page of a conversation, oldest message first.
struct HistoryPage {
    std::vector<Message> messages;
    /// For the page before this one; absent at the beginning of the conversation.
    std::optional<std::string> next;
};

/// Where a page of history ends: at the newest message, before a moment, or where a cursor says.
using HistoryEnd = std::variant<std::monostate, Timestamp, std::string>;

/// Compiled once, with MessageRepository.
extern template class BaseRepository<Message>;

/// Messages and the figures of a conversation. A lead is named by its lead_id, in any spelling of
/// its number (see LeadRepository). History is ordered by (timestamp, seq, _id).
class MessageRepository : public BaseRepository<Message> {
  public:
    /// `default_region` as for LeadRepository.
    explicit MessageRepository(Store& store, std::string default_region = "MX");

    /// Stores messages with one command and returns them as stored, in their order. Those that are
    /// stored already (the same `_id` and lead, or the same lead and external_id) are left as they
    /// are, and returned so. Throws DuplicateKey when an `_id` belongs to another lead's message.
    Async<std::vector<Message>> save_messages(std::vector<Message> messages,
                                              Deadline deadline = {});

    /// The last `limit` messages, oldest first.
    Async<std::vector<Message>> get_recent_messages(std::string lead_id, std::int64_t limit = 20,
                                                    Deadline deadline = {});

    /// The `limit` messages just before `before`, oldest first. Pages joined by their cursors hold
    /// every message once, also where timestamps are equal and while new ones arrive.
    Async<HistoryPage> get_conversation_history(std::string lead_id,
                                                std::int64_t limit = kDefaultLimit,
                                                HistoryEnd before = {}, Deadline deadline = {});

    /// The last `limit` messages of that role, oldest first.
    Async<std::vector<Message>> get_messages_by_role(std::string lead_id, MessageRole role,
                                                     std::int64_t limit = kDefaultLimit,
                                                     Deadline deadline = {});

    /// All messages from `start` to `end`, both included, oldest first.
    Async<std::vector<Message>> get_messages_in_timerange(std::string lead_id, Timestamp start,
                                                          Timestamp end, Deadline deadline = {});

    Async<std::int64_t> count_messages_for_lead(std::string lead_id, Deadline deadline = {});

    Async<std::int64_t> get_total_tokens_for_lead(std::string lead_id, Deadline deadline = {});

    /// The mean time, in seconds, from the first unanswered message of the lead to its answer, over
    /// the last `within` (absent: all of the conversation). The next message of the assistant or of
    /// a person answers it; only answers of `responders` count. Absent when there is none.
    Async<std::optional<double>> get_average_response_time(
        std::string lead_id, std::optional<std::chrono::hours> within = std::chrono::hours(24),
        std::vector<MessageRole> responders = {MessageRole::kAssistant}, Deadline deadline = {});

    /// Removes all messages of a lead and every text the lead itself keeps of them (recent_history,
    /// the evidence of its signals); its message_count starts again, unless somebody writes in
    /// this moment: that turn stays, with the next number. Returns how many were removed.
    Async<std::int64_t> delete_messages_for_lead(std::string lead_id, Deadline deadline = {});

    /// The order of history, newest first.
    static Sort<Message> newest_first();

  protected:
    void normalize(Message& message) const override;
    void check(const Message& message) const override;
    Async<void> prepare_insert(const std::vector<Message>& messages, Deadline deadline) override;

  private:
    /// Runs a query for a lead; when it finds nothing, once more if the lead's messages stood under
    /// an old spelling of its number until now.
    template <class Query>
    auto for_lead(std::string lead_id, Deadline deadline, Query query)
        -> decltype(query(std::string()));
    Async<std::vector<Message>> last(Filter<Message> filter, std::int64_t limit, Deadline deadline);
    Async<std::optional<double>> average_response(std::string id,
                                                  std::optional<std::chrono::hours> within,
                                                  std::vector<MessageRole> responders,
                                                  Deadline deadline);
    Async<Message> find_stored(Message message, Deadline deadline);
    Async<std::optional<Lead>> forget_texts(std::string lead_id, Deadline deadline);
    Async<void> count_from_one(Lead emptied, Deadline deadline);

    LeadRepository leads_;
    std::string default_region_;
};

}  // namespace rapport
