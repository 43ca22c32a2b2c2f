#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <future>
#include <memory>
#include <string>
#include <vector>

#include "rapport/core/codec.hpp"
#include "rapport/core/error.hpp"
#include "tests/store/any_store.hpp"
#include "tests/store/parcel.hpp"

namespace rapport::testing {
namespace {

/// Operations that run together, on every engine.
class Batching : public ::testing::TestWithParam<std::string> {
  protected:
    Batching() {
        store_->open();
        await(store_->run(EnsureIndexes{}, {}));
    }
    ~Batching() override { store_->close(); }

    static Parcel parcel(const std::string& code, std::int64_t amount = 0) {
        Parcel made;
        made.id = ObjectId::generate();
        made.code = code;
        made.amount = amount;
        return made;
    }

    InsertDocuments inserting(const Parcel& parcel) const {
        return {&collection_, {to_document(parcel)}};
    }
    FindDocuments finding(const std::string& code) const {
        return {&collection_, (where(&Parcel::code) == code).node(), {}, 1};
    }
    /// Adds one to the amount, if it is still so much, and stores the details.
    CommitDocuments adding(const std::string& code, std::int64_t amount,
                           const std::vector<Parcel>& details = {}) const {
        const auto guard = where(&Parcel::code) == code && where(&Parcel::amount) == amount;
        Update<Parcel> add;
        add.set(where(&Parcel::amount), amount + 1);
        CommitDocuments commit{{&collection_, guard.node(), add.changes()}};
        commit.details = {&collection_, {}};
        for (const Parcel& detail : details)
            commit.details.documents.push_back(to_document(detail));
        return commit;
    }
    CommitDocuments creating(const Parcel& parcel, const std::vector<Parcel>& details = {}) const {
        CommitDocuments commit = adding(parcel.code, 0, details);
        commit.create = to_document(parcel);
        return commit;
    }

    /// What operations, all asked for at once, came to.
    std::vector<std::future<Result>> run_together(std::vector<Operation> operations) {
        return run_together(std::move(operations), *store_);
    }
    static std::vector<std::future<Result>> run_together(std::vector<Operation> operations,
                                                         Store& store) {
        boost::asio::io_context context;
        std::vector<std::future<Result>> results;
        for (Operation& operation : operations) {
            results.push_back(boost::asio::co_spawn(
                context, store.run(std::move(operation), Deadline()), boost::asio::use_future));
        }
        context.run();
        return results;
    }

    std::vector<Parcel> found(const std::string& code) {
        std::vector<Parcel> parcels;
        for (const Document& document : await(store_->find(finding(code)))) {
            parcels.push_back(from_document<Parcel>(document));
        }
        return parcels;
    }

    const Collection collection_ = parcel_collection();
    OwnDatabase database_{GetParam()};
    std::unique_ptr<Store> store_ = make_store(database_, {collection_});
};

constexpr int kMany = 200;

TEST_P(Batching, ManyInsertsAreFewCommandsAndAllAreStored) {
    std::vector<Operation> inserts;
    for (int i = 0; i < kMany; ++i) inserts.emplace_back(inserting(parcel(std::to_string(i))));
    const StoreCounters before = store_->counters();
    for (auto& result : run_together(std::move(inserts))) {
        EXPECT_TRUE(std::get<std::vector<Duplicate>>(result.get()).empty());
    }
    const StoreCounters after = store_->counters();
    EXPECT_EQ(after.operations - before.operations, kMany);
    EXPECT_LT(after.batches - before.batches, kMany / 2);
    for (int i = 0; i < kMany; ++i) EXPECT_EQ(found(std::to_string(i)).size(), 1U);
}

/// Looked up together, every combination of their parts is asked for.
TEST_P(Batching, LookUpsByAKeyOfTwoPartsFindTheirOwnPairOnly) {
    const ObjectId senders[] = {ObjectId::generate(), ObjectId::generate()};
    const auto sent = [&](Kind kind, const ObjectId& by) {
        Parcel made = parcel(by.to_string());
        made.kind = kind;
        made.sender = by;
        return made;
    };
    const Parcel box = sent(Kind::kBox, senders[0]);
    const Parcel bag = sent(Kind::kBag, senders[1]);
    await(store_->insert({&collection_, {to_document(box), to_document(bag)}}));
    std::vector<Operation> finds;
    for (int i = 0; i < kMany; ++i) {
        const auto pair = where(&Parcel::kind) == (i % 2 == 0 ? Kind::kBox : Kind::kBag) &&
                          where(&Parcel::sender) == senders[i % 4 < 2 ? 0 : 1];
        finds.emplace_back(FindDocuments{&collection_, pair.node(), {}, 1});
    }
    const StoreCounters before = store_->counters();
    auto results = run_together(std::move(finds));
    if (GetParam() == "mongodb") EXPECT_LT(store_->counters().batches - before.batches, kMany / 2);
    const std::vector<std::optional<Parcel>> expected{box, std::nullopt, std::nullopt, bag};
    for (int i = 0; i < kMany; ++i) {
        const auto documents = std::get<std::vector<Document>>(results[i].get());
        ASSERT_EQ(documents.size(), expected[i % 4] ? 1U : 0U) << i;
        if (expected[i % 4]) EXPECT_EQ(from_document<Parcel>(documents.front()), expected[i % 4]);
    }
}

TEST_P(Batching, EveryInsertHearsOfItsOwnDuplicates) {
    await(store_->insert(inserting(parcel("taken"))));
    std::vector<Operation> inserts;
    for (int i = 0; i < kMany; ++i) {
        InsertDocuments two = inserting(parcel(std::to_string(i)));
        two.documents.push_back(to_document(parcel(i % 2 == 0 ? "taken" : std::to_string(-i))));
        inserts.emplace_back(std::move(two));
    }
    auto results = run_together(std::move(inserts));
    for (int i = 0; i < kMany; ++i) {
        const auto duplicates = std::get<std::vector<Duplicate>>(results[i].get());
        ASSERT_EQ(duplicates.size(), i % 2 == 0 ? 1U : 0U) << i;
        if (i % 2 != 0) continue;
        EXPECT_EQ(duplicates.front().position, 1U);
        EXPECT_EQ(duplicates.front().index, "idx_code");
    }
}

TEST_P(Batching, EveryLookUpGetsItsOwn) {
    for (int i = 0; i < 20; ++i) await(store_->insert(inserting(parcel(std::to_string(i), i))));
    std::vector<Operation> finds;
    for (int i = 0; i < kMany; ++i) finds.emplace_back(finding(std::to_string(i % 25)));
    auto results = run_together(std::move(finds));
    for (int i = 0; i < kMany; ++i) {
        const auto documents = std::get<std::vector<Document>>(results[i].get());
        ASSERT_EQ(documents.size(), i % 25 < 20 ? 1U : 0U) << i;
        if (i % 25 < 20) EXPECT_EQ(from_document<Parcel>(documents.front()).amount, i % 25);
    }
}

/// What an index has in order: first pages of it, some of them asked for twice, and one that holds
/// a document with a list of values where the others have one.
TEST_P(Batching, EveryPageGetsItsOwn) {
    Collection collection = parcel_collection();
    collection.indexes.push_back(
        {.name = "idx_note", .keys = {{"note"}, {"amount", true}, {"_id"}}});
    const auto store = make_store(database_, {collection});
    store->open();
    await(store->run(EnsureIndexes{}, {}));
    constexpr int kOfEach = 5;
    for (int i = 0; i < 5 * kOfEach; ++i) {
        Parcel made = parcel(std::to_string(i), i);
        made.note = std::to_string(i % 5);
        await(store->insert({&collection, {to_document(made)}}));
    }
    const auto page_of = [&](int note, std::int64_t limit) {
        return FindDocuments{&collection,
                             (where(&Parcel::note) == std::to_string(note)).node(),
                             {{"amount", true}, {"_id"}},
                             limit};
    };
    const auto ask_for_all = [&] {
        std::vector<Operation> pages;
        for (int i = 0; i < kMany; ++i) pages.emplace_back(page_of(i % 6, 1 + i % 4));
        const StoreCounters before = store->counters();
        auto results = run_together(std::move(pages), *store);
        if (GetParam() == "mongodb") {
            EXPECT_LT(store->counters().batches - before.batches, kMany / 2);
        }
        for (int i = 0; i < kMany; ++i) {
            EXPECT_EQ(std::get<std::vector<Document>>(results[i].get()),
                      await(store->find(page_of(i % 6, 1 + i % 4))))
                << i;
        }
    };
    ask_for_all();
    EXPECT_EQ(await(store->find(page_of(2, 100))).size(), kOfEach);
    if (GetParam() == "mongodb") {
        BsonWriter listed;
        listed.add("_id", ObjectId::generate());
        listed.add("code", "listed");
        listed.begin_array("note");
        listed.add({}, "3");
        listed.add({}, "4");
        listed.end();
        listed.add("amount", std::int64_t{1'000});
        await(store->insert({&collection, {listed.finish()}}));
        EXPECT_EQ(await(store->find(page_of(3, 100))).size(), kOfEach + 1);
        ask_for_all();
    }
    store->close();
}

TEST_P(Batching, OfFiftyCommitsOneDuplicateOneConflictAndOneTooLargeFailAlone) {
    constexpr std::int64_t kCommits = 50;
    for (int i = 0; i < kCommits; ++i) await(store_->insert(inserting(parcel(std::to_string(i)))));
    std::vector<Operation> commits;
    for (int i = 0; i < kCommits; ++i) {
        CommitDocuments commit =
            adding(std::to_string(i), 0, {parcel("detail of " + std::to_string(i))});
        if (i == 10) commit = creating(parcel("20"), {parcel("detail of 10")});
        if (i == 11) commit = adding("11", 99, {parcel("detail of 11")});
        if (i == 12) {
            Parcel large = parcel("detail of 12");
            large.note = std::string(kMaxDocumentBytes, 'x');
            commit = adding("12", 0, {large});
        }
        commits.emplace_back(std::move(commit));
    }
    auto results = run_together(std::move(commits));
    for (int i = 0; i < kCommits; ++i) {
        if (i == 12) {
            EXPECT_THROW(results[i].get(), InvalidArgument);
        } else {
            const auto committed = std::get<Committed>(results[i].get());
            EXPECT_EQ(committed.happened, i != 10 && i != 11) << i;
            EXPECT_EQ(committed.details_stored, committed.happened) << i;
        }
        const bool happened = i < 10 || i > 12;
        EXPECT_EQ(found("detail of " + std::to_string(i)).size(), happened ? 1U : 0U) << i;
        EXPECT_EQ(found(std::to_string(i)).front().amount, happened ? 1 : 0) << i;
    }
}

TEST_P(Batching, OfManyCommitsUnderOneGuardOneHappens) {
    await(store_->insert(inserting(parcel("a"))));
    std::vector<Operation> commits;
    for (int i = 0; i < kMany; ++i) commits.emplace_back(adding("a", 0));
    int happened = 0;
    for (auto& result : run_together(std::move(commits))) {
        happened += std::get<Committed>(result.get()).happened ? 1 : 0;
    }
    EXPECT_EQ(happened, 1);
    EXPECT_EQ(found("a").front().amount, 1);
}

TEST_P(Batching, ACommitOfNothingThatIsThereMakesNothing) {
    const auto committed = await(store_->commit(adding("absent", 0, {parcel("detail")})));
    EXPECT_FALSE(committed.happened);
    EXPECT_TRUE(found("absent").empty());
    EXPECT_TRUE(found("detail").empty());
}

TEST_P(Batching, ACreationSentAgainIsTheSameOne) {
    const Parcel made = parcel("made");
    const CommitDocuments creation = creating(made, {parcel("detail")});
    EXPECT_TRUE(await(store_->commit(creation)).happened);
    const auto again = await(store_->commit(creation));
    EXPECT_TRUE(again.happened);
    ASSERT_EQ(again.duplicates.size(), 1U);
    EXPECT_EQ(again.duplicates.front().index, "_id");
    EXPECT_FALSE(await(store_->commit(creating(parcel("made")))).happened);
    EXPECT_EQ(found("made"), std::vector{made});
}

INSTANTIATE_TEST_SUITE_P(Engines, Batching, ::testing::ValuesIn(engines()),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace rapport::testing
