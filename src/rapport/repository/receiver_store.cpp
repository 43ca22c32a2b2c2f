// What a database takes in is stored beside what is there already: what is equal stays.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "rapport/core/codec.hpp"
#include "rapport/core/error.hpp"
#include "rapport/core/fault_point.hpp"
#include "rapport/domain/phone_number.hpp"
#include "rapport/repository/collections.hpp"
#include "rapport/repository/receiver.hpp"
#include "rapport/repository/signal_page.hpp"

namespace rapport {
namespace {

/// A large lead's messages take their time to be removed.
constexpr std::chrono::minutes kRemoving{10};

bool are_equal(const Collection& collection, const Document& a, const Document& b) {
    return known_form(collection, a).value_or(a) == known_form(collection, b).value_or(b);
}

/// True when the one that is there has become ours by turns and changes that ours knows of.
bool is_earlier(const Document& there, const Document& ours) {
    const auto before = readable_lead(there);
    const auto after = readable_lead(ours);
    if (!before || !after || before->id != after->id) return false;
    if (before->version >= after->version) return false;
    if (before->message_count > after->message_count) return false;
    if (before->recent_turns.empty() || after->recent_turns.empty()) return true;
    const TurnRecord& last = before->recent_turns.back();
    return after->recent_turns.front().v > last.v ||
           std::ranges::find(after->recent_turns, last) != after->recent_turns.end();
}

}  // namespace

Async<void> Receiver::compare(std::vector<Document> leads) {
    std::map<Scalar, const Document*> ours;
    OneOf numbers{"lead_id", {}};
    for (const Document& lead : leads) {
        numbers.values.push_back(scalar_at(lead, "lead_id"));
        ours.emplace(numbers.values.back(), &lead);
    }
    if (numbers.values.empty()) co_return;
    const FindDocuments find{&lead_collection(), FilterNode(std::move(numbers))};
    for (const Document& there : co_await store_.find(find)) {
        const Scalar number = scalar_at(there, "lead_id");
        const Document& lead = *ours.at(number);
        const bool is_same = are_equal(lead_collection(), there, lead) ||
                             (options_.bring_forward && is_earlier(there, lead));
        const auto* lead_id = std::get_if<std::string>(&number);
        const AuditStanding standing =
            co_await erased_.standing(lead_id == nullptr ? "" : *lead_id);
        if (standing.erased || standing.erasure) {
            ++state_.erased;
        } else {
            ++(is_same ? state_.same : state_.differing);
        }
    }
}

Async<void> Receiver::flush_messages(const Progress& progress) {
    if (messages_.empty()) co_return;
    const auto size = std::ssize(messages_);
    message_bytes_ = 0;
    const Stored done = co_await store(message_collection(), std::exchange(messages_, {}));
    received_.messages += done.stored;
    received_.messages_there += done.there;
    fault_point("receiver.messages");
    if (progress) progress(size);
}

Async<void> Receiver::flush_pages() {
    page_bytes_ = 0;
    if (!pages_.empty()) co_await put_pages(store_, std::exchange(pages_, {}));
}

Async<void> Receiver::store_leads() {
    std::vector<Document> leads;
    for (const auto& [id, person] : group_) {
        if (person.lead) leads.push_back(*person.lead);
    }
    if (leads.empty()) co_return;
    const Stored done = co_await store(lead_collection(), std::move(leads));
    received_.leads += done.stored;
    received_.leads_there += done.there;
    fault_point("receiver.leads");
    for (auto& [id, person] : group_) {
        if (!person.entry) continue;
        person.entry->leads = 1;
        person.entry->messages =
            person.taken.lasting.messages.count() + person.taken.expiring.count();
        co_await audit_.finish(*person.entry);
    }
}

/// Of a lead that does not count after all.
Async<void> Receiver::remove(Person person, Scalar id) {
    if (person.new_id) id = *person.new_id;
    const Deadline deadline = Deadline::in(kRemoving);
    co_await store_.remove({&lead_collection(), FilterNode(Compare{"_id", CompareOp::kEqual, id})},
                           deadline);
    co_await store_.remove(
        {&message_collection(), FilterNode(Compare{"lead_ref", CompareOp::kEqual, id})}, deadline);
    if (const auto* lead = std::get_if<ObjectId>(&id))
        co_await remove_pages(store_, *lead, deadline);
    co_await store_.forget_removed(deadline);
}

Async<Receiver::Stored> Receiver::store(const Collection& collection,
                                        std::vector<Document> documents) {
    Stored done;
    // Where some are there already, it is cheaper to ask than to be refused.
    if (!state_.is_empty()) done = co_await reconcile(collection, documents);
    if (documents.empty()) co_return done;
    const auto duplicates = co_await store_.insert({&collection, documents});
    done.stored += std::ssize(documents) - std::ssize(duplicates);
    std::vector<Document> refused;
    refused.reserve(duplicates.size());
    for (const Duplicate& duplicate : duplicates) {
        refused.push_back(std::move(documents[duplicate.position]));
    }
    const Stored others = co_await reconcile(collection, refused);
    if (!refused.empty()) {
        throw VersionConflict(
            fmt::format("{}: another document has the key of one that was to be stored ({}): "
                        "somebody else writes here at the same time",
                        collection.name, duplicates.front().index));
    }
    co_return Stored{done.stored + others.stored, done.there + others.there};
}

/// Takes those out that are there under the same `_id`.
Async<Receiver::Stored> Receiver::reconcile(const Collection& collection,
                                            std::vector<Document>& documents) {
    Stored done;
    OneOf same{"_id", {}};
    for (const Document& document : documents) same.values.push_back(scalar_at(document, "_id"));
    if (same.values.empty()) co_return done;
    std::map<Scalar, Document> there;
    const FindDocuments find{&collection, FilterNode(std::move(same))};
    for (Document& document : co_await store_.find(find)) {
        Scalar id = scalar_at(document, "_id");
        there.emplace(std::move(id), std::move(document));
    }
    std::vector<Document> missing;
    for (Document& document : documents) {
        const auto found = there.find(scalar_at(document, "_id"));
        if (found == there.end()) {
            missing.push_back(std::move(document));
        } else if (are_equal(collection, found->second, document)) {
            ++done.there;
        } else {
            const Scalar number = scalar_at(document, "lead_id");
            const auto* lead_id = std::get_if<std::string>(&number);
            // Whoever was restored before may have gone on since.
            const bool is_restored = lead_id != nullptr && restored_.contains(*lead_id);
            const bool goes_forward = options_.bring_forward &&
                                      collection.name == lead_collection().name &&
                                      is_earlier(found->second, document);
            if (goes_forward) {
                co_await bring_forward(found->second, document);
                ++done.stored;
            } else if (is_restored) {
                ++done.there;
            } else {
                throw VersionConflict(fmt::format(
                    "{}: one of lead {} is there in another state: somebody has changed it",
                    collection.name, mask_phone(lead_id == nullptr ? "" : *lead_id)));
            }
        }
    }
    documents = std::move(missing);
    co_return done;
}

Async<void> Receiver::bring_forward(Document there, Document ours) {
    AllOf guard;
    for (const char* member : {"_id", "lead_id", "version"}) {
        guard.parts.emplace_back(Compare{member, CompareOp::kEqual, scalar_at(there, member)});
    }
    CommitDocuments commit{{&lead_collection(), FilterNode(std::move(guard)),
                            changes_to(lead_collection(), ours, {"_id", "lead_id"})}};
    if (!(co_await store_.commit(std::move(commit))).happened) {
        throw VersionConflict("leads: one that was brought forward was changed meanwhile");
    }
}

Async<bool> Receiver::verify(Progress progress) {
    Taken there;
    Snapshot snapshot(store_);
    std::map<Scalar, Taken> group;
    std::set<Scalar> apart;
    while (const auto record = co_await snapshot.next()) {
        if (record->ends_group()) {
            for (const Scalar& id : record->dropped) group.erase(id);
            for (const auto& [id, taken] : group) there.add(taken);
            if (progress) progress(std::ssize(group));
            group.clear();
            apart.clear();
            continue;
        }
        const bool is_lead = record->is_lead();
        if (!is_lead && !record->is_message() && !record->is_signals()) continue;
        const Scalar number = scalar_at(record->document, "lead_id");
        const auto* lead_id = std::get_if<std::string>(&number);
        const bool is_apart =
            lead_id != nullptr && (left_out_.contains(*lead_id) || restored_.contains(*lead_id));
        if (is_apart && is_lead) apart.insert(record->lead());
        if (is_apart || apart.contains(record->lead())) continue;
        if (record->is_message() && progress) progress(1);
        count(group[record->lead()], *record->collection, record->document);
    }
    co_return there.lasting == taken_.lasting;
}

}  // namespace rapport
