#include "rapport/repository/lead_repository.hpp"

#include <algorithm>
#include <utility>

#include "rapport/domain/phone_number.hpp"
#include "rapport/repository/collections.hpp"

namespace rapport {

template class BaseRepository<Lead>;

namespace {

std::vector<SalesStage> stages_but(const std::vector<SalesStage>& excluded) {
    std::vector<SalesStage> stages;
    for (const auto& [stage, name] : kEnumTable<SalesStage>) {
        if (std::ranges::find(excluded, stage) == excluded.end()) stages.push_back(stage);
    }
    return stages;
}

}  // namespace

LeadRepository::LeadRepository(Store& store, std::string default_region)
    : BaseRepository(store, lead_collection()), default_region_(std::move(default_region)) {}

void LeadRepository::normalize(Lead& lead) const {
    lead.lead_id = normalize_lead_id(lead.lead_id, default_region_);
}

void LeadRepository::check(const Lead& lead) const {
    if (lead.message_count < 0) throw InvalidArgument("message_count: must not be negative");
    if (lead.recent_history.size() > Lead::kHistoryWindow) {
        throw InvalidArgument("recent_history: at most 20 messages; use Lead::add_message");
    }
    for (const Message& message : lead.recent_history) validate(message);
    for (const Signal& signal : lead.signals) validate(signal);
}

Async<std::optional<Lead>> LeadRepository::get_by_phone(std::string phone, Deadline deadline) {
    const std::string lead_id = normalize_lead_id(phone, default_region_);
    const Filter<Lead> same = where(&Lead::lead_id) == lead_id;
    auto found = co_await find_one(same, deadline);
    if (!found && !legacy_spellings(lead_id).empty()) {
        co_await adopt_legacy_numbers({lead_id}, deadline);
        found = co_await find_one(same, deadline);
    }
    if (found) known_->remember_stored(*found);
    if (found && !is_settled(*found)) co_await settle(*found, deadline);
    co_return found;
}

Async<Lead> LeadRepository::get_or_create(std::string phone, std::optional<std::string> full_name,
                                          Deadline deadline) {
    Lead lead;
    lead.lead_id = normalize_lead_id(phone, default_region_);
    lead.full_name = std::move(full_name);
    // Again when another caller makes the lead between our two steps, or erases it.
    while (!deadline.passed()) {
        if (auto found = co_await get_by_phone(lead.lead_id, deadline)) {
            co_return std::move(*found);
        }
        stamp_new(lead, now());
        if ((co_await insert({lead}, deadline)).empty()) co_return lead;
    }
    throw Timeout("get_or_create: the deadline passed");
}

Async<bool> LeadRepository::adopt_legacy_numbers(std::vector<std::string> phones,
                                                 Deadline deadline) {
    std::map<std::string, std::string> todays;
    std::vector<std::string> legacies;
    for (const std::string& phone : phones) {
        const std::string lead_id = normalize_lead_id(phone, default_region_);
        for (const std::string& legacy : legacy_spellings(lead_id)) {
            if (todays.emplace(legacy, lead_id).second) legacies.push_back(legacy);
        }
    }
    if (legacies.empty()) co_return false;
    const Filter<Lead> old_leads = where(&Lead::lead_id).in(legacies);
    const auto found = co_await store().find({&collection(), old_leads.node()}, deadline);
    for (const Document& old_lead : found) {
        const auto legacy = std::get<std::string>(scalar_at(old_lead, "lead_id"));
        co_await move(legacy, todays.at(legacy), deadline);
    }
    co_return !found.empty();
}

Async<void> LeadRepository::move(std::string legacy, std::string lead_id, Deadline deadline) {
    if (co_await count(where(&Lead::lead_id) == lead_id, deadline) > 0) co_return;
    // The messages first: when this is cut short, the lead is still found under its old number and
    // the rest is done then.
    Update<Message> message;
    message.set(where(&Message::lead_id), lead_id);
    const UpdateDocuments messages{&message_collection(),
                                   (where(&Message::lead_id) == legacy).node(), message.changes(),
                                   true};
    co_await store().update(messages, deadline);
    Update<Lead> lead;
    lead.set(where(&Lead::lead_id), lead_id);
    try {
        co_await update_many(where(&Lead::lead_id) == legacy, lead, deadline);
    } catch (const DuplicateKey&) {
        co_return;  // somebody made the lead in this moment: it has the messages
    }
    // Those of a turn that was committed under the old number meanwhile.
    co_await store().update(messages, deadline);
}

Async<void> LeadRepository::prepare_insert(const std::vector<Lead>& leads, Deadline deadline) {
    std::vector<std::string> lead_ids;
    lead_ids.reserve(leads.size());
    for (const Lead& lead : leads) lead_ids.push_back(lead.lead_id);
    co_await adopt_legacy_numbers(std::move(lead_ids), deadline);
}

Async<Lead> LeadRepository::save(Lead lead, Deadline deadline) {
    co_await settle_what_leaves(lead, deadline);
    co_await record_new_messages(lead, deadline);
    if (lead.stored()) {
        const auto pages = co_await make_room(lead, deadline);
        const auto change = [&]() -> Async<void> { lead = co_await update(lead, deadline); };
        co_await with_pages(lead.id, pages, change(), deadline);
        keep_as_stored(lead.recent_history);
        co_return lead;
    }
    normalize(lead);
    check(lead);
    stamp_new(lead, now());
    if (!(co_await insert({lead}, deadline)).empty()) {
        throw VersionConflict("leads: there is a lead with this number: load it instead");
    }
    keep_as_stored(lead.recent_history);
    co_return lead;
}

Async<bool> LeadRepository::restore(Lead lead, Deadline deadline) {
    normalize(lead);
    check(lead);
    if (lead.version == 0) {
        // An earlier system's lead gets what guards its next change.
        lead.version = 1;
        lead.settled_count = lead.message_count;
    }
    if ((co_await insert({lead}, deadline)).empty()) co_return true;
    if (co_await count(where(&Lead::id) == lead.id, deadline) > 0) co_return false;
    throw VersionConflict("leads: there is another lead with this number");
}

Async<bool> LeadRepository::update_stage(std::string lead_id, SalesStage stage, Deadline deadline) {
    const std::string normal = normalize_lead_id(lead_id, default_region_);
    const Filter<Lead> same = where(&Lead::lead_id) == normal;
    Update<Lead> update;
    update.set(where(&Lead::current_stage), stage);
    if (is_closed(stage)) update.unset(where(&Lead::next_followup_at));
    if (co_await update_many(same, update, deadline) > 0) co_return true;
    if (legacy_spellings(normal).empty()) co_return false;
    co_await adopt_legacy_numbers({normal}, deadline);
    co_return co_await update_many(same, update, deadline) > 0;
}

Async<std::vector<Lead>> LeadRepository::get_leads_by_stage(SalesStage stage, std::int64_t limit,
                                                            std::int64_t skip, Deadline deadline) {
    co_return co_await find_many(in_stage(stage), {limit, skip, latest_interaction_first()},
                                 deadline);
}

Async<std::vector<Lead>> LeadRepository::get_leads_needing_followup(Timestamp before,
                                                                    std::int64_t limit,
                                                                    Deadline deadline) {
    co_return co_await find_many(due_by(before), {limit, 0, earliest_followup_first()}, deadline);
}

Async<std::vector<Lead>> LeadRepository::get_stale_leads(std::int64_t days_inactive,
                                                         std::vector<SalesStage> exclude_stages,
                                                         std::int64_t limit, Deadline deadline) {
    constexpr std::int64_t kMaxDays = 365'000;
    if (days_inactive < 0 || days_inactive > kMaxDays) {
        throw InvalidArgument("days_inactive: expected 0 to 365000 days");
    }
    const Timestamp since = now() - std::chrono::days(days_inactive);
    co_return co_await find_many(stale_since(since, exclude_stages),
                                 {limit, 0, oldest_interaction_first()}, deadline);
}

Async<std::vector<Lead>> LeadRepository::get_high_intent_leads(std::int64_t min_message_count,
                                                               std::vector<SalesStage> stages,
                                                               std::int64_t limit,
                                                               Deadline deadline) {
    co_return co_await find_many(high_intent(min_message_count, stages),
                                 {limit, 0, most_messages_first()}, deadline);
}

Async<std::map<SalesStage, std::int64_t>> LeadRepository::count_by_stage(Deadline deadline) {
    AggregateDocuments aggregate{&collection(), any_stage().node(),
                                 where(&Lead::current_stage).path()};
    const auto groups = co_await store().aggregate(std::move(aggregate), deadline);
    std::map<SalesStage, std::int64_t> counts;
    for (const SalesStage stage : stages_but({})) counts[stage] = 0;
    for (const Group& group : groups) {
        const auto stage = enum_from_string<SalesStage>(std::get<std::string>(group.key));
        counts[stage.value()] = group.count;
    }
    co_return counts;
}

Sort<Lead> LeadRepository::latest_interaction_first() {
    return Sort<Lead>().descending(where(&Lead::last_interaction_at)).descending(where(&Lead::id));
}

Sort<Lead> LeadRepository::earliest_followup_first() {
    return Sort<Lead>().ascending(where(&Lead::next_followup_at)).ascending(where(&Lead::id));
}

Sort<Lead> LeadRepository::oldest_interaction_first() {
    return Sort<Lead>().ascending(where(&Lead::last_interaction_at)).ascending(where(&Lead::id));
}

Sort<Lead> LeadRepository::most_messages_first() {
    return Sort<Lead>().descending(where(&Lead::message_count)).descending(where(&Lead::id));
}

Filter<Lead> LeadRepository::in_stage(SalesStage stage) {
    return where(&Lead::current_stage) == stage;
}

Filter<Lead> LeadRepository::due_by(Timestamp before) {
    return where(&Lead::next_followup_at) <= before;
}

Filter<Lead> LeadRepository::stale_since(Timestamp last_interaction,
                                         const std::vector<SalesStage>& exclude_stages) {
    return where(&Lead::current_stage).in(stages_but(exclude_stages)) &&
           where(&Lead::last_interaction_at) < last_interaction;
}

Filter<Lead> LeadRepository::high_intent(std::int64_t min_message_count,
                                         const std::vector<SalesStage>& stages) {
    return where(&Lead::current_stage).in(stages) &&
           where(&Lead::message_count) >= min_message_count;
}

Filter<Lead> LeadRepository::any_stage() { return where(&Lead::current_stage).in(stages_but({})); }

}  // namespace rapport
