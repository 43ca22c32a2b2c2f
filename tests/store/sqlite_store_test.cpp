#include <gtest/gtest.h>

#include <chrono>
#include <limits>
#include <string>

#include "rapport/core/error.hpp"
#include "tests/store/sqlite_test_file.hpp"
#include "tests/store/temporary_folder.hpp"

namespace rapport::testing {
namespace {

/// What only SQLite's side of the contract knows: how rows look to other programs, what is read of
/// theirs, which plans are taken, expiry.
class SqliteStoreTest : public ::testing::Test {
  protected:
    static Parcel full_parcel() {
        Parcel parcel;
        parcel.id = *ObjectId::parse("0123456789abcdef01234567");
        parcel.code = "a";
        parcel.note = "it's";
        parcel.amount = 5'000'000'000;
        parcel.rate = 0.25;
        parcel.urgent = true;
        parcel.kind = Kind::kBag;
        parcel.due = *parse_iso8601("2026-11-23T08:15:00.5Z");
        parcel.sender = parcel.id;
        parcel.label = Label{"to", 7, false, parcel.due, 0.85};
        parcel.tags = {"x", "y"};
        return parcel;
    }
    Parcel only_parcel() {
        return from_document<Parcel>(await(store_->find({&parcels(), FilterNode(AllOf{})})).at(0));
    }
    /// What reading says of a row of which another program has set one column.
    std::string complaint_about(const std::string& column, const std::string& value) {
        // Strict tables take no such value; one that another program made may not be strict.
        OtherProgram other(folder_.path() / "foreign.db");
        std::string columns;
        for (const Column& one : parcels().columns) {
            columns += (columns.empty() ? "" : ",") + one.name;
        }
        other.execute("CREATE TABLE parcels (" + columns + "); PRAGMA user_version=1");
        other.execute(
            "INSERT INTO parcels (_id, code, tags, stickers) VALUES "
            "('0123456789abcdef01234567', 'a', '[]', '[]')");
        other.execute("UPDATE parcels SET " + column + "=" + value);
        const auto store = open_store(folder_.path() / "foreign.db");
        try {
            from_document<Parcel>(await(store->find({&parcels(), FilterNode(AllOf{})})).at(0));
        } catch (const InvalidDocument& error) {
            other.execute("DROP TABLE parcels");
            return error.what();
        }
        other.execute("DROP TABLE parcels");
        return "nothing";
    }

    TemporaryFolder folder_;
    const std::filesystem::path file_ = folder_.path() / "test.db";
    std::unique_ptr<Store> store_ = open_store(file_);
};

TEST_F(SqliteStoreTest, ColumnsAreWhatAnySqliteToolCanRead) {
    await(store_->insert({&parcels(), {to_document(full_parcel())}}));
    OtherProgram other(file_);
    EXPECT_EQ(other.query("SELECT _id, code, note, amount, rate, urgent, kind, due, sender FROM "
                          "parcels"),
              "0123456789abcdef01234567|a|it's|5000000000|0.25|1|bag|2026-11-23T08:15:00.500Z|"
              "0123456789abcdef01234567");
    EXPECT_EQ(
        other.query("SELECT label FROM parcels"),
        R"({"text":"to","weight":7,"fragile":false,"printed":"2026-11-23T08:15:00.500Z","ratio":0.85})");
    EXPECT_EQ(other.query("SELECT tags FROM parcels"), R"(["x","y"])");
    EXPECT_EQ(other.query("SELECT group_concat(type) FROM pragma_table_info('parcels')"),
              "TEXT,TEXT,TEXT,INTEGER,REAL,INTEGER,TEXT,TEXT,TEXT,TEXT,TEXT,TEXT");
}

/// Whether SQLite counts memory holds for the whole process, which may be another program's.
TEST_F(SqliteStoreTest, WhatSqliteCountsIsLeftToTheProgram) { EXPECT_GT(sqlite3_memory_used(), 0); }

TEST_F(SqliteStoreTest, AbsentMembersAreNull) {
    insert(*store_, "a");
    EXPECT_EQ(OtherProgram(file_).query(
                  "SELECT count(*) FROM parcels WHERE note IS NULL AND label IS NULL AND due IS "
                  "NULL AND tags = '[]'"),
              "1");
}

TEST_F(SqliteStoreTest, EveryMemberComesBackAsItWas) {
    await(store_->insert({&parcels(), {to_document(full_parcel())}}));
    EXPECT_EQ(only_parcel(), full_parcel());
    const Document stored = await(store_->find({&parcels(), FilterNode(AllOf{})})).at(0);
    EXPECT_EQ(scalar_at(stored, "due"), Scalar(*full_parcel().due));
    EXPECT_EQ(scalar_at(stored, "_id"), Scalar(full_parcel().id));
    EXPECT_EQ(scalar_at(stored, "urgent"), Scalar(true));
}

TEST_F(SqliteStoreTest, AMemberWithoutAColumnIsRefused) {
    BsonWriter document;
    document.add("_id", ObjectId::generate());
    document.add("colour", "red");
    try {
        await(store_->insert({&parcels(), {document.finish()}}));
        FAIL();
    } catch (const InvalidArgument& error) {
        EXPECT_STREQ(error.what(), "parcels: no member colour");
    }
}

TEST_F(SqliteStoreTest, ADocumentWithoutAnIdIsRefused) {
    BsonWriter document;
    document.add("code", "a");
    EXPECT_THROW(await(store_->insert({&parcels(), {document.finish()}})), InvalidArgument);
}

TEST_F(SqliteStoreTest, APathThatNoMemberHasIsRefused) {
    for (const char* path : {"colour", "colour.text", "code\" = code --", "label.a'b", "label."}) {
        const Compare compare{path, CompareOp::kEqual, std::string("x")};
        EXPECT_THROW(await(store_->find({&parcels(), FilterNode(compare)})), InvalidArgument)
            << path;
        EXPECT_THROW(await(store_->find({&parcels(), FilterNode(AllOf{}), {{path}}})),
                     InvalidArgument)
            << path;
    }
}

TEST_F(SqliteStoreTest, ReadingNamesTheColumnThatDoesNotFit) {
    EXPECT_EQ(complaint_about("due", "7"), "due: expected a date, found int32");
    EXPECT_EQ(complaint_about("due", "'soon'"),
              "due: expected a date, found a string that is not ISO 8601");
    EXPECT_EQ(complaint_about("code", "7"), "code: expected a string, found int32");
    EXPECT_EQ(complaint_about("amount", "'many'"), "amount: expected a whole number, found string");
    EXPECT_EQ(complaint_about("amount", "0.5"), "amount: expected a whole number, found double");
    EXPECT_EQ(complaint_about("urgent", "2"), "urgent: expected a bool, found int32");
    EXPECT_EQ(complaint_about("code", "NULL"), "code: missing");
    EXPECT_EQ(complaint_about("kind", "'crate'"), "kind: unknown value \"crate\"");
    EXPECT_EQ(complaint_about("code", "x'00ff'"), "code: expected a value, found a blob");
    EXPECT_EQ(complaint_about("code", "CAST(x'ff' AS TEXT)"), "code: the text is not valid UTF-8");
    EXPECT_EQ(complaint_about("rate", "9e999"), "rate: expected a finite number");
    EXPECT_EQ(complaint_about("label", "'{\"weight\":\"x\"}'"),
              "label.weight: expected a whole number, found string");
    EXPECT_EQ(complaint_about("label", "7"), "label: expected a document, found int32");
    EXPECT_NE(complaint_about("label", "'{\"text\":'").find("label: not JSON"), std::string::npos);
}

TEST_F(SqliteStoreTest, DatesThatAnotherProgramWroteItsOwnWayAreRead) {
    insert(*store_, "a");
    OtherProgram(file_).execute("UPDATE parcels SET due = '2026-11-23 08:15'");
    EXPECT_EQ(only_parcel().due, parse_iso8601("2026-11-23T08:15:00Z"));
}

TEST_F(SqliteStoreTest, FilteringInNestedMembersThatAreNotJsonIsAnInvalidDocument) {
    insert(*store_, "a");
    OtherProgram(file_).execute("UPDATE parcels SET label = 'no JSON'");
    const auto filter = where(&Parcel::label, &Label::weight) == std::int64_t{1};
    EXPECT_THROW(await(store_->find({&parcels(), filter.node()})), InvalidDocument);
}

TEST_F(SqliteStoreTest, PushingOntoAListThatAnotherProgramWroteKeepsItOrChangesNothing) {
    insert(*store_, "a");
    const auto push = Update<Parcel>().push(where(&Parcel::tags), {"t"}, 2).changes();
    const auto pushed_onto = [&](const std::string& list) {
        OtherProgram(file_).execute("UPDATE parcels SET tags = '" + list + "'");
        await(store_->update({&parcels(), FilterNode(AllOf{}), push}));
        return only_parcel().tags;
    };
    using Tags = std::vector<std::string>;
    EXPECT_EQ(pushed_onto(" [ ] "), Tags{"t"});
    EXPECT_EQ(pushed_onto("[ \"x\" ,\n\"],\" ]\n"), (Tags{"],", "t"}));
    for (const auto* broken : {"", "7", "{\"x\":1}", "[\"x\"", "[\"x", "[\"x\\", "[1]]", "[1] 2"}) {
        EXPECT_ANY_THROW(pushed_onto(broken)) << broken;
        EXPECT_EQ(OtherProgram(file_).query("SELECT tags FROM parcels"), broken);
    }
}

TEST_F(SqliteStoreTest, ASumThatNoNumberHoldsFailsAndLosesNothing) {
    insert(*store_, "a");
    Update<Parcel> update;
    update.set(where(&Parcel::amount), std::numeric_limits<std::int64_t>::max());
    await(store_->update({&parcels(), FilterNode(AllOf{}), update.changes()}));
    const Change more{ChangeOp::kIncrement, "amount", update.changes().front().value};
    EXPECT_THROW(await(store_->update({&parcels(), FilterNode(AllOf{}), {more}})), InvalidArgument);
    EXPECT_EQ(only_parcel().amount, std::numeric_limits<std::int64_t>::max());
}

TEST_F(SqliteStoreTest, AViolatedIndexOfAnotherProgramIsNotTakenForOurs) {
    OtherProgram(file_).execute("CREATE UNIQUE INDEX theirs ON parcels(tags)");
    insert(*store_, "a");
    const auto duplicates = insert(*store_, "b");
    ASSERT_EQ(duplicates.size(), 1U);
    EXPECT_EQ(duplicates.front().index, "an index of another program");
}

TEST_F(SqliteStoreTest, ATransactionLeftOpenByTheNativeHandleIsRolledBack) {
    await(store_->run(UseNativeHandle{[](void* handle) {
                          sqlite3_exec(static_cast<sqlite3*>(handle), "BEGIN", nullptr, nullptr,
                                       nullptr);
                      }},
                      {}));
    insert(*store_, "a");
    EXPECT_EQ(OtherProgram(file_).query("SELECT count(*) FROM parcels"), "1");
}

/// Parcels expire a day after they are due.
class SqliteExpiryTest : public ::testing::Test {
  protected:
    static SqliteOptions options(const std::filesystem::path& file) {
        Collection expiring = parcel_collection();
        expiring.indexes.push_back(
            {.name = "idx_ttl", .keys = {{"due"}}, .expire_after = std::chrono::hours(24)});
        return {.file = file, .collections = {expiring}};
    }
    static std::string expired_parcels(int count) {
        return "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<" +
               std::to_string(count) +
               ") INSERT INTO parcels(_id, code, due, tags, stickers) SELECT printf('%024x', i), "
               "'old' || i, '2020-01-01T00:00:00.000Z', '[]', '[]' FROM n";
    }

    TemporaryFolder folder_;
    const std::filesystem::path file_ = folder_.path() / "test.db";
    std::unique_ptr<Store> store_ = make_sqlite_store(options(file_));
};

TEST_F(SqliteExpiryTest, EnsuringIndexesRemovesAllThatHasExpiredAndNothingElse) {
    store_->open();
    insert(*store_, "never due");
    Parcel fresh = parcel_named("fresh");
    fresh.due = now() - std::chrono::hours(23);
    await(store_->insert({&parcels(), {to_document(fresh)}}));
    OtherProgram(file_).execute(expired_parcels(2500));
    await(store_->run(EnsureIndexes{}, {}));
    EXPECT_EQ(OtherProgram(file_).query("SELECT code FROM parcels ORDER BY code"),
              "fresh\nnever due");
}

TEST_F(SqliteExpiryTest, WritesRemoveALittleEachTime) {
    store_->open();
    await(store_->run(EnsureIndexes{}, {}));
    store_->close();
    OtherProgram(file_).execute(expired_parcels(2500));
    store_->open();
    insert(*store_, "a");
    EXPECT_EQ(count(*store_), 1501);
    insert(*store_, "b");
    insert(*store_, "c");
    EXPECT_EQ(count(*store_), 3);
}

TEST_F(SqliteExpiryTest, NothingExpiresBeforeItsIndexStands) {
    store_->open();
    OtherProgram(file_).execute(expired_parcels(1));
    insert(*store_, "a");
    EXPECT_EQ(count(*store_), 2);
}

TEST_F(SqliteStoreTest, AnIndexDeclaredDifferentlyIsBuiltAnew) {
    await(store_->run(EnsureIndexes{}, {}));
    Collection changed = parcel_collection();
    changed.indexes[0] = {.name = "idx_code", .keys = {{"code", true}, {"_id"}}};
    const auto other = make_sqlite_store({.file = file_, .collections = {changed}});
    other->open();
    await(other->run(EnsureIndexes{}, {}));
    EXPECT_EQ(OtherProgram(file_).query("SELECT sql FROM sqlite_master WHERE name='idx_code'"),
              "CREATE INDEX \"idx_code\" ON \"parcels\" (\"code\" DESC, \"_id\")");
}

TEST_F(SqliteStoreTest, AFilterMayHaveThousandsOfParts) {
    insert(*store_, "a");
    AnyOf any;
    for (int i = 0; i < 3000; ++i) {
        any.parts.emplace_back(Compare{"code", CompareOp::kEqual, std::to_string(i)});
    }
    any.parts.emplace_back(Compare{"code", CompareOp::kEqual, std::string("a")});
    EXPECT_EQ(await(store_->find({&parcels(), FilterNode(any)})).size(), 1U);
}

TEST_F(SqliteStoreTest, MoreValuesThanSqliteTakesAreRefused) {
    OneOf many{"code", std::vector<Scalar>(300'000, std::string("a"))};
    EXPECT_THROW(await(store_->find({&parcels(), FilterNode(many)})), InvalidArgument);
}

/// Far more than the log may hold, by a writer that never stops.
TEST_F(SqliteStoreTest, TheLogIsCopiedIntoTheFileBesideTheWriter) {
    constexpr int kBatches = 60;
    constexpr int kAtOnce = 8;
    constexpr std::size_t kNote = 200'000;
    for (int batch = 0; batch < kBatches; ++batch) {
        InsertDocuments insert{&parcels(), {}};
        for (int i = 0; i < kAtOnce; ++i) {
            Parcel parcel = full_parcel();
            parcel.id = ObjectId::generate();
            parcel.sender.reset();
            parcel.code = std::to_string(batch * kAtOnce + i);
            parcel.note = std::string(kNote, 'x');
            insert.documents.push_back(to_document(parcel));
        }
        ASSERT_TRUE(await(store_->insert(std::move(insert))).empty());
    }
    const auto stored = static_cast<std::uintmax_t>(kBatches * kAtOnce) * kNote;
    EXPECT_LT(std::filesystem::file_size(file_.string() + "-wal"), stored);
    EXPECT_GT(std::filesystem::file_size(file_), stored / 4);
    EXPECT_EQ(OtherProgram(file_).query("PRAGMA integrity_check"), "ok");
    store_->close();
    EXPECT_FALSE(std::filesystem::exists(file_.string() + "-wal"));
    EXPECT_GT(std::filesystem::file_size(file_), stored);
}

}  // namespace
}  // namespace rapport::testing
