#include "rapport/repository/migration.hpp"

#include <algorithm>
#include <functional>
#include <utility>

#include "rapport/core/error.hpp"
#include "rapport/domain/phone_number.hpp"
#include "rapport/repository/collections.hpp"
#include "rapport/repository/migration_run.hpp"
#include "rapport/repository/together.hpp"

namespace rapport {
namespace {

/// Few, since each may have 16 MiB.
constexpr std::int64_t kLeadsFoundAtOnce = 16;
constexpr std::ptrdiff_t kExamples = 3;
/// For counting everything.
constexpr std::chrono::minutes kPatience{10};

ObjectId id_of(const Document& document) { return std::get<ObjectId>(scalar_at(document, "_id")); }

/// Which of the leads with one number is the one: who has the number as it is written today, else
/// who would be moved there when somebody asks for it, else the oldest.
auto rank(const std::string& number, const std::string& lead_id, std::int64_t version,
          const ObjectId& id) {
    const auto legacies = legacy_spellings(number);
    int spelling = 2;
    if (lead_id == number) {
        spelling = 0;
    } else if (std::ranges::find(legacies, lead_id) != legacies.end()) {
        spelling = 1;
    }
    return std::tuple(spelling, version == 0, id);
}

}  // namespace

std::int64_t CollectionReport::count(Defect defect) const {
    const auto found = defects.find(defect);
    return found == defects.end() ? 0 : found->second;
}

bool MigrationReport::finds_something() const {
    const auto any = [](const CollectionReport& collection) {
        return std::ranges::any_of(collection.defects, [](const auto& found) {
            const auto& [defect, count] = found;
            const bool stays = defect == Defect::kNoNumber || defect == Defect::kUnreadable;
            // Messages that no lead has counted may be without; `numbered` has the others.
            return count > 0 && !stays && defect != Defect::kSeq;
        });
    };
    return any(leads) || any(messages) || numbered > 0 || !collisions.empty() ||
           !indexes.differences.empty();
}

bool MigrationReport::leaves_something() const {
    const auto any = [](const CollectionReport& collection) {
        return collection.count(Defect::kUnreadable) > 0 || collection.count(Defect::kNoNumber) > 0;
    };
    const bool apart =
        std::ranges::any_of(collisions, [](const Collision& one) { return !one.merged; });
    return any(leads) || any(messages) || apart || !indexes_refused.empty();
}

MigrationRun::MigrationRun(DatabaseManager& manager, MigrationOptions options,
                           MigrationProgress progress)
    : manager_(manager),
      store_(manager.database()),
      leads_(store_, options.default_region),
      options_(std::move(options)),
      progress_(std::move(progress)),
      retention_(message_retention(store_.collections())) {
    form_.computed.insert(options_.computed.begin(), options_.computed.end());
}

Async<MigrationReport> MigrationRun::run() {
    form_.nested_dates_are_text = (co_await store_.ping()).engine == "sqlite";
    report_.indexes = co_await manager_.plan_indexes();
    if (!options_.plan) co_await ensure_indexes();
    co_await count_foreign_ids();
    co_await find_collisions();
    co_await correct_messages();
    if (options_.merge && !options_.plan) co_await merge_groups();
    co_await correct_leads();
    // What stood in the way of a unique index may be one lead by now.
    if (!report_.indexes_refused.empty()) co_await ensure_indexes();
    co_return std::move(report_);
}

Async<void> MigrationRun::ensure_indexes() {
    report_.indexes_refused.clear();
    try {
        co_await manager_.create_indexes();
    } catch (const DuplicateKey& error) {
        report_.indexes_refused = error.what();
    }
}

/// Documents whose `_id` is no ObjectId: no lead and no message of ours can have one. On SQLite,
/// where all are texts, those above the lowest ObjectId are counted as they are met.
Async<void> MigrationRun::count_foreign_ids() {
    for (auto* one : {&report_.leads, &report_.messages}) {
        const Collection& collection =
            one == &report_.leads ? lead_collection() : message_collection();
        const auto all = co_await store_.aggregate({&collection, AllOf{}}, Deadline::in(kPatience));
        const auto ours = co_await store_.aggregate(
            {&collection, Compare{"_id", CompareOp::kGreaterEqual, ObjectId{}}},
            Deadline::in(kPatience));
        one->documents = all.front().count;
        const std::int64_t foreign = all.front().count - ours.front().count;
        if (foreign > 0) one->defects[Defect::kUnreadable] = foreign;
    }
}

/// Those of ours with the `_id`s after that one, which moves on; none at the end.
Async<std::vector<Document>> MigrationRun::next_leads(Scalar& after, std::int64_t& foreign) {
    while (true) {
        const FilterNode beyond = Compare{"_id", CompareOp::kGreater, after};
        auto found =
            co_await store_.find({&lead_collection(), beyond, {{"_id"}}, kLeadsFoundAtOnce});
        if (found.empty()) co_return found;
        after = scalar_at(found.back(), "_id");
        foreign += static_cast<std::int64_t>(std::erase_if(found, has_foreign_id));
        if (!found.empty()) co_return found;
    }
}

std::optional<std::string> MigrationRun::number_of(const std::string& lead_id) const {
    try {
        return normalize_lead_id(lead_id, options_.default_region);
    } catch (const InvalidArgument&) {
        return std::nullopt;
    }
}

/// By hashes first, so that a million leads need a few megabytes.
Async<void> MigrationRun::find_collisions() {
    progress_.begin("numbers", report_.leads.documents);
    std::vector<std::pair<std::size_t, ObjectId>> hashes;
    Scalar after = ObjectId{};
    std::int64_t foreign = 0;
    while (true) {
        const auto piece = co_await next_leads(after, foreign);
        if (piece.empty()) break;
        for (const Document& lead : piece) {
            const auto number = number_of(text_at(lead, "lead_id"));
            if (number) hashes.emplace_back(std::hash<std::string>()(*number), id_of(lead));
        }
        progress_.advance(std::ssize(piece));
    }
    if (foreign > 0) report_.leads.defects[Defect::kUnreadable] += foreign;
    std::ranges::sort(hashes);
    for (std::size_t i = 0; i < hashes.size(); ++i) {
        const bool alone = (i == 0 || hashes[i - 1].first != hashes[i].first) &&
                           (i + 1 == hashes.size() || hashes[i + 1].first != hashes[i].first);
        if (alone) continue;
        const FilterNode same = Compare{"_id", CompareOp::kEqual, hashes[i].second};
        for (const Document& lead : co_await store_.find({&lead_collection(), same})) {
            const std::string lead_id = text_at(lead, "lead_id");
            if (const auto number = number_of(lead_id)) {
                groups_[*number].leads.push_back(
                    {id_of(lead), lead_id, integer_at(lead, "version").value_or(0)});
            }
        }
    }
    std::erase_if(groups_, [](const auto& group) { return group.second.leads.size() < 2; });
    for (auto& [number, group] : groups_) {
        std::ranges::sort(group.leads, {}, [&](const Claimant& lead) {
            return rank(number, lead.lead_id, lead.version, lead.id);
        });
        Collision collision{mask_phone(number)};
        for (const Claimant& lead : group.leads) collision.leads.push_back(lead.id.to_string());
        report_.collisions.push_back(std::move(collision));
    }
}

void MigrationRun::note(CollectionReport& report, Defect defect, const ObjectId& id,
                        std::string what) {
    ++report.defects[defect];
    const std::string& collection =
        (&report == &report_.leads ? lead_collection() : message_collection()).name;
    const auto is_same = [&](const MigrationExample& example) {
        return example.defect == defect && example.collection == collection;
    };
    if (std::ranges::count_if(report_.examples, is_same) >= kExamples) return;
    report_.examples.push_back({defect, collection, id.to_string(), std::move(what)});
}

void MigrationRun::note(CollectionReport& report, const Correction& correction,
                        const ObjectId& id) {
    for (const auto& [defect, member] : correction.defects) note(report, defect, id, member);
    for (const std::string& member : correction.unknown) ++report.unknown[member];
}

/// False where it does not match any more, or another document has the key.
Async<bool> MigrationRun::carry_out(CommitDocuments change) {
    try {
        co_return (co_await store_.commit(std::move(change))).happened;
    } catch (const DuplicateKey&) {
        co_return false;
    }
}

/// How many happened.
Async<std::int64_t> MigrationRun::carry_out(std::vector<CommitDocuments> changes) {
    std::int64_t happened = 0;
    std::vector<Async<void>> all;
    all.reserve(changes.size());
    const auto one = [&](CommitDocuments change) -> Async<void> {
        if (co_await carry_out(std::move(change))) ++happened;
    };
    for (CommitDocuments& change : changes) all.push_back(one(std::move(change)));
    co_await together(std::move(all));
    co_return happened;
}

Async<MigrationReport> migrate(DatabaseManager& manager, MigrationOptions options,
                               MigrationProgress progress) {
    MigrationRun run(manager, std::move(options), std::move(progress));
    co_return co_await run.run();
}

}  // namespace rapport
