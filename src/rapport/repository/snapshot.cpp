// Reads a database whole. What makes a lead agree with its messages: it is read before them, its
// count says which of them are its own, and those that are not stored yet are in its window.
#include "rapport/repository/snapshot.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "rapport/core/error.hpp"
#include "rapport/repository/collections.hpp"

namespace rapport {
namespace {

/// Few, since each may have 16 MiB.
constexpr std::int64_t kLeadsReadAtOnce = 32;
constexpr std::int64_t kMessagesReadAtOnce = 1000;

Deadline whole() { return Deadline(Deadline::Clock::time_point::max()); }

bool belongs_to_no_lead(const Collection& collection) {
    return collection.name != lead_collection().name &&
           collection.name != message_collection().name &&
           collection.name != signal_collection().name;
}

/// Newest first, as the index on them has it.
std::vector<SortKey> within_lead() { return {{"timestamp", true}, {"seq", true}, {"_id", true}}; }

std::vector<SortKey> across_leads() {
    std::vector<SortKey> keys{{"lead_id", false}};
    std::ranges::copy(within_lead(), std::back_inserter(keys));
    return keys;
}

}  // namespace

bool Record::is_lead() const {
    return collection != nullptr && collection->name == lead_collection().name;
}

bool Record::is_message() const {
    return collection != nullptr && collection->name == message_collection().name;
}

bool Record::is_signals() const {
    return collection != nullptr && collection->name == signal_collection().name;
}

Scalar Record::lead() const {
    if (is_lead()) return scalar_at(document, "_id");
    return is_message() || is_signals() ? scalar_at(document, "lead_ref") : Scalar();
}

Snapshot::Snapshot(Store& store) : store_(store), leads_(store) {}

Async<std::optional<Record>> Snapshot::next() {
    while (ready_.empty() && stage_ != Stage::kEnd) co_await advance();
    if (ready_.empty()) co_return std::nullopt;
    Record record = std::move(ready_.front());
    ready_.pop_front();
    co_return record;
}

Async<void> Snapshot::advance() {
    switch (stage_) {
        case Stage::kOthers:
            return read_other();
        case Stage::kLeads:
            return begin_group();
        case Stage::kPages:
            return read_pages();
        default:
            return read_messages();
    }
}

Async<void> Snapshot::read_other() {
    const auto& all = known_collections();
    while (other_ < all.size() && !belongs_to_no_lead(all[other_])) ++other_;
    if (other_ == all.size()) {
        stage_ = Stage::kLeads;
        co_return;
    }
    const Collection& collection = all[other_];
    if (!stream_) {
        stream_.emplace(store_, collection, FilterNode(AllOf{}), std::vector<SortKey>{{"_id"}},
                        whole());
    }
    if (const Document* document = co_await stream_->next()) {
        emit(collection, *document);
        co_return;
    }
    stream_.reset();
    ++other_;
}

Async<void> Snapshot::begin_group() {
    is_again_ = !again_.empty();
    FindDocuments find{&lead_collection(),
                       Compare{"lead_id", CompareOp::kGreater, passed_},
                       {{"lead_id"}},
                       kLeadsReadAtOnce};
    if (is_again_) {
        find.filter = Compare{"_id", CompareOp::kEqual, again_.back()};
        again_.pop_back();
    } else if (is_last_group_) {
        stage_ = Stage::kEnd;
        co_return;
    }
    const auto found = co_await store_.find(find);
    if (!is_again_) is_last_group_ = std::ssize(found) < kLeadsReadAtOnce;
    if (is_again_ && found.empty()) co_return;

    std::vector<Lead> readable;
    for (const Document& document : found) {
        const Scalar id = scalar_at(document, "_id");
        by_lead_id_.emplace(text_at(document, "lead_id"), id);
        group_.emplace(id, Reading{document, integer_at(document, "message_count").value_or(0)});
        if (integer_at(document, "earlier_signals.count").value_or(0) > 0)
            with_pages_.push_back(id);
        try {
            readable.push_back(from_document<Lead>(document));
        } catch (const InvalidDocument&) {
            continue;  // it goes along as it stands
        }
    }
    for (Message& message : co_await leads_.unsettled(std::move(readable))) {
        auto& reading = group_.at(Scalar(message.lead_ref.value()));
        reading.unsettled.push_back(std::move(message));
    }
    upto_ = is_last_group_ || found.empty() ? "" : text_at(found.back(), "lead_id");
    if (is_again_) within_ = text_at(found.front(), "lead_id");
    stage_ = Stage::kMessages;
}

/// One piece of them: the rest of a lead's that the piece before has cut, or what follows.
Async<void> Snapshot::read_messages() {
    FindDocuments find{&message_collection(), AllOf{}, across_leads(), kMessagesReadAtOnce};
    if (!within_.empty()) {
        find.filter = Compare{"lead_id", CompareOp::kEqual, within_};
        find.sort = within_lead();
        if (!position_.empty()) {
            find.filter = both(std::move(find.filter), after(within_lead(), position_));
        }
    } else {
        find.filter = Compare{"lead_id", CompareOp::kGreater, passed_};
        if (!upto_.empty()) {
            find.filter =
                both(std::move(find.filter), Compare{"lead_id", CompareOp::kLessEqual, upto_});
        }
    }
    const auto piece = co_await store_.find(std::move(find));
    for (const Document& message : piece) emit_message(message);
    const bool is_cut = std::ssize(piece) == kMessagesReadAtOnce;
    if (is_cut) {
        within_ = text_at(piece.back(), "lead_id");
        position_ = position_of(piece.back(), within_lead(), false).values;
        co_return;
    }
    const bool was_within = !within_.empty();
    if (was_within && !is_again_) passed_ = within_;
    within_.clear();
    position_.clear();
    const bool goes_on = was_within && !is_again_ && (upto_.empty() || passed_ < upto_);
    if (goes_on) co_return;
    if (!by_lead_id_.empty()) emit_leads_up_to(std::string(by_lead_id_.rbegin()->first));
    stage_ = Stage::kPages;
}

/// Those of one lead: no change of it but an erasure takes them away.
Async<void> Snapshot::read_pages() {
    if (with_pages_.empty()) co_return co_await end_group();
    const Document& lead = group_.at(with_pages_.back()).document;
    for (const Document& page : co_await pages_of(store_, lead)) emit(signal_collection(), page);
    with_pages_.pop_back();
}

Async<void> Snapshot::end_group() {
    Record end;
    if (!group_.empty()) {
        OneOf same{"_id", {}};
        for (const auto& [id, reading] : group_) same.values.push_back(id);
        std::map<Scalar, std::int64_t> counts;
        const FindDocuments find{&lead_collection(), FilterNode(std::move(same))};
        for (const Document& document : co_await store_.find(find)) {
            counts.emplace(scalar_at(document, "_id"),
                           integer_at(document, "message_count").value_or(0));
        }
        for (const auto& [id, reading] : group_) {
            const auto now = counts.find(id);
            const bool is_emptied = now != counts.end() && now->second < reading.counted;
            if (is_emptied) again_.push_back(id);
            if (is_emptied || now == counts.end()) end.dropped.push_back(id);
        }
    }
    ready_.push_back(std::move(end));
    if (!is_again_ && !upto_.empty()) passed_ = upto_;
    group_.clear();
    by_lead_id_.clear();
    emitted_.clear();
    stage_ = Stage::kLeads;
}

void Snapshot::emit(const Collection& collection, const Document& document) {
    ready_.push_back({&collection, portable_form(collection, document)});
}

/// Leads of the group come before the messages under their number, in the order of numbers.
void Snapshot::emit_leads_up_to(const std::string& lead_id) {
    while (!by_lead_id_.empty() && by_lead_id_.begin()->first <= lead_id) {
        const Reading& reading = group_.at(by_lead_id_.begin()->second);
        emit(lead_collection(), reading.document);
        for (const Message& message : reading.unsettled) {
            emitted_.insert(message.id);
            emit(message_collection(), to_document(message));
        }
        by_lead_id_.erase(by_lead_id_.begin());
    }
}

void Snapshot::emit_message(const Document& message) {
    emit_leads_up_to(text_at(message, "lead_id"));
    const Scalar id = scalar_at(message, "_id");
    const auto* object_id = std::get_if<ObjectId>(&id);
    if (object_id != nullptr && emitted_.contains(*object_id)) return;
    const Scalar counted_by = scalar_at(message, "lead_ref");
    if (std::holds_alternative<std::monostate>(counted_by)) {
        if (!is_again_) emit(message_collection(), message);
        return;
    }
    // Of a lead that came later, or that is erased.
    const auto lead = group_.find(counted_by);
    if (lead == group_.end()) return;
    if (integer_at(message, "seq").value_or(0) > lead->second.counted) return;
    emit(message_collection(), message);
}

void ContentCount::add(const Record& record) {
    if (record.ends_group()) {
        for (const Scalar& id : record.dropped) {
            if (!std::holds_alternative<std::monostate>(id)) group_.erase(id);
        }
        for (const auto& [id, content] : group_) content_.add(content);
        group_.clear();
        return;
    }
    if (belongs_to_no_lead(*record.collection)) {
        ++others_;
        return;
    }
    group_[record.lead()]
        .of(*record.collection)
        .add(known_form(*record.collection, record.document).value_or(record.document));
}

}  // namespace rapport
