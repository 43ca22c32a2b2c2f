#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "rapport/repository/content.hpp"
#include "rapport/repository/erased_since.hpp"
#include "rapport/repository/personal_data.hpp"
#include "rapport/repository/snapshot.hpp"

namespace rapport {

/// What a database that is to take another one's content holds before.
struct TargetState {
    std::int64_t leads = 0;
    std::int64_t messages = 0;
    /// Leads as the other one has them, and earlier states of them.
    std::int64_t same = 0;
    /// Leads of persons who were erased here since: dealt with one by one.
    std::int64_t erased = 0;
    /// Leads that have the number of one of the other's, and are another or in another state.
    std::int64_t differing = 0;

    /// Leads that the other one does not have.
    std::int64_t foreign() const { return leads - same - erased - differing; }
    bool is_empty() const { return leads == 0 && messages == 0; }
};

/// What a Receiver has done.
struct Received {
    std::int64_t leads = 0;
    std::int64_t messages = 0;
    /// Equal ones that were there before.
    std::int64_t leads_there = 0;
    std::int64_t messages_there = 0;
    /// Messages older than this database's retention: left out.
    std::int64_t expired = 0;
    /// Documents that do not fit their type, where the engine has no place for them: left out.
    std::int64_t unreadable = 0;
    /// Documents with members of other systems that the engine has no columns for: stored without.
    std::int64_t shortened = 0;
    /// Persons erased since who were stored all the same.
    std::int64_t restored = 0;
    /// For each person who is left out, the number's last digits and why.
    std::vector<std::string> refused{};
};

/// Takes another database's records into one that is empty, or that holds a part of them: what was
/// cut short is done again, and goes on. A lead is stored after its messages and pages: it is there
/// whole or not at all. Its pages come after its messages, by which an erasure finds them.
class Receiver {
  public:
    struct Options {
        /// A lead that is there in an earlier state is brought forward.
        bool bring_forward = false;
        /// Persons erased since are stored all the same, with an entry in the audit.
        bool restore_erased = false;
        /// Who does that.
        std::string by{};
    };
    /// Called with how many leads and messages are dealt with. What it throws ends the work.
    using Progress = std::function<void(std::int64_t documents)>;

    /// `source_audit` as audit_ids() of the other database gives it; `audit_key` and
    /// `default_region` as for PersonalData.
    Receiver(Store& store, const std::string& audit_key, const std::string& default_region,
             std::vector<ObjectId> source_audit, Options options);

    /// Looks at what is there. Throws InvalidArgument where persons were erased here and there is
    /// no key to tell who.
    Async<void> prepare();

    /// Compares what is there with leads of the other one, all of them in any pieces.
    Async<void> compare(std::vector<Document> leads);
    const TargetState& state() const { return state_; }

    /// Stores one record. Throws VersionConflict where another document has its key.
    Async<void> take(Record record, Progress progress = {});

    /// True when the database holds the leads and messages that were taken, and no more. Messages
    /// that retention removes within a day are not looked at.
    Async<bool> verify(Progress progress = {});

    const Received& received() const { return received_; }
    /// What was taken; persons who were left out or restored are not in it.
    Content content() const;

  private:
    /// verify() compares what lasts: the rest is removed by retention within a day.
    struct Taken {
        Content lasting{};
        ContentSum expiring{};

        void add(const Taken& other);
    };
    /// Of a lead in the group that is being taken.
    struct Person {
        std::string lead_id{};
        std::optional<Document> lead{};  ///< as it is to be stored; absent when it is left out
        std::optional<ObjectId> new_id{};
        std::optional<AuditEntry> entry{};
        Taken taken{};
    };

    Async<void> take_other(Record record);
    Async<void> take_lead(Document lead);
    Async<void> take_signals(Document page, const Progress& progress);
    Async<void> take_message(Document message, const Progress& progress);
    Async<void> end_group(std::vector<Scalar> dropped, const Progress& progress);
    Async<bool> is_left_out(std::string lead_id);
    Async<void> give_new_identity(Person& person, AuditStanding standing);
    Async<void> store_leads();
    Async<void> remove(Person person, Scalar id);
    Async<void> remove_those_erased();
    Async<void> flush_others();
    Async<void> flush_messages(const Progress& progress);
    Async<void> flush_pages();
    struct Stored {
        std::int64_t stored = 0;
        std::int64_t there = 0;
    };
    Async<Stored> store(const Collection& collection, std::vector<Document> documents);
    Async<Stored> reconcile(const Collection& collection, std::vector<Document>& documents);
    Async<void> bring_forward(Document there, Document ours);
    std::optional<Document> storable(const Collection& collection, Document document);
    void leave_out(const std::string& lead_id, std::string why);
    void count(Taken& taken, const Collection& collection, const Document& document) const;
    bool is_expiring(const Document& message) const;

    Store& store_;
    PersonalData personal_;
    AuditLog audit_;
    ErasedSince erased_;
    Options options_;
    TargetState state_{};
    Received received_{};

    bool is_sqlite_ = false;
    bool has_marks_ = false;
    std::int64_t audit_entries_ = 0;
    std::optional<Timestamp> expired_before_{};

    const Collection* others_of_ = nullptr;
    std::vector<Document> others_{};
    std::vector<Document> messages_{};
    std::size_t message_bytes_ = 0;
    std::vector<Document> pages_{};
    std::size_t page_bytes_ = 0;
    std::map<Scalar, Person> group_{};
    std::set<std::string> left_out_{};
    /// Restored under another `_id`.
    std::set<std::string> restored_{};
    Taken taken_{};
};

}  // namespace rapport
