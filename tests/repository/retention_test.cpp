#include "rapport/repository/retention.hpp"

#include <gmock/gmock-matchers.h>
#include <sys/stat.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <fstream>
#include <set>
#include <sstream>

#include "rapport/core/error.hpp"
#include "rapport/repository/personal_data.hpp"
#include "rapport/repository/transfer.hpp"
#include "tests/repository/repository_test.hpp"
#include "tests/store/temporary_folder.hpp"
#include "tests/support/archive_text.hpp"

namespace rapport::testing {
namespace {

using std::chrono::days;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

const std::string kOther = numbered_phone(1);

class Retention : public ::testing::TestWithParam<std::string> {
  protected:
    Retention() {
        await(manager.connect());
        await(manager.create_indexes());
    }
    Settings archiving() const {
        Settings settings = database.settings();
        settings.archive_dir = folder.string();
        return settings;
    }
    /// A lead whose n-th message says `secret n` and was stored so many days ago.
    Lead known(const std::vector<int>& ages, const std::string& phone = kPhone) {
        Lead lead = await(leads.get_or_create(phone));
        for (const int age : ages) {
            Turn turn{lead, {said("secret " + std::to_string(age) + " of " + phone)}};
            turn.messages.front().lead_id = phone;
            turn.messages.front().created_at = now() - days(age);
            lead = await(leads.commit_turn(std::move(turn))).lead;
        }
        return lead;
    }
    Retained retain() {
        return await(archive_due(store(), MessageArchive(folder), now() - days(365)));
    }
    Store& store() { return manager.database(); }
    std::vector<std::string> in_database(const std::string& phone = kPhone) {
        return contents(await(messages.get_recent_messages(phone, 0)));
    }
    boost::json::value exported(const std::string& phone = kPhone) {
        std::string text;
        await(data.export_lead(phone, [&](std::string_view piece) { text += piece; }));
        return boost::json::parse(text);
    }
    static std::set<std::string> texts_of(const boost::json::value& document) {
        std::set<std::string> texts;
        for (const auto& message : document.at("messages").as_array()) {
            texts.insert(boost::json::serialize(message));
        }
        return texts;
    }

    TemporaryFolder parent;
    std::filesystem::path folder = parent.path() / "archive";
    OwnDatabase database{GetParam()};
    DatabaseManager manager{archiving(), database.url()};
    LeadRepository leads{store_after_connect()};
    MessageRepository messages{manager.database()};
    PersonalData data{manager.database(), kAuditKey, "MX", folder.string()};

  private:
    Store& store_after_connect() {
        await(manager.connect());
        return manager.database();
    }
};

ON_EVERY_ENGINE(MessageArchive, Retention);

TEST_P(Retention, MovesWhatIsDueToAFileThatOthersCannotRead) {
    known({400, 366, 364, 1});
    const Retained done = retain();
    EXPECT_EQ(done.archived, 2);
    EXPECT_EQ(done.files, 1);
    EXPECT_EQ(in_database().size(), 2U);
    EXPECT_THAT(in_database().front(), HasSubstr("secret 364"));
    const std::string text = archive_text(folder);
    EXPECT_THAT(text,
                AllOf(HasSubstr("\"content\":\"secret 400 of"),
                      HasSubstr("\"content\":\"secret 366 of"), Not(HasSubstr("secret 364"))));
    ASSERT_EQ(archive_files(folder).size(), 1U);
    struct stat status{};
    ASSERT_EQ(::stat(archive_files(folder).front().c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0600U);
    ASSERT_EQ(::stat(folder.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0700U);
    EXPECT_EQ(retain().archived, 0);
    EXPECT_EQ(archive_files(folder).size(), 1U);
}

TEST_P(Retention, NothingLeavesTheDatabaseByItself) {
    EXPECT_TRUE(await(manager.plan_indexes()).differences.empty());
    known({400});
    DatabaseManager again(archiving(), database.url());
    await(again.connect());
    await(again.create_indexes());
    known({1}, kOther);
    EXPECT_EQ(in_database().size(), 1U);
    const auto wanted = all_collections(days(365), Expired::kArchived);
    for (const Index& index : wanted.at(1).indexes) {
        EXPECT_FALSE(index.expire_after && index.keys.size() == 1) << index.name;
    }
    EXPECT_EQ(message_retention(wanted), days(365));
}

TEST_P(Retention, ManyMessagesBecomeSeveralFiles) {
    constexpr int kMany = 10'500;
    for (int i = 0; i < kMany; i += 500) {
        std::vector<Message> some;
        for (int n = i; n < i + 500; ++n) {
            Message message = said("secret " + std::to_string(n));
            message.id = ObjectId::generate();
            message.created_at = kStart - days(400) + std::chrono::seconds(n / 3);
            some.push_back(std::move(message));
        }
        await(store().insert(insert_messages(some)));
    }
    std::int64_t heard = 0;
    const Retained done = await(archive_due(store(), MessageArchive(folder), now() - days(365),
                                            [&](std::int64_t left) { heard += left; }));
    EXPECT_EQ(done.archived, kMany);
    EXPECT_EQ(done.files, 2);
    EXPECT_EQ(heard, kMany);
    EXPECT_TRUE(in_database().empty());
    ArchiveReader reader(MessageArchive(folder).files());
    std::set<ObjectId> ids;
    while (const auto message = reader.next()) EXPECT_TRUE(ids.insert(message->id).second);
    EXPECT_EQ(ids.size(), std::size_t{kMany});
}

TEST_P(Retention, WhatEndsARunLeavesNothingHalfDone) {
    known({400, 380});
    EXPECT_THROW(await(archive_due(store(), MessageArchive(folder), now() - days(365),
                                   [](std::int64_t) { throw std::runtime_error("stop"); })),
                 std::runtime_error);
    EXPECT_EQ(retain().archived, 0);
    EXPECT_TRUE(in_database().empty());
    EXPECT_EQ(exported().at("messages").as_array().size(), 2U);
}

TEST_P(Retention, SettlingDoesNotBringBackWhatIsArchived) {
    known({400, 366});
    retain();
    Update<Lead> as_left;
    as_left.set(where(&Lead::settled_count), std::int64_t{0});
    await(leads.update_many(where(&Lead::lead_id) == kPhone, as_left));
    LeadRepository other(store());
    const Lead lead = await(other.get_by_phone(kPhone)).value();
    EXPECT_EQ(lead.recent_history.size(), 2U);
    await(other.settle(lead));
    EXPECT_TRUE(in_database().empty());
}

TEST_P(Retention, AnExportIncludesWhatIsArchived) {
    known({400, 366, 1});
    known({400}, kOther);
    const auto before = exported();
    retain();
    const auto after = exported();
    EXPECT_EQ(texts_of(after).size(), 3U);
    EXPECT_EQ(texts_of(after), texts_of(before));
    EXPECT_EQ(after.at("counts").at("messages"), 3);
    EXPECT_EQ(await(data.count(kPhone)).messages, 3);
}

/// Killed between the file and the removal, a message is in both.
TEST_P(Retention, WhatIsInBothIsExportedOnce) {
    known({400, 366, 1});
    const auto all = await(messages.get_recent_messages(kPhone, 0));
    retain();
    await(store().insert(insert_messages({all.at(0), all.at(1)})));
    EXPECT_EQ(exported().at("messages").as_array().size(), 3U);
    EXPECT_EQ(await(data.count(kPhone)).messages, 3);
    EXPECT_EQ(retain().finished, 2);
    EXPECT_EQ(in_database().size(), 1U);
    EXPECT_EQ(archive_files(folder).size(), 1U);
}

/// As a backup does, or settling once retention was raised.
TEST_P(Retention, WhatComesBackIsNotArchivedTwice) {
    known({400, 390, 380});
    const auto all = await(messages.get_recent_messages(kPhone, 0));
    retain();
    known({370}, kOther);
    retain();
    await(store().insert(insert_messages({all.at(1)})));
    known({385, 1});
    const Retained done = retain();
    EXPECT_EQ(done.finished, 1);
    EXPECT_EQ(done.archived, 1);
    EXPECT_EQ(exported().at("messages").as_array().size(), 5U);
    EXPECT_EQ(in_database().size(), 1U);
    ArchiveReader reader(MessageArchive(folder).files());
    std::multiset<ObjectId> ids;
    while (const auto message = reader.next()) ids.insert(message->id);
    EXPECT_EQ(ids.size(), 5U);
}

TEST_P(Retention, ARestoredBackupComesToTheArchive) {
    known({400, 1});
    std::string file;
    await(write_backup(store(), [&](std::string_view piece) { file += piece; }));
    OwnDatabase fresh(GetParam());
    Settings settings = archiving();
    settings.mongodb_database = fresh.settings().mongodb_database;
    DatabaseManager other(settings, fresh.url());
    await(other.connect());
    std::istringstream in(file);
    BackupSummary checked = check_backup(in, "the file");
    const Transferred done =
        await(restore_backup(other.database(), in, "the file", std::move(checked), {}));
    EXPECT_EQ(done.received.expired, 0);
    EXPECT_EQ(await(MessageRepository(other.database()).count()), 2);
}

TEST_P(Retention, AnErasureLeavesNoTextInTheArchive) {
    known({400, 366, 1});
    known({400}, kOther);
    retain();
    known({380});
    retain();
    ASSERT_EQ(archive_files(folder).size(), 2U);
    std::ofstream(archive_files(folder).front().string() + ".unfinished") << "secret of a kill";
    const auto done = await(data.erase_lead("55 1234 5678", "Ana"));
    ASSERT_TRUE(done);
    EXPECT_EQ(done->audit.messages, 4);
    EXPECT_THAT(archive_text(folder),
                AllOf(Not(HasSubstr(kPhone)), Not(HasSubstr("of a kill")), HasSubstr(kOther)));
    EXPECT_EQ(archive_files(folder).size(), 1U) << "the other file held nothing else";
    MessageArchive(folder).check();
    EXPECT_EQ(exported(kOther).at("messages").as_array().size(), 1U);
    EXPECT_FALSE(await(data.erase_lead(kPhone, "Ana")));
}

TEST_P(Retention, SomebodyOfWhomOnlyTheArchiveKnowsIsErased) {
    Message alone = said("secret of nobody's lead");
    alone.created_at = now() - days(400);
    await(messages.save_messages({alone}));
    retain();
    EXPECT_EQ(await(data.count(kPhone)), (Holdings{0, 1, 0}));
    EXPECT_EQ(exported().at("messages").as_array().size(), 1U);
    EXPECT_TRUE(await(data.erase_lead(kPhone, "Ana")));
    EXPECT_TRUE(await(data.count(kPhone)).nothing());
    EXPECT_THAT(archive_text(folder), Not(HasSubstr("secret")));
}

TEST_P(Retention, AnErasureReachesOldSpellings) {
    Message message = said("secret");
    message.lead_id = "+5215512345678";
    message.id = ObjectId::generate();
    message.created_at = now() - days(400);
    await(store().insert(insert_messages({message})));
    retain();
    EXPECT_TRUE(await(data.erase_lead(kPhone, "Ana")));
    EXPECT_THAT(archive_text(folder), Not(HasSubstr("secret")));
}

TEST_P(Retention, AnAlteredFileIsToldAndNothingIsDone) {
    known({400, 366, 1});
    retain();
    const auto file = archive_files(folder).front();
    const auto size = std::filesystem::file_size(file);
    for (const std::uintmax_t at : {std::uintmax_t{9}, size / 2, size - 1}) {
        std::fstream bytes(file, std::ios::in | std::ios::out | std::ios::binary);
        bytes.seekg(static_cast<std::streamoff>(at));
        const int byte = bytes.get();
        const auto put = [&](int value) {
            bytes.seekp(static_cast<std::streamoff>(at));
            bytes.put(static_cast<char>(value));
            bytes.flush();
        };
        put(byte ^ 1);
        EXPECT_THAT(error_of<InvalidDocument>([&] { exported(); }),
                    AllOf(HasSubstr(file.string()), Not(HasSubstr("5512345678"))));
        EXPECT_THROW(await(data.erase_lead(kPhone, "Ana")), InvalidDocument);
        EXPECT_THROW(retain(), InvalidDocument);
        EXPECT_EQ(in_database().size(), 1U);
        put(byte);
    }
    std::filesystem::resize_file(file, size - 7);
    EXPECT_THROW(exported(), InvalidDocument);
}

TEST_P(Retention, OneAtATime) {
    known({400});
    const MessageArchive archive(folder);
    {
        const ArchiveLock reading = await(archive.lock(MessageArchive::Access::kToRead));
        EXPECT_THAT(error_of<VersionConflict>([&] { retain(); }),
                    HasSubstr("another process is at work in the archive"));
        EXPECT_EQ(exported().at("messages").as_array().size(), 1U) << "reading is shared";
    }
    EXPECT_EQ(retain().archived, 1);
}

/// Both on the one thread that a service has.
TEST_P(Retention, AnErasureWaitsForAnExportOfItsOwnThread) {
    const Lead lead = known({400, 1});
    retain();
    boost::asio::io_context loop;
    const auto spawn = [&](Async<void> work) {
        return boost::asio::co_spawn(loop, std::move(work), boost::asio::use_future);
    };
    auto exporting = spawn([](PersonalData& of) -> Async<void> {
        co_await of.export_lead(kPhone, [](std::string_view) {});
    }(data));
    auto erasing =
        spawn([](PersonalData& of) -> Async<void> { co_await of.erase_lead(kPhone, "Ana"); }(data));
    loop.run_for(std::chrono::seconds(20));
    ASSERT_TRUE(loop.stopped());
    EXPECT_NO_THROW(exporting.get());
    EXPECT_NO_THROW(erasing.get());
    EXPECT_TRUE(await(data.count(kPhone)).nothing());
}

TEST_P(Retention, WhoWaitsForTheArchiveWaitsToTheDeadline) {
    known({400, 1});
    const MessageArchive archive(folder);
    const ArchiveLock held = await(archive.lock(MessageArchive::Access::kToWrite));
    const auto soon = [] { return Deadline::in(std::chrono::milliseconds(100)); };
    EXPECT_THAT(error_of<Timeout>([&] { await(data.count(kPhone, soon())); }),
                HasSubstr("try again when they have ended"));
    EXPECT_THROW(await(data.erase_lead(kPhone, "Ana", soon())), Timeout);
    EXPECT_EQ(in_database().size(), 2U);
}

TEST_P(Retention, ARenamedFileIsToldAndNothingIsDone) {
    known({400, 1});
    retain();
    const auto file = archive_files(folder).front();
    for (const char* other : {"messages-old.jsonl.zst", "2020.jsonl.zst.bak"}) {
        std::filesystem::rename(file, folder / other);
        EXPECT_THAT(error_of<InvalidDocument>([&] { exported(); }),
                    AllOf(HasSubstr(other), Not(HasSubstr(folder.string())),
                          HasSubstr("give it back the name it had")));
        EXPECT_THROW(await(data.count(kPhone)), InvalidDocument);
        EXPECT_THROW(await(data.erase_lead(kPhone, "Ana")), InvalidDocument);
        EXPECT_EQ(in_database().size(), 1U);
        std::filesystem::rename(folder / other, file);
    }
    EXPECT_EQ(exported().at("messages").as_array().size(), 2U);
}

/// They are the first that are due.
TEST_P(Retention, WhatTheArchiveCannotHoldStaysAndStopsNothing) {
    constexpr int kForeign = 1100;
    known({400, 1});
    std::vector<Document> others;
    for (int i = 0; i < kForeign; ++i) {
        BsonWriter out;
        out.add("_id", "wamid." + std::to_string(i));
        out.add("lead_id", kOther);
        out.add("content", "of another system");
        out.add("created_at", now() - days(500) + std::chrono::seconds(i));
        others.push_back(out.finish());
    }
    await(store().insert({&message_collection(), std::move(others)}));
    const Retained done = retain();
    EXPECT_EQ(done.archived, 1);
    EXPECT_EQ(done.skipped, kForeign);
    EXPECT_EQ(await(messages.count()), kForeign + 1);
    const Retained again = retain();
    EXPECT_EQ(again.archived, 0);
    EXPECT_EQ(again.files, 0);
    EXPECT_EQ(again.skipped, kForeign);
}

TEST_P(Retention, ANameIsNeverTakenTwiceWhenTheClockGoesBack) {
    std::filesystem::create_directories(folder);
    const MessageArchive archive(folder);
    std::ofstream(folder / "messages-2999-01-01T00-00-00.000Z.jsonl.zst") << "of ours";
    std::ofstream(folder / "messages-of-somebody.jsonl.zst") << "not of ours";
    EXPECT_EQ(archive.files().size(), 1U);
    EXPECT_EQ(archive.next_file(), folder / "messages-2999-01-01T00-00-00.001Z.jsonl.zst");
}

}  // namespace
}  // namespace rapport::testing
