// A lead is brought to today's form by one guarded change; then its messages get their places.
#include <algorithm>
#include <deque>
#include <utility>

#include "rapport/core/error.hpp"
#include "rapport/core/fault_point.hpp"
#include "rapport/domain/phone_number.hpp"
#include "rapport/repository/collections.hpp"
#include "rapport/repository/migration_run.hpp"
#include "rapport/repository/stream.hpp"
#include "rapport/repository/together.hpp"

namespace rapport {
namespace {

constexpr std::size_t kNumbersAtOnce = 500;
/// Of a conversation, in which the entries of a window are looked for.
constexpr std::size_t kNewest = 2 * Lead::kHistoryWindow;

/// Before this no date can be stored.
Timestamp earliest() { return parse_iso8601("0001-01-01").value(); }

/// A message that got its number while it was read stands there twice: with the number it counts.
void keep_once(std::vector<PlacedMessage>& messages) {
    std::ranges::sort(messages, {}, [](const PlacedMessage& message) {
        return std::pair(message.id, !message.seq.has_value());
    });
    const auto again = std::ranges::unique(messages, {}, &PlacedMessage::id);
    messages.erase(again.begin(), again.end());
}

/// The entries of earlier systems lack what ours have.
void complete_history(Lead& lead, std::deque<Message> stored) {
    for (Message& entry : lead.recent_history) {
        entry.lead_id = lead.lead_id;
        if (entry.created_at == Timestamp{}) entry.created_at = entry.timestamp;
        if (entry.updated_at == Timestamp{}) entry.updated_at = entry.created_at;
        const auto same = std::ranges::find_if(stored, [&](const Message& message) {
            return entry.id.empty()
                       ? message.timestamp == entry.timestamp && message.role == entry.role &&
                             message.content == entry.content
                       : message.id == entry.id;
        });
        if (same == stored.end()) continue;
        entry.id = same->id;
        stored.erase(same);  // said twice in one moment, it is two entries
    }
    if (lead.recent_history.size() > Lead::kHistoryWindow) {
        lead.recent_history.erase(lead.recent_history.begin(),
                                  lead.recent_history.end() - Lead::kHistoryWindow);
    }
}

/// That nobody has changed the lead. An earlier system counts no versions, but dates what it saves.
FilterNode unchanged_lead(const Document& stored, const Lead& lead, const Correction& correction) {
    const Filter<Lead> same =
        where(&Lead::current_stage) == lead.current_stage && where(&Lead::id) == lead.id;
    FilterNode guard = same.node();
    for (const FilterNode& part : correction.unchanged) guard = both(std::move(guard), part);
    for (const char* member : {"version", "message_count", "updated_at", "last_interaction_at"}) {
        // Named once: MongoDB refuses a guarded change that names a member twice.
        const auto is_there = std::ranges::any_of(
            correction.unchanged,
            [&](const FilterNode& part) { return std::get<Compare>(part).path == member; });
        if (is_there) continue;
        guard =
            both(std::move(guard), Compare{member, CompareOp::kEqual, scalar_at(stored, member)});
    }
    return guard;
}

}  // namespace

Async<void> MigrationRun::correct_leads() {
    progress_.begin("leads", report_.leads.documents);
    Scalar after = ObjectId{};
    std::int64_t foreign = 0;  // the report has them
    while (true) {
        auto piece = co_await next_leads(after, foreign);
        if (piece.empty()) break;
        const auto count = std::ssize(piece);
        std::vector<Async<void>> all;
        all.reserve(piece.size());
        for (Document& lead : piece) all.push_back(correct_lead(std::move(lead), true));
        co_await together(std::move(all));
        progress_.advance(count);
    }
}

/// `counted`: it belongs into the report.
Async<void> MigrationRun::correct_lead(Document stored, bool counted) {
    const ObjectId id = std::get<ObjectId>(scalar_at(stored, "_id"));
    const Filter<Lead> same = where(&Lead::id) == id;
    for (int attempt = 0; attempt < kAttempts; ++attempt) {
        try {
            if (co_await try_to_correct(stored, counted && attempt == 0)) co_return;
        } catch (const DuplicateKey&) {
            // Somebody wrote under the number of today since collisions were looked for.
            const auto lead_id = std::get<std::string>(scalar_at(stored, "lead_id"));
            report_.collisions.push_back({mask_phone(lead_id), {id.to_string()}});
            co_return;
        }
        auto again = co_await store_.find({&lead_collection(), same.node(), {}, 1});
        if (again.empty()) co_return;
        stored = std::move(again.front());
    }
    throw VersionConflict("a lead is changed all the time: migrate again when it is quieter");
}

/// Absent where it holds what cannot be stored. A change of a lead that has a version moves that
/// on.
std::optional<Correction> MigrationRun::correction_of(const Document& stored, Lead& lead) const {
    try {
        const bool has_version = lead.version > 0;
        if (!has_version) lead.version = 1;
        Correction correction = correct(stored, lead, form_);
        if (correction.empty() || !has_version) return correction;
        ++lead.version;
        const auto defects = std::move(correction.defects);
        correction = correct(stored, lead, form_);
        correction.defects = defects;
        return correction;
    } catch (const InvalidArgument&) {
        return std::nullopt;
    }
}

/// Absent where it cannot be read.
std::optional<Lead> MigrationRun::read_lead(const Document& stored, bool counted) {
    try {
        return from_document<Lead>(stored);
    } catch (const InvalidDocument& error) {
        const std::string_view text = error.what();
        if (counted) {
            note(report_.leads, Defect::kUnreadable, std::get<ObjectId>(scalar_at(stored, "_id")),
                 std::string(text.substr(0, text.find(':'))));
        }
        return std::nullopt;
    }
}

/// The number in its one spelling, unless other leads have it, too. True where the messages under
/// it that no lead has counted are this one's: of several with the very same lead_id they are the
/// first one's.
bool MigrationRun::give_number(Lead& lead, bool counted) {
    const auto number = number_of(lead.lead_id);
    if (!number) {
        if (counted) note(report_.leads, Defect::kNoNumber, lead.id, "lead_id");
        return true;
    }
    const auto group = groups_.find(*number);
    if (group == groups_.end() || heirs_.contains(lead.id)) {
        lead.lead_id = *number;
        return true;
    }
    const auto first = std::ranges::find(group->second.leads, lead.lead_id, &Claimant::lead_id);
    return first == group->second.leads.end() || first->id == lead.id;
}

/// False when the lead was changed meanwhile.
Async<bool> MigrationRun::try_to_correct(const Document& stored, bool counted) {
    auto lead = read_lead(stored, counted);
    if (!lead) co_return true;
    const std::string stored_number = lead->lead_id;
    const bool takes_all = give_number(*lead, counted);
    if (!options_.plan && lead->version > 0) co_await leads_.settle(*lead);
    // A plan finds the messages where they still are.
    Conversation of_lead = co_await conversation_of(
        lead->id, options_.plan ? stored_number : lead->lead_id, takes_all);
    if (std::holds_alternative<std::monostate>(scalar_at(stored, "settled_count"))) {
        // No turn of ours has counted for it yet.
        lead->message_count = std::max(lead->message_count, std::ssize(of_lead.messages));
        lead->settled_count = lead->message_count;
    }
    complete_history(*lead, std::move(of_lead.newest));
    const auto correction = correction_of(stored, *lead);
    if (!correction) {
        if (counted) {
            note(report_.leads, Defect::kUnreadable, lead->id, "a value that cannot be stored");
        }
        co_return true;
    }
    if (counted) note(report_.leads, *correction, lead->id);
    if (!correction->empty() && !options_.plan) {
        fault_point("migrate.lead");
        CommitDocuments change{
            {&lead_collection(), unchanged_lead(stored, *lead, *correction), correction->changes}};
        if (!(co_await store_.commit(std::move(change))).happened) co_return false;
        ++report_.leads.changed;
    }
    report_.numbered += co_await number(lead->id, lead->message_count, std::move(of_lead));
    co_return true;
}

/// Read in the direction in which a message moves when it gets its number: none is missed while
/// another process gives them. Those of somebody erased, who had the number, are left out, and so
/// are, unless it `takes_all`, those that no lead has counted.
Async<MigrationRun::Conversation> MigrationRun::conversation_of(const ObjectId& lead,
                                                                std::string lead_id,
                                                                bool takes_all) {
    const Filter<Message> under_number =
        where(&Message::lead_id) == lead_id && where(&Message::timestamp) >= earliest();
    DocumentStream all(store_, message_collection(), under_number.node(),
                       Sort<Message>()
                           .ascending(where(&Message::timestamp))
                           .ascending(where(&Message::seq))
                           .ascending(where(&Message::id))
                           .keys(),
                       Deadline(Deadline::Clock::time_point::max()));
    Conversation conversation;
    while (const Document* stored = co_await all.next()) {
        Message message;
        try {
            message = from_document<Message>(*stored);
        } catch (const InvalidDocument&) {
            continue;  // the report has it
        }
        if (message.lead_ref ? *message.lead_ref != lead : !takes_all) continue;
        conversation.messages.push_back({message.timestamp, message.id, message.role, message.seq});
        if (conversation.newest.size() == kNewest) conversation.newest.pop_front();
        conversation.newest.push_back(std::move(message));
    }
    keep_once(conversation.messages);
    co_return conversation;
}

/// How many got their number from us; in a plan how many would.
Async<std::int64_t> MigrationRun::number(ObjectId lead, std::int64_t message_count,
                                         Conversation of_lead) {
    const auto numbers = number_messages(of_lead.messages, message_count);
    if (options_.plan) co_return std::ssize(numbers);
    std::int64_t numbered = 0;
    std::vector<CommitDocuments> changes;
    for (const auto& [position, seq] : numbers) {
        const PlacedMessage& message = of_lead.messages[position];
        const Filter<Message> unnumbered = where(&Message::role) == message.role &&
                                           where(&Message::id) == message.id &&
                                           where(&Message::seq) == std::nullopt;
        Update<Message> update;
        update.set(where(&Message::seq), seq).set(where(&Message::lead_ref), lead);
        changes.push_back({{&message_collection(), unnumbered.node(), update.changes()}});
        if (changes.size() < kNumbersAtOnce) continue;
        numbered += co_await carry_out(std::exchange(changes, {}));
        fault_point("migrate.numbers");
    }
    co_return numbered + co_await carry_out(std::move(changes));
}

}  // namespace rapport
