#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <limits>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "rapport/core/await.hpp"
#include "rapport/core/codec.hpp"
#include "rapport/core/error.hpp"
#include "tests/store/any_store.hpp"
#include "tests/store/parcel.hpp"

namespace rapport::testing {
namespace {

using namespace std::string_literals;

/// What Store and the operations promise, on every engine.
class StoreContractTest : public ::testing::TestWithParam<std::string> {
  protected:
    StoreContractTest() {
        store_->open();
        await(store_->run(EnsureIndexes{}, {}));
    }
    ~StoreContractTest() override { store_->close(); }

    static Parcel parcel(const std::string& code) {
        Parcel made;
        made.id = ObjectId::generate();
        made.code = code;
        return made;
    }
    std::vector<Duplicate> insert(const std::vector<Parcel>& parcels, Deadline deadline = {}) {
        InsertDocuments insert{&collection_, {}};
        for (const Parcel& one : parcels) insert.documents.push_back(to_document(one));
        return await(store_->insert(std::move(insert), deadline));
    }
    std::vector<Parcel> find(const Filter<Parcel>& filter = {}) {
        const std::vector<SortKey> by_code{{"code"}};
        std::vector<Parcel> parcels;
        for (const Document& found : await(store_->find({&collection_, filter.node(), by_code}))) {
            parcels.push_back(from_document<Parcel>(found));
        }
        return parcels;
    }
    std::int64_t update(const Filter<Parcel>& filter, const Update<Parcel>& update, bool many) {
        return await(store_->update({&collection_, filter.node(), update.changes(), many}));
    }
    std::int64_t count() { return static_cast<std::int64_t>(find().size()); }

    static Filter<Parcel> coded(const std::string& code) { return where(&Parcel::code) == code; }

    const Collection collection_ = parcel_collection();
    OwnDatabase database_{GetParam()};
    std::unique_ptr<Store> store_ = make_store(database_, {collection_});
};

TEST_P(StoreContractTest, InsertReportsEveryDuplicateAndStoresTheRest) {
    Parcel first = parcel("a");
    first.kind = Kind::kBox;
    first.sender = ObjectId::generate();
    ASSERT_TRUE(insert({first}).empty());

    Parcel same_id = parcel("c");
    same_id.id = first.id;
    Parcel same_sender = parcel("d");
    same_sender.kind = first.kind;
    same_sender.sender = first.sender;
    const auto duplicates = insert({parcel("b"), parcel("a"), same_id, same_sender, parcel("e")});
    ASSERT_EQ(duplicates.size(), 3U);
    EXPECT_EQ(duplicates[0].position, 1U);
    EXPECT_EQ(duplicates[0].index, "idx_code");
    EXPECT_EQ(duplicates[1].position, 2U);
    EXPECT_EQ(duplicates[1].index, "_id");
    EXPECT_EQ(duplicates[2].position, 3U);
    EXPECT_EQ(duplicates[2].index, "idx_kind_sender");
    EXPECT_EQ(count(), 3);
}

TEST_P(StoreContractTest, OfTwoDuplicatesInOneInsertTheFirstIsStored) {
    Parcel second = parcel("a");
    second.note = "second";
    const auto duplicates = insert({parcel("a"), second});
    ASSERT_EQ(duplicates.size(), 1U);
    EXPECT_EQ(duplicates[0].position, 1U);
    EXPECT_EQ(find().at(0).note, std::nullopt);
}

TEST_P(StoreContractTest, AbsentMembersNeverClashWhereAnIndexIsOfPresentOnes) {
    Parcel one = parcel("a");
    Parcel two = parcel("b");
    one.kind = two.kind = Kind::kBag;
    EXPECT_TRUE(insert({one, two}).empty());
}

TEST_P(StoreContractTest, UpdateCountsWhatMatches) {
    insert({parcel("a"), parcel("b"), parcel("c")});
    Update<Parcel> update_note;
    update_note.set(where(&Parcel::note), "x"s);
    EXPECT_EQ(update({}, update_note, false), 1);
    EXPECT_EQ(find(where(&Parcel::note) == "x"s).size(), 1U);
    EXPECT_EQ(update({}, update_note, true), 3) << "what is as wanted already matches, too";
    EXPECT_EQ(update(coded("none"), update_note, true), 0);
}

TEST_P(StoreContractTest, AnUpdateThatBreaksAUniqueIndexChangesNothing) {
    insert({parcel("a"), parcel("+5215512345678")});
    Update<Parcel> rename;
    rename.set(where(&Parcel::code), "+5215512345678"s);
    try {
        update(coded("a"), rename, false);
        FAIL();
    } catch (const DuplicateKey& error) {
        EXPECT_EQ(std::string(error.what()).find("5678"), std::string::npos)
            << "shows a stored value: " << error.what();
    }
    EXPECT_EQ(find(coded("a")).size(), 1U);
}

TEST_P(StoreContractTest, ChangesThatOverlapAreRefused) {
    insert({parcel("a")});
    Update<Parcel> twice;
    twice.set(where(&Parcel::note), "x"s).set(where(&Parcel::note), "y"s);
    EXPECT_THROW(update({}, twice, true), InvalidArgument);
    Update<Parcel> within;
    within.set(where(&Parcel::label), Label{}).set(where(&Parcel::label, &Label::weight), 1);
    EXPECT_THROW(update({}, within, true), InvalidArgument);
    EXPECT_EQ(find().at(0).note, std::nullopt);
}

TEST_P(StoreContractTest, TheIdNeverChanges) {
    insert({parcel("a")});
    Update<Parcel> update_id;
    update_id.set(where(&Parcel::id), ObjectId::generate());
    EXPECT_THROW(update({}, update_id, true), InvalidArgument);
}

TEST_P(StoreContractTest, RemoveCountsWhatItRemoved) {
    insert({parcel("a"), parcel("b"), parcel("c")});
    EXPECT_EQ(await(store_->remove({&collection_, (!coded("b")).node()})), 2);
    EXPECT_EQ(find().at(0).code, "b");
    EXPECT_EQ(await(store_->remove({&collection_, coded("none").node()})), 0);
}

TEST_P(StoreContractTest, TextComesBackByteForByte) {
    const std::vector<std::string> texts{"",
                                         "zero\0in the middle"s,
                                         "\0"s,
                                         "🙂👩‍👩‍👧",
                                         "سلام \u202e",
                                         "it's \"quoted\" \\ and\r\n\tspaced",
                                         "$where",
                                         "a.b",
                                         "\x01\x1f\x7f",
                                         std::string(65'536, 'x')};
    Parcel one = parcel("a");
    one.tags = texts;
    for (const std::string& text : texts) {
        Label sticker;
        sticker.text = text;
        one.stickers.push_back(sticker);
    }
    insert({one});
    for (const std::string& text : texts) {
        Update<Parcel> update_note;
        update_note.set(where(&Parcel::note), text).set(where(&Parcel::label, &Label::text), text);
        update({}, update_note, true);
        const Parcel stored = find(where(&Parcel::note) == text).at(0);
        EXPECT_EQ(stored.note, text);
        EXPECT_EQ(stored.label->text, text);
    }
    const Parcel stored = find().at(0);
    EXPECT_EQ(stored.tags, one.tags);
    EXPECT_EQ(stored.stickers, one.stickers);
}

TEST_P(StoreContractTest, NumbersComeBackExactly) {
    Parcel one = parcel("a");
    one.amount = std::numeric_limits<std::int64_t>::min();
    one.rate = 0.1 + 0.2;
    for (const double ratio : {0.1, 1.0 / 3, 5e-324, 1.7976931348623157e308, -0.85}) {
        Label sticker;
        sticker.ratio = ratio;
        sticker.weight = std::numeric_limits<std::int64_t>::max();
        one.stickers.push_back(sticker);
    }
    insert({one});
    EXPECT_EQ(find().at(0), one);
}

TEST_P(StoreContractTest, PushingKeepsWhatWasThereExactly) {
    Parcel one = parcel("a");
    Label sticker;
    sticker.ratio = 0.1 + 0.2;
    sticker.text = "zero\0, a \"]\", {[, \\"s;
    one.stickers.assign(3, sticker);
    insert({one});
    Update<Parcel> push;
    push.push(where(&Parcel::stickers), {Label{}}, 3).push(where(&Parcel::tags), {"t"s});
    EXPECT_EQ(update({}, push, true), 1);
    const Parcel stored = find().at(0);
    EXPECT_EQ(stored.stickers, (std::vector<Label>{sticker, sticker, Label{}}));
    EXPECT_EQ(stored.tags, std::vector<std::string>{"t"});
}

TEST_P(StoreContractTest, AValueIsNeverPartOfTheQuery) {
    insert({parcel("a"), parcel("b")});
    for (const auto* hostile : {"' OR '1'='1", "\"; DROP TABLE parcels; --", "$ne",
                                "{\"$gt\":\"\"}", "a' --", "%", "_"}) {
        EXPECT_TRUE(find(coded(hostile)).empty()) << hostile;
        EXPECT_TRUE(find(where(&Parcel::code).in({hostile, "none"})).empty()) << hostile;
    }
    EXPECT_EQ(count(), 2);
}

TEST_P(StoreContractTest, ADocumentMayHaveSixteenMebibytesAndNotOneByteMore) {
    Parcel large = parcel("a");
    large.note = "";
    large.note = std::string(kMaxDocumentBytes - to_document(large).bytes().size(), 'x');
    ASSERT_EQ(to_document(large).bytes().size(), kMaxDocumentBytes);
    EXPECT_TRUE(insert({large}).empty());
    EXPECT_EQ(find().at(0).note, large.note);

    Parcel larger = parcel("b");
    larger.note = *large.note + "x";
    EXPECT_THROW(insert({parcel("c"), larger}), InvalidArgument);
    EXPECT_EQ(count(), 1) << "nothing of the call is stored";
}

TEST_P(StoreContractTest, WhatIsLateAlreadyIsNotDone) {
    EXPECT_THROW(insert({parcel("a")}, Deadline::in(std::chrono::milliseconds(0))), Timeout);
    EXPECT_EQ(count(), 0);
}

TEST_P(StoreContractTest, ADeadlineMayBeAsFarAwayAsTheClockGoes) {
    insert({parcel("a")});
    for (const Deadline until :
         {Deadline::in(std::chrono::days(30)), Deadline(Deadline::Clock::time_point::max())}) {
        insert({parcel(ObjectId::generate().to_string())}, until);
        EXPECT_EQ(await(store_->find({&collection_, coded("a").node()}, until)).size(), 1U);
        EXPECT_FALSE(await(store_->find({&collection_, FilterNode(AllOf{})}, until)).empty());
        const auto all = await(store_->aggregate({&collection_, FilterNode(AllOf{})}, until));
        EXPECT_EQ(all.front().count, count());
    }
}

TEST_P(StoreContractTest, ASumThatNoIntegerHoldsIsRefused) {
    constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
    for (const std::int64_t amount : {kMost, -kMost}) {
        std::vector<Parcel> parcels{parcel(std::to_string(amount)), parcel("")};
        parcels[1].code = parcels[0].code + " again";
        parcels[0].amount = parcels[1].amount = amount;
        insert(parcels);
        const Filter<Parcel> these = where(&Parcel::amount) == amount;
        EXPECT_THROW(await(store_->aggregate({&collection_, these.node(), "", "amount"})),
                     InvalidDocument);
    }
}

TEST_P(StoreContractTest, CountsAndSumsByGroup) {
    std::vector<Parcel> parcels{parcel("a"), parcel("b"), parcel("c"), parcel("d")};
    parcels[0].kind = parcels[1].kind = Kind::kBag;
    parcels[0].amount = 5'000'000'000;
    parcels[1].amount = -1;
    parcels[2].kind = Kind::kBox;
    insert(parcels);
    std::map<Scalar, std::pair<std::int64_t, std::int64_t>> groups;
    for (const Group& group :
         await(store_->aggregate({&collection_, FilterNode(AllOf{}), "kind", "amount"}))) {
        groups[group.key] = {group.count, group.sum};
    }
    using Groups = decltype(groups);
    EXPECT_EQ(groups, (Groups{{Scalar("bag"s), {2, 4'999'999'999}},
                              {Scalar("box"s), {1, 0}},
                              {Scalar(), {1, 0}}}));
}

TEST_P(StoreContractTest, GroupKeysHaveTheirMembersType) {
    Parcel one = parcel("a");
    one.amount = 7;
    one.rate = 0.25;
    one.urgent = true;
    one.due = *parse_iso8601("2026-11-23T08:15:00Z");
    one.sender = ObjectId::generate();
    one.label = Label{"to", 3, {}, {}, {}};
    insert({one});
    const std::vector<std::pair<std::string, Scalar>> keys{
        {"amount", *one.amount}, {"rate", *one.rate},
        {"urgent", true},        {"due", *one.due},
        {"sender", *one.sender}, {"label.text", "to"s},
        {"code", "a"s},          {"label.weight", std::int64_t{3}}};
    for (const auto& [path, key] : keys) {
        const auto groups = await(store_->aggregate({&collection_, FilterNode(AllOf{}), path}));
        ASSERT_EQ(groups.size(), 1U) << path;
        EXPECT_EQ(groups.front().key, key) << path;
    }
}

TEST_P(StoreContractTest, WithoutGroupsThereIsOneEvenOfNothing) {
    const auto groups = await(store_->aggregate({&collection_, FilterNode(AllOf{}), "", "amount"}));
    ASSERT_EQ(groups.size(), 1U);
    EXPECT_EQ(groups.front().count, 0);
    EXPECT_EQ(groups.front().sum, 0);
    EXPECT_TRUE(await(store_->aggregate({&collection_, FilterNode(AllOf{}), "kind"})).empty());
}

TEST_P(StoreContractTest, ConcurrentIncrementsAllCount) {
    constexpr int kWriters = 50;
    insert({parcel("a")});
    Update<Parcel> one_more;
    one_more.increment(Field<Parcel, std::int64_t>{"amount"}, 1);
    boost::asio::io_context context;
    int answered = 0;
    for (int i = 0; i < kWriters; ++i) {
        boost::asio::co_spawn(
            context, store_->update({&collection_, coded("a").node(), one_more.changes()}),
            [&](const std::exception_ptr& error, std::int64_t) { answered += error ? 0 : 1; });
    }
    context.run();
    EXPECT_EQ(answered, kWriters);
    EXPECT_EQ(find().at(0).amount, kWriters);
}

TEST_P(StoreContractTest, WhatIsStoredOutlivesTheStore) {
    insert({parcel("a")});
    store_->close();
    EXPECT_THROW(count(), NotConnected);
    store_ = make_store(database_, {collection_});
    store_->open();
    EXPECT_EQ(count(), 1);
}

TEST_P(StoreContractTest, AStoreOpensAgainAfterClosing) {
    store_->close();
    store_->open();
    EXPECT_TRUE(insert({parcel("a")}).empty());
}

TEST_P(StoreContractTest, EnsuringIndexesAgainChangesNothing) {
    const auto other = make_store(database_, {collection_});
    other->open();
    await(other->run(EnsureIndexes{}, {}));
    await(store_->run(EnsureIndexes{}, {}));
    insert({parcel("a")});
    EXPECT_EQ(insert({parcel("a")}).size(), 1U);
    other->close();
}

TEST_P(StoreContractTest, ARetiredIndexIsDropped) {
    Collection retired = collection_;
    std::erase_if(retired.indexes, [](const Index& index) { return index.name == "idx_code"; });
    retired.retired_indexes.emplace_back("idx_code");
    const auto other = make_store(database_, {retired});
    other->open();
    await(other->run(EnsureIndexes{}, {}));
    insert({parcel("a")});
    EXPECT_TRUE(insert({parcel("a")}).empty());
    other->close();
}

TEST_P(StoreContractTest, AUniqueIndexThatStoredDocumentsBreakIsRefused) {
    Collection tighter = collection_;
    tighter.indexes.push_back({.name = "idx_note", .keys = {{"note"}}, .unique = true});
    Parcel one = parcel("a");
    Parcel two = parcel("b");
    one.note = two.note = "same";
    insert({one, two});
    const auto other = make_store(database_, {tighter});
    other->open();
    EXPECT_THROW(await(other->run(EnsureIndexes{}, {})), DuplicateKey);
    other->close();
}

INSTANTIATE_TEST_SUITE_P(Engines, StoreContractTest, ::testing::ValuesIn(engines()),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace rapport::testing
