// Leads of one number become one. The lead that goes stays until all that it knows has arrived, so
// that a merge that was cut short is found, and goes on, like one that has not begun.
#include <algorithm>
#include <iterator>
#include <utility>

#include "rapport/core/error.hpp"
#include "rapport/core/fault_point.hpp"
#include "rapport/domain/phone_number.hpp"
#include "rapport/repository/collections.hpp"
#include "rapport/repository/derived_id.hpp"
#include "rapport/repository/lead_merge.hpp"
#include "rapport/repository/migration_run.hpp"
#include "rapport/repository/signal_page.hpp"
#include "rapport/repository/together.hpp"

namespace rapport {
namespace {

constexpr std::size_t kGroupsAtOnce = 16;

/// A message of a lead that goes, as the other lead will have it.
Message carried(Message message, const Lead& into) {
    message.id = derived_id(message.id, "merged");
    message.lead_id = into.lead_id;
    message.seq.reset();
    message.lead_ref.reset();
    message.turn_id.reset();
    return message;
}

std::vector<ObjectId> ids_of(const std::vector<Message>& messages) {
    std::vector<ObjectId> ids;
    ids.reserve(messages.size());
    for (const Message& message : messages) ids.push_back(message.id);
    return ids;
}

}  // namespace

Async<void> MigrationRun::merge_groups() {
    progress_.begin("merges", std::ssize(groups_));
    // Each while the others are still apart for whoever asks.
    const Groups groups = groups_;
    for (auto next = groups.begin(); next != groups.end();) {
        std::vector<Async<void>> some;
        for (; next != groups.end() && some.size() < kGroupsAtOnce; ++next) {
            some.push_back(merge(next->first, next->second));
        }
        const auto count = std::ssize(some);
        co_await together(std::move(some));
        progress_.advance(count);
    }
}

Async<std::optional<Lead>> MigrationRun::load(ObjectId id) {
    auto lead = co_await leads_.find_one(where(&Lead::id) == id);
    if (lead && lead->version > 0) co_await leads_.settle(*lead);
    co_return lead;
}

/// Messages that no lead has counted, from another spelling of the number.
Async<void> MigrationRun::move_uncounted(std::string from, std::string number) {
    if (from == number) co_return;
    constexpr std::chrono::minutes kMoving{10};
    const Filter<Message> uncounted =
        where(&Message::lead_id) == from && where(&Message::lead_ref) == std::nullopt;
    Update<Message> update;
    update.set(where(&Message::lead_id), number);
    report_.messages.changed += co_await store_.update(
        {&message_collection(), uncounted.node(), update.changes(), true}, Deadline::in(kMoving));
}

/// What keeps them apart is told, and keeps no others apart.
Async<void> MigrationRun::merge(std::string number, Group group) {
    const auto is_it = [&](const Collision& one) {
        return one.leads.front() == group.leads.front().id.to_string();
    };
    std::string problem;
    try {
        co_await make_heir(number, group);
        co_await merge_all(number, group);
    } catch (const InvalidDocument& error) {
        problem = error.what();
        problem = "not readable: " + problem.substr(0, problem.find(':'));
    } catch (const InvalidArgument& error) {
        problem = error.what();
    } catch (const DuplicateKey& error) {
        problem = error.what();
    } catch (const VersionConflict& error) {
        problem = error.what();
    }
    Collision& collision = *std::ranges::find_if(report_.collisions, is_it);
    collision.merged = problem.empty();
    collision.problem = std::move(problem);
    if (collision.merged) groups_.erase(number);
}

/// The first one gets the number, and a version. One of an earlier system then counts its messages:
/// those of the others that no lead has counted are to be among them.
Async<void> MigrationRun::make_heir(std::string number, const Group& group) {
    const ObjectId heir = group.leads.front().id;
    const Filter<Lead> same = where(&Lead::id) == heir;
    const auto stored = co_await store_.find({&lead_collection(), same.node(), {}, 1});
    if (stored.empty()) throw VersionConflict("erased while it was merged");
    const bool is_foreign =
        std::holds_alternative<std::monostate>(scalar_at(stored.front(), "settled_count"));
    std::set<std::string> spellings = group.strays;
    for (const Claimant& lead : group.leads) {
        is_foreign ? static_cast<void>(spellings.insert(lead.lead_id))
                   : static_cast<void>(spellings.erase(lead.lead_id));
    }
    for (const std::string& spelling : spellings) co_await move_uncounted(spelling, number);
    heirs_.insert(heir);
    co_await correct_lead(stored.front(), true);
}

Async<void> MigrationRun::merge_all(std::string number, const Group& group) {
    const ObjectId heir = group.leads.front().id;
    for (std::size_t i = 1; i < group.leads.size(); ++i) {
        co_await merge_into(heir, group.leads[i].id, number);
    }
}

Async<void> MigrationRun::merge_into(ObjectId heir, ObjectId other, std::string number) {
    for (int attempt = 0; attempt < kAttempts; ++attempt) {
        const auto two = co_await load(other);
        if (!two) co_return;  // another process was faster
        try {
            co_await carry_messages(heir, *two);
            fault_point("migrate.carried");
            const auto one = co_await load(heir);
            if (!one || one->lead_id != number) break;
            Lead both = co_await merged_with(*one, *two);
            if (both != *one) co_await leads_.save(std::move(both));
        } catch (const VersionConflict&) {
            continue;
        }
        fault_point("migrate.merged");
        // Before the lead, without which nobody finds them.
        co_await remove_pages(store_, other);
        Filter<Lead> same_version = where(&Lead::version) == two->version;
        if (two->version == 0) same_version = same_version || where(&Lead::version) == std::nullopt;
        const Filter<Lead> same =
            where(&Lead::id) == other && where(&Lead::lead_id) == two->lead_id && same_version;
        if (co_await store_.remove({&lead_collection(), same.node()}) > 0) {
            ++report_.merged_leads;
            // A turn that was under way may store its messages yet: they were carried.
            const Erasure mark{other, now()};
            co_await store_.insert({&erasure_collection(), {to_document(mark)}});
            co_await remove_pages(store_, other);
            co_return;
        }
    }
    throw VersionConflict("changed or erased while it was merged: migrate again");
}

/// What the lead has counted, and what stands under its number, becomes the other one's: stored
/// anew in turns, as an import's messages are, and then removed. An `_id` is made from the old one,
/// so that what was stored before is seen.
Async<void> MigrationRun::carry_messages(ObjectId heir, Lead other) {
    const auto target = co_await load(heir);
    if (!target) throw VersionConflict("erased while it was merged");
    Filter<Message> counted = where(&Message::lead_ref) == other.id;
    // Of two with the very same lead_id the other one has what no lead has counted.
    if (other.lead_id != target->lead_id) {
        counted = counted || where(&Message::lead_ref) == std::nullopt;
    }
    const Filter<Message> own = where(&Message::lead_id) == other.lead_id && counted;
    while (true) {
        FindDocuments find{&message_collection(), own.node(),
                           Sort<Message>()
                               .ascending(where(&Message::timestamp))
                               .ascending(where(&Message::seq))
                               .ascending(where(&Message::id))
                               .keys(),
                           static_cast<std::int64_t>(Turn::kMost)};
        std::vector<Message> some;
        for (const Document& stored : co_await store_.find(std::move(find))) {
            some.push_back(from_document<Message>(stored));
        }
        if (some.empty()) co_return;
        const std::vector<ObjectId> old_ids = ids_of(some);
        for (Message& message : some) message = carried(std::move(message), *target);
        co_await store_turns(heir, std::move(some));
        fault_point("migrate.copied");
        co_await load(heir);  // all of them are stored now, if they were not
        const Filter<Message> old = where(&Message::id).in(old_ids);
        co_await store_.remove({&message_collection(), old.node()});
    }
}

/// Each message that has a channel's id begins a turn of its own: it is the turn's.
Async<void> MigrationRun::store_turns(ObjectId heir, std::vector<Message> messages) {
    for (auto from = messages.begin(); from != messages.end();) {
        const auto has_id = [](const Message& message) { return message.external_id.has_value(); };
        const auto to = std::find_if(from + 1, messages.end(), has_id);
        while (true) {
            auto lead = co_await load(heir);
            if (!lead) throw VersionConflict("erased while it was merged");
            Turn turn{std::move(*lead), {from, to}};
            turn.looked_up = true;
            auto there = co_await stored_among(ids_of(turn.messages));
            for (const Message& entry : turn.lead.recent_history) there.insert(entry.id);
            std::erase_if(turn.messages,
                          [&](const Message& message) { return there.contains(message.id); });
            if (turn.messages.empty()) break;
            try {
                co_await leads_.commit_turn(std::move(turn));
                break;
            } catch (const VersionConflict&) {
                continue;  // somebody wrote meanwhile, this very turn maybe
            }
        }
        from = to;
    }
}

Async<std::set<ObjectId>> MigrationRun::stored_among(std::vector<ObjectId> ids) {
    const Filter<Message> same = where(&Message::id).in(ids);
    std::set<ObjectId> there;
    for (const Document& message : co_await store_.find({&message_collection(), same.node()})) {
        there.insert(std::get<ObjectId>(scalar_at(message, "_id")));
    }
    co_return there;
}

Async<Lead> MigrationRun::merged_with(Lead into, Lead other) {
    other.signals = co_await leads_.all_signals(other);
    std::vector<ObjectId> ids = ids_of(other.recent_history);
    for (const Signal& signal : other.signals) {
        if (const auto id = ObjectId::parse(signal.source_message_id)) ids.push_back(*id);
    }
    for (ObjectId& id : ids) id = derived_id(id, "merged");
    const std::set<ObjectId> there = co_await stored_among(std::move(ids));
    Conversation stored = co_await conversation_of(into.id, into.lead_id, true);
    std::vector<Message> newest{std::make_move_iterator(stored.newest.begin()),
                                std::make_move_iterator(stored.newest.end())};
    const auto id_now = [&](const ObjectId& id) {
        const ObjectId now = derived_id(id, "merged");
        return there.contains(now) ? now : id;
    };
    std::vector<Signal> paged = co_await leads_.all_signals(into);
    paged.resize(paged.size() - into.signals.size());
    co_return merged(std::move(into), std::move(other), std::move(newest), id_now, paged);
}

}  // namespace rapport
