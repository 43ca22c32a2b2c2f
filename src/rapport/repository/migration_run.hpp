#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "rapport/repository/lead_repository.hpp"
#include "rapport/repository/migration.hpp"
#include "rapport/repository/numbering.hpp"

namespace rapport {

/// Of another system: its `_id` is no ObjectId.
inline bool has_foreign_id(const Document& document) {
    return !std::holds_alternative<ObjectId>(scalar_at(document, "_id"));
}

/// One migration under way; see migrate(). Its parts are in migration_*.cpp.
class MigrationRun {
  public:
    MigrationRun(DatabaseManager& manager, MigrationOptions options, MigrationProgress progress);

    Async<MigrationReport> run();

  private:
    /// A lead as it stood when collisions were looked for.
    struct Claimant {
        ObjectId id;
        std::string lead_id;
        std::int64_t version;
    };
    /// Leads of one number.
    struct Group {
        std::vector<Claimant> leads;
        /// Under which messages of the number stand, besides those of the leads.
        std::set<std::string> strays{};
    };
    /// Several leads, until they are one.
    using Groups = std::map<std::string, Group>;

    /// The messages under a lead's number that it has counted or may count.
    struct Conversation {
        std::vector<PlacedMessage> messages{};
        /// Those that its window may show, the newest last.
        std::deque<Message> newest{};
    };

    /// A document that is changed all the time is left to the next run.
    static constexpr int kAttempts = 10;

    // migration.cpp
    Async<std::vector<Document>> next_leads(Scalar& after, std::int64_t& foreign);
    Async<void> count_foreign_ids();
    Async<void> find_collisions();
    Async<void> report_collisions();
    Async<void> ensure_indexes();
    std::optional<std::string> number_of(const std::string& lead_id) const;
    void note(CollectionReport& report, const Correction& correction, const ObjectId& id);
    void note(CollectionReport& report, Defect defect, const ObjectId& id, std::string what);
    Async<std::int64_t> carry_out(std::vector<CommitDocuments> changes);
    Async<bool> carry_out(CommitDocuments change);

    // migration_messages.cpp
    Async<void> correct_messages();
    Async<void> correct_message(ObjectId id, CommitDocuments change);
    std::optional<CommitDocuments> look_at_message(const Document& stored, bool counted);
    void count_message(const Message& message, const Document& stored);
    std::string message_number(const Message& message);

    // migration_leads.cpp
    Async<void> correct_leads();
    Async<void> correct_lead(Document stored, bool counted);
    std::optional<Correction> correction_of(const Document& stored, Lead& lead) const;
    std::optional<Lead> read_lead(const Document& stored, bool counted);
    bool give_number(Lead& lead, bool counted);
    Async<bool> try_to_correct(const Document& stored, bool counted);
    Async<Conversation> conversation_of(const ObjectId& lead, std::string lead_id, bool takes_all);
    Async<std::int64_t> number(ObjectId lead, std::int64_t message_count, Conversation of_lead);

    // migration_merge.cpp
    Async<void> merge_groups();
    Async<void> merge(std::string number, Group group);
    Async<void> make_heir(std::string number, const Group& group);
    Async<void> merge_all(std::string number, const Group& group);
    Async<void> merge_into(ObjectId heir, ObjectId other, std::string number);
    Async<std::optional<Lead>> load(ObjectId id);
    Async<void> move_uncounted(std::string from, std::string number);
    Async<void> carry_messages(ObjectId heir, Lead other);
    Async<void> store_turns(ObjectId heir, std::vector<Message> messages);
    Async<std::set<ObjectId>> stored_among(std::vector<ObjectId> ids);
    Async<Lead> merged_with(Lead into, Lead other);

    DatabaseManager& manager_;
    Store& store_;
    LeadRepository leads_;
    MigrationOptions options_;
    MigrationProgress progress_;
    Form form_{};
    std::optional<std::chrono::seconds> retention_;
    Groups groups_{};
    /// Those of a group that get its number.
    std::set<ObjectId> heirs_{};
    MigrationReport report_{};
};

}  // namespace rapport
