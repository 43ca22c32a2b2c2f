// Messages first, each by itself: when all have their dates and numbers, those of a lead can be
// found and put in order.
#include <utility>

#include "rapport/core/error.hpp"
#include "rapport/repository/collections.hpp"
#include "rapport/repository/migration_run.hpp"
#include "rapport/repository/stream.hpp"

namespace rapport {
namespace {

constexpr std::size_t kMessagesChangedAtOnce = 500;

/// `recent_history[3].timestamp`, of what an error says of it.
std::string path_of(const InvalidDocument& error) {
    const std::string_view text = error.what();
    return std::string(text.substr(0, text.find(':')));
}

}  // namespace

Async<void> MigrationRun::correct_messages() {
    progress_.begin("messages", report_.messages.documents);
    // Those with an ObjectId; others are none of ours.
    DocumentStream all(store_, message_collection(),
                       Compare{"_id", CompareOp::kGreaterEqual, ObjectId{}}, {{"_id"}},
                       Deadline(Deadline::Clock::time_point::max()));
    std::vector<CommitDocuments> changes;
    while (const Document* stored = co_await all.next()) {
        progress_.advance(1);
        if (auto change = look_at_message(*stored)) changes.push_back(std::move(*change));
        if (changes.size() < kMessagesChangedAtOnce) continue;
        report_.messages.changed += co_await carry_out(std::exchange(changes, {}));
    }
    report_.messages.changed += co_await carry_out(std::move(changes));
}

/// The change it needs; absent where it needs none, or a plan wants none.
std::optional<CommitDocuments> MigrationRun::look_at_message(const Document& stored) {
    const ObjectId id = std::get<ObjectId>(scalar_at(stored, "_id"));
    Message message;
    try {
        message = from_document<Message>(stored);
    } catch (const InvalidDocument& error) {
        note(report_.messages, Defect::kUnreadable, id, path_of(error));
        return std::nullopt;
    }
    const Scalar created_at = scalar_at(stored, "created_at");
    if (retention_ && std::holds_alternative<std::string>(created_at) &&
        message.created_at < now() - *retention_) {
        ++report_.expired_messages;
    }
    if (!message.seq) note(report_.messages, Defect::kSeq, id, "seq");
    message.lead_id = message_number(message);
    Correction correction;
    try {
        correction = correct(stored, message, form_);
    } catch (const InvalidArgument&) {
        note(report_.messages, Defect::kUnreadable, id, "a value that cannot be stored");
        return std::nullopt;
    }
    note(report_.messages, correction, id);
    if (options_.plan || correction.empty()) return std::nullopt;
    // A guarded change names a text that never changes.
    const Filter<Message> same =
        where(&Message::role) == message.role && where(&Message::id) == message.id;
    FilterNode guard = same.node();
    for (FilterNode& part : correction.unchanged) guard = both(std::move(guard), std::move(part));
    return CommitDocuments{
        {&message_collection(), std::move(guard), std::move(correction.changes)}};
}

/// The lead_id that the message should have. That of several leads stays as it is, since it says
/// whose message this is.
std::string MigrationRun::message_number(const Message& message) {
    const auto number = number_of(message.lead_id);
    if (!number) {
        note(report_.messages, Defect::kNoNumber, message.id, "lead_id");
        return message.lead_id;
    }
    const auto group = groups_.find(*number);
    if (group == groups_.end() || message.lead_id == *number) return *number;
    group->second.strays.insert(message.lead_id);
    return message.lead_id;
}

}  // namespace rapport
