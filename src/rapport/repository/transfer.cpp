#include "rapport/repository/transfer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "rapport/core/error.hpp"
#include "rapport/repository/collections.hpp"

namespace rapport {
namespace {

constexpr std::size_t kLeadsStoredAtOnce = 100;
/// Files are read faster than a bar is drawn.
constexpr std::int64_t kRecordsBetween = 1000;

void begin(const TransferProgress& progress, std::string_view step, std::int64_t documents) {
    if (progress.begin) progress.begin(step, documents);
}

void advance(const TransferProgress& progress, std::int64_t documents) {
    if (progress.advance) progress.advance(documents);
}

std::int64_t documents_of(const Content& content) {
    return content.leads.count() + content.messages.count();
}

Async<std::int64_t> count_documents(Store& store) {
    std::int64_t count = 0;
    for (const Collection* collection : {&lead_collection(), &message_collection()}) {
        AggregateDocuments all{collection, AllOf{}};
        count += (co_await store.aggregate(std::move(all))).front().count;
    }
    co_return count;
}

DocumentStream leads_of(Store& store) {
    return {store,
            lead_collection(),
            FilterNode(AllOf{}),
            {{"_id"}},
            Deadline(Deadline::Clock::time_point::max())};
}

[[noreturn]] void refuse(const TargetState& state, std::int64_t foreign, std::int64_t differing,
                         std::string_view source) {
    throw VersionConflict(
        fmt::format("the database holds {} leads and {} messages already: {} of the leads are not "
                    "in the {}, {} are in another state there",
                    state.leads, state.messages, foreign, source, differing),
        "nothing was written; name an empty database");
}

/// Leads that an earlier copy has brought, of persons who were erased in the source since.
struct Outdated {
    std::vector<std::string> lead_ids{};
    std::int64_t replaced = 0;  ///< of them: those whose number another lead has now
};

Async<void> look_for_outdated(Store& from, AuditLog& audit, std::vector<Document> leads,
                              Outdated& outdated) {
    OneOf numbers{"lead_id", {}};
    for (const Document& lead : leads) numbers.values.push_back(scalar_at(lead, "lead_id"));
    if (numbers.values.empty()) co_return;
    std::map<Scalar, Scalar> there;
    const FindDocuments find{&lead_collection(), FilterNode(std::move(numbers))};
    for (const Document& lead : co_await from.find(find)) {
        there.emplace(scalar_at(lead, "lead_id"), scalar_at(lead, "_id"));
    }
    for (const Document& lead : leads) {
        const Scalar number = scalar_at(lead, "lead_id");
        const auto now = there.find(number);
        const bool is_current = now != there.end() && now->second == scalar_at(lead, "_id");
        const auto* lead_id = std::get_if<std::string>(&number);
        if (is_current || lead_id == nullptr) continue;
        const AuditStanding standing = co_await audit.standing(*lead_id);
        if (!standing.erasure) continue;
        outdated.lead_ids.push_back(*lead_id);
        if (now != there.end()) ++outdated.replaced;
    }
}

Async<Outdated> find_outdated(Store& from, Store& to, const TransferOptions& options) {
    Outdated outdated;
    if (options.audit_key.empty()) co_return outdated;  // nobody can tell
    AuditLog audit(from, options.audit_key);
    std::vector<Document> some;
    DocumentStream all = leads_of(to);
    while (const Document* lead = co_await all.next()) {
        some.push_back(*lead);
        if (some.size() < kLeadsStoredAtOnce) continue;
        co_await look_for_outdated(from, audit, std::exchange(some, {}), outdated);
    }
    co_await look_for_outdated(from, audit, std::move(some), outdated);
    co_return outdated;
}

/// Whether what is there is an earlier copy. What has been erased in the source since goes.
Async<std::int64_t> reconcile(Store& from, Store& to, Receiver& receiver,
                              const TransferOptions& options, const TransferProgress& progress) {
    begin(progress, "comparing", receiver.state().leads);
    std::vector<Document> some;
    DocumentStream all = leads_of(from);
    while (const Document* lead = co_await all.next()) {
        some.push_back(*lead);
        if (some.size() < kLeadsStoredAtOnce) continue;
        co_await receiver.compare(std::exchange(some, {}));
        advance(progress, kLeadsStoredAtOnce);
    }
    co_await receiver.compare(std::move(some));
    const TargetState& state = receiver.state();
    if (state.foreign() == 0 && state.differing == 0) co_return 0;
    const Outdated outdated = co_await find_outdated(from, to, options);
    const std::int64_t foreign =
        state.foreign() - std::ssize(outdated.lead_ids) + outdated.replaced;
    const std::int64_t differing = state.differing - outdated.replaced;
    if (foreign > 0 || differing > 0) refuse(state, foreign, differing, "source");
    LeadRepository leads(to, options.default_region);
    for (const std::string& lead_id : outdated.lead_ids) {
        co_await leads.erase(lead_id, Deadline::in(kLongestTurn));
    }
    co_return std::ssize(outdated.lead_ids);
}

Receiver::Options receiver_options(const TransferOptions& options, bool bring_forward) {
    return {bring_forward, options.restore_erased, options.by};
}

Async<Transferred> verified(Receiver& receiver, const TransferProgress& progress) {
    Transferred done{receiver.received(), 0, receiver.content()};
    begin(progress, "verifying", documents_of(done.content));
    done.is_verified = co_await receiver.verify(progress.advance);
    co_return done;
}

/// Whether what is there is a part of the backup.
Async<void> compare(std::istream& in, const std::string& name, Receiver& receiver,
                    const TransferProgress& progress) {
    BackupReader file(in, name);
    begin(progress, "comparing", receiver.state().leads);
    std::vector<Document> some;
    while (auto record = file.next()) {
        if (!record->is_lead()) continue;
        some.push_back(std::move(record->document));
        if (some.size() < kLeadsStoredAtOnce) continue;
        co_await receiver.compare(std::exchange(some, {}));
        advance(progress, kLeadsStoredAtOnce);
    }
    co_await receiver.compare(std::move(some));
    const TargetState& state = receiver.state();
    if (state.foreign() > 0 || state.differing > 0) {
        refuse(state, state.foreign(), state.differing, "backup");
    }
}

}  // namespace

Async<BackupSummary> write_backup(Store& store, Sink sink, TransferProgress progress) {
    begin(progress, "backing up", co_await count_documents(store));
    const BackupInfo info{now(), (co_await store.ping()).engine};
    BackupWriter file(std::move(sink), info);
    Snapshot snapshot(store);
    std::int64_t since = 0;
    while (const auto record = co_await snapshot.next()) {
        file.write(*record);
        if (++since < kRecordsBetween) continue;
        advance(progress, std::exchange(since, 0));
    }
    file.finish();
    co_return BackupSummary{info, file.count().content(), file.count().others()};
}

BackupSummary check_backup(std::istream& in, const std::string& name,
                           const TransferProgress& progress) {
    begin(progress, "checking", 0);
    BackupDecoder(in, name).check();  // before anything of it is believed
    BackupReader file(in, name);
    BackupSummary summary;
    std::int64_t since = 0;
    while (const auto record = file.next()) {
        if (!record->ends_group() && record->collection->name == audit_collection().name) {
            const Scalar id = scalar_at(record->document, "_id");
            if (const auto* known = std::get_if<ObjectId>(&id)) summary.audit.push_back(*known);
        }
        if (++since < kRecordsBetween) continue;
        advance(progress, std::exchange(since, 0));
    }
    std::ranges::sort(summary.audit);
    summary.info = file.info();
    summary.content = file.count().content();
    summary.others = file.count().others();
    return summary;
}

Async<Transferred> restore_backup(Store& to, std::istream& in, std::string name,
                                  BackupSummary checked, TransferOptions options,
                                  TransferProgress progress) {
    Receiver receiver(to, options.audit_key, options.default_region, std::move(checked.audit),
                      receiver_options(options, false));
    co_await receiver.prepare();
    if (!receiver.state().is_empty()) {
        co_await compare(in, name, receiver, progress);
    }
    begin(progress, "restoring", documents_of(checked.content));
    BackupReader file(in, name);
    while (auto record = file.next()) co_await receiver.take(std::move(*record), progress.advance);
    co_return co_await verified(receiver, progress);
}

Async<Transferred> copy_database(Store& from, Store& to, TransferOptions options,
                                 TransferProgress progress) {
    Receiver receiver(to, options.audit_key, options.default_region, co_await audit_ids(from),
                      receiver_options(options, true));
    co_await receiver.prepare();
    std::int64_t erased = 0;
    if (!receiver.state().is_empty()) {
        erased = co_await reconcile(from, to, receiver, options, progress);
    }
    begin(progress, "copying", co_await count_documents(from));
    Snapshot snapshot(from);
    while (auto record = co_await snapshot.next()) {
        co_await receiver.take(std::move(*record), progress.advance);
    }
    Transferred done = co_await verified(receiver, progress);
    done.erased = erased;
    co_return done;
}

}  // namespace rapport
