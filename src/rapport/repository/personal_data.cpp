// What is held on a person, given out and removed.
#include "rapport/repository/personal_data.hpp"

#include <fmt/format.h>

#include <set>
#include <utility>

#include "rapport/core/error.hpp"
#include "rapport/core/fault_point.hpp"
#include "rapport/domain/phone_number.hpp"
#include "rapport/repository/collections.hpp"
#include "rapport/repository/signal_page.hpp"

namespace rapport {
namespace {

constexpr std::size_t kExportedAtOnce = std::size_t{64} * 1024;

/// Whatever spelling of the number an earlier system has stored.
std::vector<std::string> spellings_of(const std::string& lead_id) {
    std::vector<std::string> spellings = legacy_spellings(lead_id);
    spellings.push_back(lead_id);
    return spellings;
}

template <class T>
Filter<T> of_person(const std::string& lead_id) {
    const std::vector<std::string> spellings = spellings_of(lead_id);
    if (spellings.size() == 1) return where(&T::lead_id) == lead_id;
    return where(&T::lead_id).in(spellings);
}

using Access = MessageArchive::Access;

/// Held where there is an archive, all of whose files are whole then.
Async<std::optional<ArchiveLock>> hold(const std::optional<MessageArchive>& archive, Access access,
                                       Deadline deadline) {
    if (!archive) co_return std::nullopt;
    std::optional<ArchiveLock> lock(co_await archive->lock(access, deadline));
    archive->check();
    co_return lock;
}

/// How many elements a list has, in a document that may be anything.
std::int64_t length_of(const Document& document, std::string_view list) {
    for (BsonReader in(document); !in.at_end();) {
        const BsonElement element = in.next();
        if (element.name() != list || element.type() != BsonType::kArray) continue;
        return static_cast<std::int64_t>(codec::count_elements(element.as_nested()));
    }
    return 0;
}

/// How many are known of a lead, in it and in its pages.
std::int64_t signals_of(const Document& lead) {
    return length_of(lead, where(&Lead::signals).path()) +
           integer_at(lead, "earlier_signals.count").value_or(0);
}

/// The lead that an export holds; absent where there is none.
std::optional<Document> the_one(std::vector<Document> leads, const std::string& lead_id) {
    if (leads.empty()) return std::nullopt;
    if (leads.size() == 1) return std::move(leads.front());
    throw VersionConflict(fmt::format("lead {}: {} leads have this number, and an export holds one",
                                      mask_phone(lead_id), leads.size()),
                          "`rapport migrate --merge` makes them one");
}

void add_derived(JsonWriter& out, const Lead& lead) {
    out.begin_document("derived");
    codec::write(out, "current_stage", lead.current_stage);
    codec::write(out, "next_followup_at", lead.next_followup_at);
    const BantSummary bant = lead.bant_summary();
    out.begin_document("bant_summary");
    codec::write(out, "budget", bant.budget);
    codec::write(out, "authority", bant.authority);
    codec::write(out, "need", bant.need);
    codec::write(out, "timeline", bant.timeline);
    out.end();
    out.end();
}

}  // namespace

PersonErased::PersonErased(std::string_view lead_id, const AuditStanding& standing)
    : InvalidArgument(
          standing.erasure
              ? fmt::format("lead {}: erased on {}; --restore-erased stores it all the same, and "
                            "the audit will say so",
                            mask_phone(lead_id), to_iso8601(standing.erasure->at).substr(0, 10))
              : fmt::format("lead {}: may have been erased, under another AUDIT_KEY than the one "
                            "that is set; set that one, or store it all the same with "
                            "--restore-erased, and the audit will say so",
                            mask_phone(lead_id))) {}

PersonalData::PersonalData(Store& store, std::string audit_key, std::string default_region,
                           std::string archive_dir)
    : store_(store),
      audit_(store, std::move(audit_key)),
      leads_(store, default_region),
      messages_(store, default_region),
      default_region_(std::move(default_region)) {
    if (!archive_dir.empty()) archive_.emplace(std::move(archive_dir));
}

Async<std::vector<Document>> PersonalData::find_leads(std::string lead_id, Deadline deadline) {
    const auto same = of_person<Lead>(lead_id);
    co_return co_await store_.find({&lead_collection(), same.node()}, deadline);
}

Async<Holdings> PersonalData::count(std::string phone, Deadline deadline) {
    const auto lock = co_await hold(archive_, Access::kToRead, deadline);
    co_return co_await count_of(normalize_lead_id(phone, default_region_), deadline);
}

Async<Holdings> PersonalData::count_of(std::string lead_id, Deadline deadline) {
    Holdings held;
    for (const Document& lead : co_await find_leads(lead_id, deadline)) {
        ++held.leads;
        held.signals += signals_of(lead);
    }
    held.messages = co_await messages_.count(of_person<Message>(lead_id), deadline);
    if (!archive_) co_return held;
    ArchiveReader archived(archive_->files(), spellings_of(lead_id));
    while (true) {
        const auto some = co_await next_archived(archived);
        if (some.empty()) co_return held;
        held.messages += std::ssize(some);
    }
}

/// The next ones, few at a time, but for those that have not left the database yet; none at the
/// end.
Async<std::vector<ArchivedMessage>> PersonalData::next_archived(ArchiveReader& archived) {
    constexpr std::size_t kMost = 500;
    std::vector<ArchivedMessage> some;
    bool is_end = false;
    while (some.empty() && !is_end) {
        std::vector<ObjectId> ids;
        while (ids.size() < kMost && !is_end) {
            auto message = archived.next();
            is_end = !message;
            if (is_end) break;
            ids.push_back(message->id);
            some.push_back(std::move(*message));
        }
        const Filter<Message> same = where(&Message::id).in(ids);
        std::set<ObjectId> there;
        for (const Document& message : co_await store_.find({&message_collection(), same.node()})) {
            there.insert(std::get<ObjectId>(scalar_at(message, "_id")));
        }
        std::erase_if(some, [&](const auto& message) { return there.contains(message.id); });
    }
    co_return some;
}

/// Up to its list of messages.
Async<std::string> PersonalData::export_head(const Document& document) {
    JsonWriter out;
    out.add("format", "rapport-export");
    out.add("format_version", std::int64_t{1});
    out.add("exported_at", now());
    const auto add_document = [&](std::string_view name, const Document& stored) {
        out.begin_document(name);
        for (BsonReader in(stored); !in.at_end();) {
            const BsonElement member = in.next();
            out.add(member.name(), member);
        }
        out.end();
    };
    add_document("lead", document);
    if (const auto lead = readable_lead(document)) {
        // What a crash left in the lead alone belongs among its messages.
        co_await leads_.settle(*lead);
        add_derived(out, *lead);
    }
    const auto pages = co_await pages_of(store_, document);
    if (!pages.empty()) out.begin_array("signal_pages");
    for (const Document& page : pages) add_document({}, page);
    if (!pages.empty()) out.end();
    std::string head = out.finish();
    head.back() = ',';
    co_return head + "\"messages\":[";
}

/// Returns how many were written.
Async<std::int64_t> PersonalData::export_archived(std::string lead_id, const Sink& sink,
                                                  const MessageProgress& progress) {
    std::int64_t written = 0;
    if (!archive_) co_return written;
    ArchiveReader archived(archive_->files(), spellings_of(lead_id));
    while (true) {
        const auto some = co_await next_archived(archived);
        if (some.empty()) co_return written;
        std::string piece;
        for (const ArchivedMessage& message : some) {
            piece += written++ == 0 ? "\n" : ",\n";
            piece += message.json;
        }
        sink(piece);
        if (progress) progress(std::ssize(some));
    }
}

Async<void> PersonalData::export_messages(std::string lead_id, const std::optional<Document>& lead,
                                          std::int64_t archived, const Sink& sink,
                                          const MessageProgress& progress) {
    const auto own = of_person<Message>(lead_id);
    const auto order = Sort<Message>()
                           .ascending(where(&Message::timestamp))
                           .ascending(where(&Message::seq))
                           .ascending(where(&Message::id));
    DocumentStream all(store_, message_collection(), own.node(), order.keys(),
                       Deadline(Deadline::Clock::time_point::max()));
    const auto id = lead ? scalar_at(*lead, "_id") : Scalar();
    const auto last = lead ? scalar_at(*lead, "message_count") : Scalar();
    std::string piece;
    std::int64_t written = archived;
    while (const Document* message = co_await all.next()) {
        if (progress) progress(1);
        const Scalar seq = scalar_at(*message, "seq");
        const bool is_newer = std::holds_alternative<std::int64_t>(seq) &&
                              std::holds_alternative<std::int64_t>(last) &&
                              scalar_at(*message, "lead_ref") == id &&
                              std::get<std::int64_t>(seq) > std::get<std::int64_t>(last);
        if (is_newer) continue;
        piece += written++ == 0 ? "\n" : ",\n";
        piece += to_json(*message);
        if (piece.size() < kExportedAtOnce) continue;
        sink(piece);
        piece.clear();
    }
    const std::int64_t signals = lead ? signals_of(*lead) : 0;
    sink(fmt::format("{}\n],\"counts\":{{\"messages\":{},\"signals\":{}}}}}\n", piece, written,
                     signals));
}

Async<bool> PersonalData::export_lead(std::string phone, Sink sink, MessageProgress progress) {
    const std::string lead_id = normalize_lead_id(phone, default_region_);
    // Nothing moves meanwhile.
    const auto lock = co_await hold(archive_, Access::kToRead, {});
    co_await leads_.adopt_legacy_numbers({lead_id});
    if ((co_await count_of(lead_id, {})).nothing()) co_return false;
    const auto lead = the_one(co_await find_leads(lead_id, {}), lead_id);
    sink(lead ? co_await export_head(*lead)
              : R"({"format":"rapport-export","format_version":1,"messages":[)");
    const std::int64_t archived = co_await export_archived(lead_id, sink, progress);
    co_await export_messages(lead_id, lead, archived, sink, progress);
    co_return true;
}

Async<std::optional<ErasedPerson>> PersonalData::erase_lead(std::string phone, std::string by,
                                                            Deadline deadline) {
    audit_.require_key();
    const std::string lead_id = normalize_lead_id(phone, default_region_);
    const auto lock = co_await hold(archive_, Access::kToWrite, deadline);
    const Holdings held = co_await count_of(lead_id, deadline);
    AuditEntry entry;
    if (held.nothing()) {
        auto last = co_await audit_.last(lead_id, deadline);
        const bool cut_short = last && last->action == AuditAction::kErased && !last->finished_at;
        if (!cut_short) co_return std::nullopt;
        entry = std::move(*last);
    } else {
        entry.by = std::move(by);
        entry.leads = held.leads;
        entry.messages = held.messages;
        entry.signals = held.signals;
        entry = co_await audit_.begin(lead_id, std::move(entry), deadline);
    }
    fault_point("erase.recorded");
    Erased erased = co_await leads_.erase(lead_id, deadline);
    fault_point("erase.removed");
    if (archive_) erased.messages += archive_->erase(spellings_of(lead_id));
    if (!held.nothing()) {
        entry.leads = erased.leads;
        entry.messages = erased.messages;
    }
    co_await audit_.finish(entry, deadline);
    entry.finished_at = now();
    co_return ErasedPerson{std::move(entry), erased.from_log};
}

}  // namespace rapport
