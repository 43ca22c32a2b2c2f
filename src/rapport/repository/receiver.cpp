// Takes records in: who is let in, and under which `_id`. receiver_store.cpp stores them.
#include "rapport/repository/receiver.hpp"

#include <chrono>
#include <utility>

#include "rapport/core/error.hpp"
#include "rapport/domain/phone_number.hpp"
#include "rapport/repository/collections.hpp"
#include "rapport/repository/signal_page.hpp"

namespace rapport {
namespace {

constexpr std::size_t kMessagesStoredAtOnce = 1000;
constexpr std::size_t kBytesAtOnce = std::size_t{4} * 1024 * 1024;
constexpr std::size_t kOthersAtOnce = 500;
/// By far longer than a copy takes.
constexpr std::chrono::hours kExpiring{24};

Document with_id(const Document& document, std::string_view member, const ObjectId& id) {
    BsonWriter out;
    for (BsonReader in(document); !in.at_end();) {
        const BsonElement element = in.next();
        if (element.name() == member) {
            out.add(member, id);
        } else {
            out.add(element.name(), element);
        }
    }
    return out.finish();
}

Async<std::int64_t> count_all(Store& store, const Collection& collection) {
    AggregateDocuments count{&collection, AllOf{}};
    co_return (co_await store.aggregate(std::move(count))).front().count;
}

}  // namespace

Receiver::Receiver(Store& store, const std::string& audit_key, const std::string& default_region,
                   std::vector<ObjectId> source_audit, Options options)
    : store_(store),
      personal_(store, audit_key, default_region),
      audit_(store, audit_key),
      erased_(store, audit_key, std::move(source_audit)),
      options_(std::move(options)) {}

Async<void> Receiver::prepare() {
    state_.leads = co_await count_all(store_, lead_collection());
    state_.messages = co_await count_all(store_, message_collection());
    is_sqlite_ = (co_await store_.ping()).engine == "sqlite";
    has_marks_ = co_await count_all(store_, erasure_collection()) > 0;
    // Those that an archive waits for must come to it.
    const auto retention = message_retention(store_.collections());
    if (retention && !archives_messages(store_.collections())) expired_before_ = now() - *retention;
    co_await erased_.look();
    audit_entries_ = co_await count_all(store_, audit_collection());
    if (options_.restore_erased) audit_.require_key();
}

Async<void> Receiver::take(Record record, Progress progress) {
    if (record.ends_group()) {
        co_await end_group(std::move(record.dropped), progress);
    } else if (record.is_lead()) {
        co_await flush_others();
        co_await take_lead(std::move(record.document));
    } else if (record.is_signals()) {
        co_await take_signals(std::move(record.document), progress);
    } else if (record.is_message()) {
        co_await take_message(std::move(record.document), progress);
    } else {
        co_await take_other(std::move(record));
    }
}

Async<void> Receiver::take_other(Record record) {
    if (others_of_ != record.collection || others_.size() == kOthersAtOnce) co_await flush_others();
    others_of_ = record.collection;
    if (auto document = storable(*record.collection, std::move(record.document))) {
        others_.push_back(std::move(*document));
    }
}

/// What is there under the same `_id` stays: the day's spending, a mark.
Async<void> Receiver::flush_others() {
    if (others_.empty()) co_return;
    const auto size = std::ssize(others_);
    InsertDocuments insert{find_collection(others_of_->name), std::exchange(others_, {})};
    const auto there = co_await store_.insert(std::move(insert));
    if (others_of_->name == audit_collection().name) audit_entries_ += size - std::ssize(there);
}

/// The document as this engine can hold it.
std::optional<Document> Receiver::storable(const Collection& collection, Document document) {
    if (!is_sqlite_) return document;
    auto known = known_form(collection, document);
    if (!known) ++received_.unreadable;
    if (known && has_foreign_members(collection, document)) ++received_.shortened;
    return known;
}

void Receiver::leave_out(const std::string& lead_id, std::string why) {
    if (left_out_.insert(lead_id).second) received_.refused.push_back(std::move(why));
}

Async<bool> Receiver::is_left_out(std::string lead_id) {
    if (left_out_.contains(lead_id)) co_return true;
    if (restored_.contains(lead_id)) co_return false;
    const AuditStanding standing = co_await erased_.standing(lead_id);
    if (standing.erased) leave_out(lead_id, PersonErased(lead_id, standing).what());
    co_return standing.erased;
}

Async<void> Receiver::take_lead(Document lead) {
    const Scalar id = scalar_at(lead, "_id");
    Person person{text_at(lead, "lead_id")};
    const AuditStanding standing = co_await erased_.standing(person.lead_id);
    if (standing.erased && !options_.restore_erased) {
        leave_out(person.lead_id, PersonErased(person.lead_id, standing).what());
    } else if (!left_out_.contains(person.lead_id)) {
        person.lead = storable(lead_collection(), std::move(lead));
    }
    if (person.lead && std::holds_alternative<ObjectId>(id)) {
        if (standing.erasure || has_marks_) co_await give_new_identity(person, standing);
    }
    if (person.lead) count(person.taken, lead_collection(), *person.lead);
    group_.insert_or_assign(id, std::move(person));
}

/// Of somebody who was erased here.
Async<void> Receiver::give_new_identity(Person& person, AuditStanding standing) {
    const ObjectId old_id = std::get<ObjectId>(scalar_at(*person.lead, "_id"));
    const ObjectId id = co_await personal_.new_identity(old_id, standing);
    if (id == old_id) co_return;
    const Compare same{"lead_id", CompareOp::kEqual, person.lead_id};
    for (const Document& there :
         co_await store_.find({&lead_collection(), FilterNode(same), {}, 1})) {
        if (scalar_at(there, "_id") == Scalar(id)) break;
        leave_out(person.lead_id, "lead " + mask_phone(person.lead_id) +
                                      ": erased since, and there is another one with this number");
        person.lead.reset();
        co_return;
    }
    person.new_id = id;
    person.lead = with_id(*person.lead, "_id", id);
    restored_.insert(person.lead_id);
    if (!standing.erased) co_return;  // restored before
    AuditEntry entry;
    entry.action = AuditAction::kRestored;
    entry.by = options_.by;
    person.entry = co_await audit_.begin(person.lead_id, std::move(entry));
    ++audit_entries_;
    ++received_.restored;
}

bool Receiver::is_expiring(const Document& message) const {
    const Scalar at = scalar_at(message, "created_at");
    const auto* date = std::get_if<Timestamp>(&at);
    return expired_before_ && date != nullptr && *date < *expired_before_ + kExpiring;
}

/// Of a lead in the group, all of whose messages have been taken.
Async<void> Receiver::take_signals(Document page, const Progress& progress) {
    const auto of_lead = group_.find(scalar_at(page, "lead_ref"));
    if (of_lead == group_.end() || !of_lead->second.lead) co_return;
    auto document = storable(signal_collection(), std::move(page));
    if (!document) co_return;
    Person& person = of_lead->second;
    if (person.new_id) document = with_id(*document, "lead_ref", *person.new_id);
    count(person.taken, signal_collection(), *document);
    co_await flush_messages(progress);
    page_bytes_ += document->bytes().size();
    pages_.push_back(std::move(*document));
    if (page_bytes_ >= kBytesAtOnce) co_await flush_pages();
}

Async<void> Receiver::take_message(Document message, const Progress& progress) {
    const auto of_lead = group_.find(scalar_at(message, "lead_ref"));
    if (of_lead == group_.end() && co_await is_left_out(text_at(message, "lead_id"))) co_return;
    Person* const person = of_lead == group_.end() ? nullptr : &of_lead->second;
    if (person != nullptr && !person->lead) co_return;
    const Scalar created = scalar_at(message, "created_at");
    const auto* date = std::get_if<Timestamp>(&created);
    if (expired_before_ && date != nullptr && *date < *expired_before_) {
        ++received_.expired;
        co_return;
    }
    auto document = storable(message_collection(), std::move(message));
    if (!document) co_return;
    if (person != nullptr && person->new_id) {
        document = with_id(*document, "lead_ref", *person->new_id);
    }
    count(person == nullptr ? taken_ : person->taken, message_collection(), *document);
    message_bytes_ += document->bytes().size();
    messages_.push_back(std::move(*document));
    if (messages_.size() >= kMessagesStoredAtOnce || message_bytes_ >= kBytesAtOnce) {
        co_await flush_messages(progress);
    }
}

void Receiver::count(Taken& taken, const Collection& collection, const Document& document) const {
    const Document known = known_form(collection, document).value_or(document);
    const bool expires = collection.name == message_collection().name && is_expiring(known);
    (expires ? taken.expiring : taken.lasting.of(collection)).add(known);
}

void Receiver::Taken::add(const Taken& other) {
    lasting.add(other.lasting);
    expiring.add(other.expiring);
}

Content Receiver::content() const {
    Content all = taken_.lasting;
    all.messages.add(taken_.expiring);
    return all;
}

Async<void> Receiver::end_group(std::vector<Scalar> dropped, const Progress& progress) {
    co_await flush_others();
    co_await flush_messages(progress);
    co_await flush_pages();
    for (const Scalar& id : dropped) {
        const auto person = group_.find(id);
        if (person == group_.end()) continue;
        co_await remove(person->second, id);
        group_.erase(person);
    }
    co_await store_leads();
    co_await remove_those_erased();
    for (const auto& [id, person] : group_) {
        if (person.lead && !person.new_id) taken_.add(person.taken);
    }
    if (progress) progress(std::ssize(group_));
    group_.clear();
}

/// Somebody who was erased here in this moment stays erased: the entry comes first, so whoever has
/// none by now will find the lead.
Async<void> Receiver::remove_those_erased() {
    const std::int64_t entries = co_await count_all(store_, audit_collection());
    if (entries == audit_entries_) co_return;
    audit_entries_ = entries;
    co_await erased_.look();
    for (auto& [id, person] : group_) {
        if (!person.lead) continue;
        const AuditStanding standing = co_await erased_.standing(person.lead_id);
        if (!standing.erased) continue;
        co_await remove(person, id);
        person.lead.reset();
        leave_out(person.lead_id, PersonErased(person.lead_id, standing).what());
    }
}

}  // namespace rapport
