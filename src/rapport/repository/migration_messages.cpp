// Messages first, each by itself: when all have their dates and numbers, those of a lead can be
// found and put in order.
#include <utility>

#include "rapport/core/error.hpp"
#include "rapport/repository/collections.hpp"
#include "rapport/repository/migration_run.hpp"
#include "rapport/repository/stream.hpp"
#include "rapport/repository/together.hpp"

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
    std::vector<Async<void>> some;
    while (const Document* stored = co_await all.next()) {
        progress_.advance(1);
        if (has_foreign_id(*stored)) {
            ++report_.messages.defects[Defect::kUnreadable];
            continue;
        }
        if (auto change = look_at_message(*stored, true)) {
            const ObjectId id = std::get<ObjectId>(scalar_at(*stored, "_id"));
            some.push_back(correct_message(id, std::move(*change)));
        }
        if (some.size() < kMessagesChangedAtOnce) continue;
        co_await together(std::exchange(some, {}));
    }
    co_await together(std::move(some));
}

/// One that was changed since it was read is read again: a turn moves the messages of an older
/// spelling of its number, and knows nothing of the rest.
Async<void> MigrationRun::correct_message(ObjectId id, CommitDocuments change) {
    const Filter<Message> same = where(&Message::id) == id;
    for (int attempt = 0; attempt < kAttempts; ++attempt) {
        try {
            if ((co_await store_.commit(std::move(change))).happened) {
                ++report_.messages.changed;
                co_return;
            }
        } catch (const DuplicateKey&) {
            co_return;
        }
        const auto again = co_await store_.find({&message_collection(), same.node(), {}, 1});
        if (again.empty()) co_return;
        auto rest = look_at_message(again.front(), false);
        if (!rest) co_return;
        change = std::move(*rest);
    }
    throw VersionConflict("a message is changed all the time: migrate again when it is quieter");
}

/// The change it needs; absent where it needs none, or a plan wants none. `counted`: it belongs
/// into the report.
std::optional<CommitDocuments> MigrationRun::look_at_message(const Document& stored, bool counted) {
    const ObjectId id = std::get<ObjectId>(scalar_at(stored, "_id"));
    Message message;
    try {
        message = from_document<Message>(stored);
    } catch (const InvalidDocument& error) {
        if (counted) note(report_.messages, Defect::kUnreadable, id, path_of(error));
        return std::nullopt;
    }
    if (counted) count_message(message, stored);
    message.lead_id = message_number(message);
    Correction correction;
    try {
        correction = correct(stored, message, form_);
    } catch (const InvalidArgument&) {
        if (counted) {
            note(report_.messages, Defect::kUnreadable, id, "a value that cannot be stored");
        }
        return std::nullopt;
    }
    if (counted) note(report_.messages, correction, id);
    if (options_.plan || correction.empty()) return std::nullopt;
    // A guarded change names a text that never changes.
    const Filter<Message> same =
        where(&Message::role) == message.role && where(&Message::id) == message.id;
    FilterNode guard = same.node();
    for (FilterNode& part : correction.unchanged) guard = both(std::move(guard), std::move(part));
    return CommitDocuments{
        {&message_collection(), std::move(guard), std::move(correction.changes)}};
}

/// What the report says of it besides its correction.
void MigrationRun::count_message(const Message& message, const Document& stored) {
    const Scalar created_at = scalar_at(stored, "created_at");
    if (retention_ && std::holds_alternative<std::string>(created_at) &&
        message.created_at < now() - *retention_) {
        ++report_.expired_messages;
    }
    if (!message.seq) note(report_.messages, Defect::kSeq, message.id, "seq");
    if (!number_of(message.lead_id)) {
        note(report_.messages, Defect::kNoNumber, message.id, "lead_id");
    }
}

/// The lead_id that the message should have. That of several leads stays as it is, since it says
/// whose message this is.
std::string MigrationRun::message_number(const Message& message) {
    const auto number = number_of(message.lead_id);
    if (!number) return message.lead_id;
    const auto group = groups_.find(*number);
    if (group == groups_.end() || message.lead_id == *number) return *number;
    group->second.strays.insert(message.lead_id);
    return message.lead_id;
}

}  // namespace rapport
