#include "rapport/repository/transfer.hpp"

#include <gmock/gmock-more-matchers.h>

#include <map>
#include <sstream>
#include <thread>

#include "rapport/core/error.hpp"
#include "rapport/repository/model_spending.hpp"
#include "tests/repository/repository_test.hpp"
#include "tests/support/sample_content.hpp"

namespace rapport::testing {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

std::string backup_of(Store& store) {
    std::string file;
    await(write_backup(store, [&](std::string_view piece) { file += piece; }));
    return file;
}

TransferOptions with_key(bool restore_erased = false) {
    return {kAuditKey, "MX", restore_erased, "Ana"};
}

Transferred restore(Store& to, const std::string& file,
                    const TransferOptions& options = with_key()) {
    std::istringstream in(file);
    BackupSummary checked = check_backup(in, "the file");
    return await(restore_backup(to, in, "the file", std::move(checked), options));
}

Transferred copy(Store& from, Store& to) { return await(copy_database(from, to, with_key())); }

/// From one engine into the other.
class Transfer : public RepositoryTest {
  protected:
    Engine other{GetParam() == "sqlite" ? "mongodb" : "sqlite"};
    Store& from = engine.store();
    Store& to = other.store();
    PersonalData data{engine.store(), kAuditKey};
    PersonalData other_data{other.store(), kAuditKey};
    LeadRepository other_leads{other.store()};
    MessageRepository other_messages{other.store()};

    void talk(LeadRepository repository, const std::string& phone, const std::string& text) {
        Turn turn{await(repository.get_or_create(phone)), {said(text)}};
        turn.messages.front().lead_id = phone;
        turn.messages.front().timestamp = now();
        await(repository.commit_turn(std::move(turn)));
    }
    std::string everything_of(Store& store) { return await(content_of(store)).hash(); }
};

ON_EVERY_ENGINE(Transfer, Transfer);

TEST_P(Transfer, ABackupGivesTheSameContentOnTheOtherEngine) {
    const std::int64_t count = fill(from, {});
    const ModelSpending spent{spending_id(kStart), kStart, 5, kStart, 5};
    await(from.insert({&spending_collection(), {to_document(spent)}}));
    await(data.erase_lead(numbered_phone(1), "Ana"));
    const std::int64_t erased = 10;

    const Transferred done = restore(to, backup_of(from));
    EXPECT_TRUE(done.is_verified);
    EXPECT_EQ(done.received.leads, 29);
    EXPECT_EQ(done.received.messages, count - erased);
    EXPECT_EQ(everything_of(from), everything_of(to));
    EXPECT_EQ(done.content.hash(), everything_of(to));
    // Not by our own hash alone: as programs see it.
    const Sort<Lead> by_number = Sort<Lead>().ascending(where(&Lead::lead_id));
    EXPECT_EQ(await(leads.find_many({}, {.limit = 0, .sort = by_number})),
              await(other_leads.find_many({}, {.limit = 0, .sort = by_number})));
    // What a crash had left in leads alone is among the messages there, and here after settling.
    for (const Lead& lead : await(leads.find_many({}, {.limit = 0}))) await(leads.settle(lead));
    const FindOptions<Message> all{.limit = 0, .sort = MessageRepository::newest_first()};
    EXPECT_EQ(await(messages.find_many({}, all)), await(other_messages.find_many({}, all)));
    for (const Collection* collection :
         {&audit_collection(), &erasure_collection(), &spending_collection()}) {
        const FindDocuments find{collection, FilterNode(rapport::AllOf{}), {{"_id"}}};
        const auto here = await(from.find(find));
        const auto there = await(to.find(find));
        ASSERT_EQ(here.size(), 1U);
        ASSERT_EQ(there.size(), 1U);
        EXPECT_EQ(known_form(*collection, here[0]), known_form(*collection, there[0]));
    }
}

TEST_P(Transfer, WhatIsThereOfTheSameBackupStays) {
    fill(from, {});
    const std::string file = backup_of(from);
    restore(to, file);
    const std::string before = everything_of(to);
    const Transferred again = restore(to, file);
    EXPECT_EQ(again.received.leads, 0);
    EXPECT_EQ(again.received.messages, 0);
    EXPECT_EQ(again.received.leads_there, 30);
    EXPECT_TRUE(again.is_verified);
    // A part of it is completed.
    await(to.remove({&lead_collection(), (where(&Lead::lead_id) > numbered_phone(20)).node()}));
    await(to.remove({&message_collection(), (where(&Message::tokens) > 50).node()}));
    EXPECT_EQ(restore(to, file).received.leads, 9);
    EXPECT_EQ(everything_of(to), before);
}

TEST_P(Transfer, ADatabaseWithOtherLeadsIsRefusedAndLeftAsItIs) {
    fill(from, {});
    const std::string file = backup_of(from);
    talk(other_leads, "+525599998888", "hola");
    talk(other_leads, numbered_phone(3), "hola");
    const std::string before = everything_of(to);
    const std::string refusal = error_of<VersionConflict>([&] { restore(to, file); });
    EXPECT_THAT(refusal, AllOf(HasSubstr("2 leads and 2 messages already"),
                               HasSubstr("1 of the leads are not in the backup, 1 are in another"),
                               HasSubstr("nothing was written")));
    EXPECT_THAT(error_of<VersionConflict>([&] { copy(from, to); }), HasSubstr("in the source"));
    EXPECT_EQ(everything_of(to), before);
}

TEST_P(Transfer, ALeadThatWentOnSinceTheBackupIsNotTakenBack) {
    fill(from, {.leads = 3});
    const std::string file = backup_of(from);
    restore(to, file);
    talk(other_leads, numbered_phone(1), "more");
    const std::string before = everything_of(to);
    EXPECT_THAT(error_of<VersionConflict>([&] { restore(to, file); }),
                HasSubstr("1 are in another"));
    EXPECT_EQ(everything_of(to), before);
}

TEST_P(Transfer, ACopyRunAgainBringsForwardWhatWentOn) {
    fill(from, {});
    EXPECT_TRUE(copy(from, to).is_verified);
    for (int i = 0; i < 5; ++i) talk(leads, numbered_phone(4), "more " + std::to_string(i));
    talk(leads, "+525599998888", "new");
    await(data.erase_lead(numbered_phone(7), "Ana"));
    await(data.erase_lead(numbered_phone(8), "Ana"));
    talk(leads, numbered_phone(8), "again");
    const Transferred again = copy(from, to);
    EXPECT_TRUE(again.is_verified);
    EXPECT_EQ(again.erased, 2);
    EXPECT_EQ(again.received.leads, 3);
    EXPECT_EQ(again.received.messages, 7);
    EXPECT_EQ(everything_of(from), everything_of(to));
    EXPECT_FALSE(await(other_leads.get_by_phone(numbered_phone(7))));
    EXPECT_EQ(await(other_leads.get_by_phone(numbered_phone(8)))->recent_history[0].content,
              "again");
    // Erased there, too: an import would be refused.
    EXPECT_TRUE(await(AuditLog(to, kAuditKey).standing(numbered_phone(7))).erased);
}

TEST_P(Transfer, ACopyGoesThereAndBack) {
    fill(from, {});
    Engine third(GetParam());
    const Transferred there = copy(from, to);
    const Transferred back = copy(to, third.store());
    EXPECT_EQ(there.content.hash(), back.content.hash());
    EXPECT_EQ(everything_of(from), everything_of(third.store()));
}

TEST_P(Transfer, SomebodyErasedSinceIsLeftOut) {
    fill(from, {});
    const std::string file = backup_of(from);
    await(data.erase_lead(numbered_phone(5), "Ana"));
    const Transferred done = restore(from, file);
    EXPECT_THAT(done.received.refused,
                ElementsAre(AllOf(HasSubstr("…0005"), HasSubstr("--restore-erased"),
                                  Not(HasSubstr(numbered_phone(5).substr(3))))));
    EXPECT_TRUE(done.is_verified);
    EXPECT_EQ(done.received.leads, 0);
    EXPECT_TRUE(await(data.count(numbered_phone(5))).nothing());
    EXPECT_THAT(engine.everything(), Not(HasSubstr(numbered_phone(5))));
}

TEST_P(Transfer, SomebodyErasedSinceComesBackWhenToldTo) {
    fill(from, {});
    const std::string file = backup_of(from);
    const Lead before = *await(leads.get_by_phone(numbered_phone(6)));
    await(data.erase_lead(numbered_phone(6), "Ana"));
    for (int times = 0; times < 2; ++times) {
        const Transferred done = restore(from, file, with_key(true));
        EXPECT_TRUE(done.is_verified);
        EXPECT_THAT(done.received.refused, IsEmpty());
        EXPECT_EQ(done.received.restored, times == 0 ? 1 : 0);
        Lead after = *await(leads.get_by_phone(numbered_phone(6)));
        EXPECT_NE(after.id, before.id);
        const auto own = where(&Message::lead_ref) == after.id;
        EXPECT_EQ(await(messages.count(own)), before.message_count);
        after.id = before.id;
        EXPECT_EQ(after, before);
        const auto entry = await(AuditLog(from, kAuditKey).last(numbered_phone(6)));
        EXPECT_EQ(entry->action, AuditAction::kRestored);
        EXPECT_EQ(entry->by, "Ana");
        EXPECT_EQ(entry->messages, before.message_count);
        EXPECT_TRUE(entry->finished_at);
    }
    // No mark of the erasure takes the lead away again.
    await(leads.finish_erasures());
    EXPECT_TRUE(await(leads.get_by_phone(numbered_phone(6))));
}

TEST_P(Transfer, WithoutTheKeyNobodyKnowsWhoWasErased) {
    fill(from, {.leads = 3});
    const std::string file = backup_of(from);
    await(other_data.restore_lead({new_lead()}, [] { return std::nullopt; }, {}));
    await(other_data.erase_lead(kPhone, "Ana"));
    EXPECT_THAT(error_of<InvalidArgument>([&] { restore(to, file, {}); }), HasSubstr("AUDIT_KEY"));
    EXPECT_EQ(await(other_leads.count()), 0);
    // A record that both have needs none.
    Engine third(GetParam());
    EXPECT_TRUE(await(copy_database(to, third.store(), {})).is_verified);
    EXPECT_TRUE(await(copy_database(to, third.store(), {})).is_verified);
}

TEST_P(Transfer, SomebodyErasedWhileItIsReadIsDropped) {
    fill(from, {.leads = 3, .messages = 1500});
    Snapshot snapshot(from);
    std::vector<Record> records;
    bool is_done = false;
    while (auto record = await(snapshot.next())) {
        if (record->is_message() && !is_done) {
            await(leads.erase(numbered_phone(1)));
            is_done = true;
        }
        records.push_back(std::move(*record));
    }
    ContentCount count;
    for (const Record& record : records) count.add(record);
    EXPECT_EQ(count.content().leads.count(), 2);
    Receiver receiver(to, kAuditKey, "MX", {}, {});
    await(receiver.prepare());
    for (Record& record : records) await(receiver.take(std::move(record)));
    EXPECT_TRUE(await(receiver.verify()));
    EXPECT_EQ(everything_of(to), everything_of(from));
    EXPECT_EQ(receiver.content().hash(), everything_of(from));
}

TEST_P(Transfer, ALeadThatIsEmptiedWhileItIsReadComesAgain) {
    fill(from, {.leads = 3, .messages = 1500});
    Snapshot snapshot(from);
    Receiver receiver(to, kAuditKey, "MX", {}, {});
    await(receiver.prepare());
    bool is_done = false;
    while (auto record = await(snapshot.next())) {
        if (record->is_message() && !is_done) {
            await(messages.delete_messages_for_lead(numbered_phone(2)));
            is_done = true;
        }
        await(receiver.take(std::move(*record)));
    }
    EXPECT_TRUE(await(receiver.verify()));
    EXPECT_EQ(await(other_leads.get_by_phone(numbered_phone(2)))->message_count, 0);
    EXPECT_EQ(everything_of(to), everything_of(from));
}

TEST_P(Transfer, EachLeadIsOfOneMomentWhileTurnsGoOn) {
    fill(from, {.leads = 5, .messages = 4});
    std::atomic<bool> stop = false;
    std::jthread writer([&] {
        for (int i = 0; !stop; ++i) talk(leads, numbered_phone(i % 5), "while it is read");
    });
    for (int times = 0; times < 5; ++times) {
        std::istringstream in(backup_of(from));
        BackupReader file(in, "the file");
        std::map<Scalar, Lead> seen;
        std::map<Scalar, std::vector<Message>> said_to;
        while (const auto record = file.next()) {
            if (record->is_lead()) {
                const auto lead = from_document<Lead>(record->document);
                seen.emplace(lead.id, lead);
            } else if (record->is_message()) {
                const auto message = from_document<Message>(record->document);
                if (message.lead_ref) said_to[*message.lead_ref].push_back(message);
            }
        }
        for (auto& [id, lead] : seen) {
            auto& own = said_to[id];
            std::ranges::sort(own, {}, &Message::seq);
            ASSERT_EQ(std::ssize(own), lead.message_count);
            for (std::size_t i = 0; i < own.size(); ++i) {
                EXPECT_EQ(own[i].seq, static_cast<std::int64_t>(i) + 1);
            }
            ASSERT_EQ(own.back().id, lead.recent_history.back().id);
        }
    }
    stop = true;
}

TEST_P(Transfer, StoppedAnywhereItGoesOnLater) {
    fill(from, {.leads = 70, .messages = 6});
    struct Stopped {};
    int steps = 0;
    for (int most = 0; most < 20; most += 2) {
        int left = most;
        const auto stop = [&](auto...) {
            if (left-- == 0) throw Stopped();
        };
        try {
            EXPECT_TRUE(await(copy_database(from, to, with_key(), {stop, stop})).is_verified);
            break;
        } catch (const Stopped&) {
            ++steps;
        }
        for (const Lead& lead : await(other_leads.find_many({}, {.limit = 0}))) {
            EXPECT_EQ(await(other_messages.count(where(&Message::lead_ref) == lead.id)),
                      lead.message_count);
        }
    }
    EXPECT_GT(steps, 3);
    EXPECT_TRUE(copy(from, to).is_verified);
    EXPECT_EQ(everything_of(to), everything_of(from));
}

TEST_P(Transfer, WhatRetentionWouldRemoveIsLeftOut) {
    fill(from, {.leads = 3, .messages = 6});
    Message old = said("long ago");
    old.id = ObjectId::generate();
    old.created_at = old.updated_at = now() - std::chrono::days(400);
    await(from.insert(insert_messages({old})));
    const Transferred done = restore(to, backup_of(from));
    EXPECT_EQ(done.received.expired, 1);
    EXPECT_TRUE(done.is_verified);
    EXPECT_EQ(await(other_messages.count(where(&Message::id) == old.id)), 0);
}

TEST_P(Transfer, WhatSomebodyElseStoresMeanwhileIsNotVerified) {
    fill(from, {.leads = 3});
    Receiver receiver(to, kAuditKey, "MX", {}, {});
    await(receiver.prepare());
    Snapshot snapshot(from);
    while (auto record = await(snapshot.next())) await(receiver.take(std::move(*record)));
    EXPECT_TRUE(await(receiver.verify()));
    talk(other_leads, numbered_phone(1), "not of the source");
    EXPECT_FALSE(await(receiver.verify()));
}

TEST(TransferOfAnEarlierSystem, IsKeptAsFarAsTheEngineCan) {
    Engine predecessor("mongodb");
    predecessor.insert_foreign(
        lead_collection(), foreign(R"({"_id":"0123456789abcdef01234567","lead_id":"+525512345678",
                    "current_stage":"0 - initial_contact","full_name":null,"message_count":1,
                    "recent_history":[{"role":"lead","content":"hola","tokens":0,
                                       "timestamp":"2026-01-01T10:00:00"}],
                    "last_interaction_at":"2026-01-01T10:00:00","created_at":"2026-01-01T10:00:00",
                    "updated_at":"2026-01-01T10:00:00","score":7})"));
    predecessor.insert_foreign(
        lead_collection(), foreign(R"({"_id":"0123456789abcdef01234568","lead_id":"+525512345679",
                                       "current_stage":"of another system"})"));
    const std::string file = backup_of(predecessor.store());

    Engine mongodb("mongodb");
    EXPECT_TRUE(restore(mongodb.store(), file).is_verified);
    const Document kept =
        mongodb.stored(lead_collection(), ObjectId::parse("0123456789abcdef01234567").value());
    EXPECT_EQ(scalar_at(kept, "score"), Scalar(std::int64_t{7}));
    EXPECT_EQ(scalar_at(kept, "version"), Scalar());
    EXPECT_TRUE(std::holds_alternative<Timestamp>(scalar_at(kept, "created_at")));
    EXPECT_EQ(await(LeadRepository(mongodb.store()).count()), 2);

    Engine sqlite("sqlite");
    const Transferred done = restore(sqlite.store(), file);
    EXPECT_TRUE(done.is_verified);
    EXPECT_EQ(done.received.shortened, 1);
    EXPECT_EQ(done.received.unreadable, 1);
    // It goes on there: the lead is adopted by its next turn.
    LeadRepository leads(sqlite.store());
    Turn turn{*await(leads.get_by_phone(kPhone)), {said("otra vez")}};
    EXPECT_EQ(await(leads.commit_turn(std::move(turn))).lead.message_count, 2);
}

}  // namespace
}  // namespace rapport::testing
