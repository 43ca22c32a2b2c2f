#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "rapport/core/keyed_mutex.hpp"
#include "rapport/domain/lead.hpp"
#include "rapport/repository/base_repository.hpp"
#include "rapport/repository/erasure.hpp"
#include "rapport/repository/turn.hpp"

namespace rapport {

/// Compiled once, with LeadRepository.
extern template class BaseRepository<Lead>;

/// Leads, and who of them needs attention. Wherever a method takes a phone number or a lead_id, any
/// spelling of the number will do; a `wa:` or `ext:` id is taken as it is, and what is neither
/// throws InvalidArgument. (A filter's value is compared as it stands.)
class LeadRepository : public BaseRepository<Lead> {
  public:
    /// `default_region` (ISO 3166, two letters) is where numbers without a country code belong.
    explicit LeadRepository(Store& store, std::string default_region = "MX");

    /// The lead with this number, made (in the first stage) when there is none. Any number of
    /// concurrent calls make one lead, and all return it. `full_name` is for a new lead only.
    Async<Lead> get_or_create(std::string phone, std::optional<std::string> full_name = {},
                              Deadline deadline = {});

    /// Stores a lead, new or changed, with one guarded statement and returns it as stored. Throws
    /// VersionConflict when the copy is stale, its original was erased, or (new) the number is
    /// taken; nothing has changed then. Messages that add_message() counted are stored with
    /// save_messages() afterwards; after a crash in between, by the next load. Throws
    /// InvalidArgument for more than 20 of them, unless the first ones are stored already.
    /// Of over 500 signals of a stored lead the oldest leave it: see all_signals().
    Async<Lead> save(Lead lead, Deadline deadline = {});

    /// Stores a turn: its messages are counted and kept, and the lead changed, as a whole and once,
    /// whatever crashes. Turns of one lead run one after another, in all copies of this repository.
    /// It takes ten minutes at most, whatever its deadline. A turn whose external_id is stored
    /// already is not stored again: that one's messages are returned, marked. Throws
    /// VersionConflict when the lead is not as it was loaded (load it and commit again),
    /// InvalidArgument when another text is stored under the external_id, and Timeout, after which
    /// only committing again tells, when no answer came.
    Async<TurnResult> commit_turn(Turn turn, Deadline deadline = {});

    /// The turn that this message began, had it been delivered before: marked as replayed. Needs
    /// its external_id and content. For those who have work to do before they can commit, such as
    /// asking a model. Throws InvalidArgument when another text is stored under the external_id.
    Async<std::optional<TurnResult>> find_turn(Lead lead, Message first, Deadline deadline = {});

    /// Stores the messages that a crash left in this lead alone, but for those older than the
    /// store's retention, and returns how many. Whoever loads a lead or commits a turn does it by
    /// itself.
    Async<std::int64_t> settle(Lead lead, Deadline deadline = {});

    /// What settle() would store for these leads, looked up for all of them at once. Changes
    /// nothing. A turn that is under way looks like one that a crash has cut off.
    Async<std::vector<Message>> unsettled(std::vector<Lead> leads, Deadline deadline = {});

    /// Makes `recent_history` the lead's newest messages by their time, where messages older than
    /// those that were there have come in later, as an import's do. False when there was nothing
    /// to change.
    Async<bool> rebuild_history(std::string phone, Deadline deadline = {});

    Async<std::optional<Lead>> get_by_phone(std::string phone, Deadline deadline = {});

    /// All that was learnt of the lead, oldest first: `signals`, and those that had to leave it.
    Async<std::vector<Signal>> all_signals(Lead lead, Deadline deadline = {});

    /// Removes a lead and everything that was said, for good, also where there is no such lead (any
    /// more); of one number in several spellings all leads, and those whose `_id` another system
    /// has made. A turn on a copy of it gets VersionConflict from here on, and a person who writes
    /// again is a new lead. After a crash, or when other processes were at work on the lead in this
    /// moment, finish_erasures() removes what is left. PersonalData::erase_lead() keeps a record.
    Async<Erased> erase(std::string phone, Deadline deadline = {});

    /// Stores a lead exactly as it was exported, with its `_id`, version and dates. False when it
    /// is there already; throws VersionConflict when another lead has its number.
    Async<bool> restore(Lead lead, Deadline deadline = {});

    /// Removes what is left of erased leads and returns how many documents that were. Leads erased
    /// before that moment are not looked after any more: nothing writes for them now.
    Async<std::int64_t> finish_erasures(Timestamp forget_before = now() - kErasureKept);

    /// Earlier systems stored some numbers in a spelling that is another one today (Mexico's
    /// `+521…`). Moves leads stored so, and their messages, to the number's one spelling, unless
    /// a lead has that already. Every method that is given a number does it by itself. False when
    /// there was nothing to move.
    Async<bool> adopt_legacy_numbers(std::vector<std::string> phones, Deadline deadline = {});

    /// False when there is no such lead. Won or lost, it has no follow-up any more.
    Async<bool> update_stage(std::string lead_id, SalesStage stage, Deadline deadline = {});

    /// Latest interaction first.
    Async<std::vector<Lead>> get_leads_by_stage(SalesStage stage,
                                                std::int64_t limit = kDefaultLimit,
                                                std::int64_t skip = 0, Deadline deadline = {});

    /// Leads whose follow-up is due at or before that moment, earliest first.
    Async<std::vector<Lead>> get_leads_needing_followup(Timestamp before = now(),
                                                        std::int64_t limit = kDefaultLimit,
                                                        Deadline deadline = {});

    /// Leads without an interaction for so many days, oldest first.
    Async<std::vector<Lead>> get_stale_leads(
        std::int64_t days_inactive = 30,
        std::vector<SalesStage> exclude_stages = {SalesStage::kClosedWon, SalesStage::kClosedLost},
        std::int64_t limit = kDefaultLimit, Deadline deadline = {});

    /// Leads in these stages with at least so many messages, most messages first.
    Async<std::vector<Lead>> get_high_intent_leads(
        std::int64_t min_message_count = 5,
        std::vector<SalesStage> stages = {SalesStage::kDiscovery, SalesStage::kQualified,
                                          SalesStage::kDemoScheduled},
        std::int64_t limit = kDefaultLimit, Deadline deadline = {});

    /// How many leads are in every stage, those without any included.
    Async<std::map<SalesStage, std::int64_t>> count_by_stage(Deadline deadline = {});

    /// The orders of the lists above, for find_page(): a list and its pages agree.
    static Sort<Lead> latest_interaction_first();
    static Sort<Lead> earliest_followup_first();
    static Sort<Lead> oldest_interaction_first();
    static Sort<Lead> most_messages_first();

    /// What the lists above contain, for find_page() and count().
    static Filter<Lead> in_stage(SalesStage stage);
    static Filter<Lead> due_by(Timestamp before);
    static Filter<Lead> stale_since(Timestamp last_interaction,
                                    const std::vector<SalesStage>& exclude_stages);
    static Filter<Lead> high_intent(std::int64_t min_message_count,
                                    const std::vector<SalesStage>& stages);
    /// Every lead, spelled so that an index serves it in any of the orders.
    static Filter<Lead> any_stage();

  protected:
    void normalize(Lead& lead) const override;
    void check(const Lead& lead) const override;
    Async<void> prepare_insert(const std::vector<Lead>& leads, Deadline deadline) override;

  private:
    enum class Fate { kCommitted, kConflict, kOpen };

    Async<std::int64_t> remove_uncounted(std::vector<std::string> spellings, Deadline deadline);
    Async<std::int64_t> remove_orphans(std::vector<std::string> spellings, Deadline deadline);
    Async<Erased> erase_stored(Document lead, std::vector<std::string> spellings,
                               Deadline deadline);
    Async<void> move(std::string legacy, std::string lead_id, Deadline deadline);
    bool is_settled(const Lead& lead) const;
    Async<void> settle_what_leaves(Lead& lead, Deadline deadline);
    Async<void> record_new_messages(Lead& lead, Deadline deadline);
    Async<void> check_stored_before(const Lead& lead, Deadline deadline);
    // Awaited at once, so what they refer to outlives them.
    Async<std::optional<TurnResult>> stored_turn(const Turn& turn, Deadline deadline);
    Async<Fate> fate_of(const Lead& after, const ObjectId& first_message, Deadline deadline);
    /// A turn that is counted into its lead, with all that its statement is made of.
    struct Counted;
    Async<void> take_back(const std::vector<Message>& messages, Deadline deadline);
    Async<void> commit(const Counted& turn, Deadline deadline);
    Async<void> store_messages(Committed committed, const Counted& turn, Deadline deadline);
    Async<std::vector<Message>> not_stored(std::vector<Message> messages, Deadline deadline);
    Async<void> replace_orphans(const std::vector<Message>& messages,
                                const std::vector<Duplicate>& duplicates, Deadline deadline);
    Async<void> replace_orphan(Message message, bool same_id, Deadline deadline);
    Async<std::vector<Message>> newest_messages(Lead lead, Deadline deadline);
    Async<std::vector<Message>> messages_of_turn(std::string lead_id, std::string turn_id,
                                                 Timestamp around, std::int64_t least,
                                                 Deadline deadline);
    Async<void> adopt(Lead& lead, Deadline deadline);
    Async<std::vector<ObjectId>> make_room(Lead& lead, Deadline deadline);
    Async<void> with_pages(ObjectId lead, std::vector<ObjectId> pages, Async<void> change,
                           Deadline deadline);

    std::string default_region_;
    std::shared_ptr<KnownLeads> known_ = std::make_shared<KnownLeads>();
    KeyedMutex turns_;
};

}  // namespace rapport
