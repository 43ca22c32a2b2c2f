#include "rapport/repository/personal_data.hpp"

#include <fmt/format.h>
#include <gmock/gmock-matchers.h>
#include <boost/json/parse.hpp>

#include "rapport/core/error.hpp"
#include "tests/repository/repository_test.hpp"

namespace rapport::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class Personal : public RepositoryTest {
  protected:
    PersonalData data{engine.store(), kAuditKey};
    AuditLog audit{engine.store(), kAuditKey};

    /// A lead that everything is known of: the n-th turn says `secret n`.
    Lead known(int turns, const std::string& phone = kPhone) {
        Lead lead = await(leads.get_or_create(phone, "Zoraida Quetzal"));
        for (int i = 0; i < turns; ++i) {
            Turn turn{lead, {said("secret " + std::to_string(i), std::chrono::minutes(i))}};
            turn.messages.front().lead_id = phone;
            turn.messages.front().attachment = Attachment{"image", "secret.jpg"};
            turn.lead.current_stage = SalesStage::kQualified;
            turn.lead.next_followup_at = kStart;
            turn.lead.handoff_reason = "secret reason";
            Signal signal;
            signal.dimension = SignalDimension::kBudget;
            signal.extracted_value = "secret budget";
            turn.signals = {signal};
            lead = await(leads.commit_turn(std::move(turn))).lead;
        }
        return lead;
    }
    std::string exported(const std::string& phone = kPhone) {
        std::string text;
        await(data.export_lead(phone, [&](std::string_view piece) { text += piece; }));
        return text;
    }
    std::vector<Message> all_messages() {
        return await(
            messages.find_many({}, {.limit = 0, .sort = MessageRepository::newest_first()}));
    }
    /// As `import` does it.
    std::int64_t restore(const std::string& text, bool erased = false) {
        std::vector<Message> exported_messages;
        JsonListReader reader("messages", [&](const Document& message) {
            exported_messages.push_back(from_document<Message>(message));
        });
        reader.read(text);
        const Document rest = reader.finish();
        PersonalData::ExportedLead lead;
        for (BsonReader in(rest); !in.at_end();) {
            const BsonElement member = in.next();
            if (member.name() == "lead") {
                lead.lead = from_document<Lead>(Document{std::string(member.as_nested())});
            } else if (member.name() == "signal_pages") {
                for (BsonReader pages(member.as_nested()); !pages.at_end();) {
                    lead.signal_pages.push_back(
                        from_document<SignalPage>(Document{std::string(pages.next().as_nested())}));
                }
            }
        }
        auto at = exported_messages.begin();
        const auto next = [&]() -> std::optional<Message> {
            if (at == exported_messages.end()) return std::nullopt;
            return *at++;
        };
        return await(data.restore_lead(lead, next, {erased, "tester"}));
    }
};

ON_EVERY_ENGINE(PersonalData, Personal);

TEST_P(Personal, IsGivenOutWhole) {
    known(3);
    await(messages.save_messages({said("secret that no lead has counted", std::chrono::hours(1))}));
    const auto document = boost::json::parse(exported());
    EXPECT_EQ(document.at("format"), "rapport-export");
    EXPECT_EQ(document.at("lead").at("handoff_reason"), "secret reason");
    EXPECT_EQ(document.at("lead").at("signals").as_array().size(), 3U);
    EXPECT_EQ(document.at("derived").at("current_stage"), document.at("lead").at("current_stage"));
    EXPECT_EQ(document.at("derived").at("bant_summary").at("budget").at("extracted_value"),
              "secret budget");
    ASSERT_EQ(document.at("messages").as_array().size(), 4U);
    EXPECT_EQ(document.at("messages").at(0).at("content"), "secret 0");
    EXPECT_EQ(document.at("messages").at(0).at("attachment").at("name"), "secret.jpg");
    EXPECT_EQ(document.at("messages").at(3).at("content"), "secret that no lead has counted");
    EXPECT_EQ(document.at("counts").at("messages"), 4);
    EXPECT_EQ(exported("+525599990000"), "");
}

TEST_P(Personal, OfAnEarlierSystemCanBeChangedAfterItsImport) {
    engine.insert_foreign(lead_collection(),
                          foreign(R"({"_id": "0123456789abcdef01234567", "lead_id": "+525512345678",
        "current_stage": "1 - discovery", "recent_history": [], "signals": [], "message_count": 4,
        "handoff_status": "none", "last_interaction_at": "2026-01-01T00:00:00.000Z",
        "created_at": "2026-01-01T00:00:00.000Z", "updated_at": "2026-01-01T00:00:00.000Z"})"));
    const std::string text = exported();
    ASSERT_TRUE(await(data.erase_lead(kPhone, "Ana")));
    restore(text, true);
    const Lead lead = await(leads.get_by_phone(kPhone)).value();
    EXPECT_EQ(lead.message_count, 4);
    await(leads.commit_turn({lead, {said("hola")}}));
    EXPECT_EQ(await(leads.get_by_phone(kPhone))->message_count, 5);
}

TEST_P(Personal, IsGivenOutAlsoWhereItCannotBeRead) {
    const auto broken = foreign(R"({"_id":"0123456789abcdef01234567","lead_id":"+525512345678",
                                    "current_stage":"of another system","full_name":"Ana"})");
    engine.insert_foreign(lead_collection(), broken);
    const auto document = boost::json::parse(exported());
    EXPECT_EQ(document.at("lead").at("current_stage"), "of another system");
    EXPECT_FALSE(document.as_object().contains("derived"));
}

TEST_P(Personal, IsFoundNowhereAfterAnErasure) {
    known(60);
    known(60, numbered_phone(1));
    await(messages.save_messages({said("secret that no lead has counted")}));
    EXPECT_THAT(engine.everything(), HasSubstr("secret 7"));
    const auto done = await(data.erase_lead("55 1234 5678", "Ana"));
    ASSERT_TRUE(done);
    EXPECT_TRUE(done->from_log);
    ASSERT_TRUE(await(data.erase_lead(numbered_phone(1), "Ana")));
    EXPECT_THAT(engine.everything(), AllOf(Not(HasSubstr("secret")), Not(HasSubstr("5512345678")),
                                           Not(HasSubstr(numbered_phone(1))),
                                           Not(HasSubstr("Zoraida")), HasSubstr("Ana")));
    EXPECT_TRUE(await(data.count(kPhone)).nothing());
}

/// A lead of an old spelling that stays beside the one of today until they are merged.
TEST_P(Personal, InTwoSpellingsIsCountedAndErasedAsOne) {
    const Lead today = known(2);
    Lead old = today;
    old.id = ObjectId::generate();
    old.lead_id = "+5215512345678";
    engine.insert_foreign(lead_collection(), to_document(old));
    EXPECT_EQ(await(data.count(kPhone)), (Holdings{2, 2, 4}));
    EXPECT_THAT(error_of<VersionConflict>([&] { exported(); }),
                AllOf(HasSubstr("2 leads have this number"), HasSubstr("rapport migrate --merge"),
                      Not(HasSubstr("5512345678"))));
    const auto done = await(data.erase_lead(kPhone, "Ana"));
    ASSERT_TRUE(done);
    EXPECT_EQ(done->audit.leads, 2);
    EXPECT_EQ(done->audit.messages, 2);
    EXPECT_EQ(done->audit.signals, 4);
    EXPECT_FALSE(await(leads.get_by_phone(kPhone)));
    EXPECT_THAT(engine.everything(), AllOf(Not(HasSubstr("secret")), Not(HasSubstr("Zoraida"))));
}

TEST_P(Personal, LeavesAnEntryThatSaysNothingOfThem) {
    known(3);
    const auto done = await(data.erase_lead(kPhone, "Ana")).value();
    const auto entry = await(audit.last(kPhone)).value();
    EXPECT_EQ(entry.action, AuditAction::kErased);
    EXPECT_EQ(entry.by, "Ana");
    EXPECT_EQ(entry.leads, 1);
    EXPECT_EQ(entry.messages, 3);
    EXPECT_EQ(entry.signals, 3);
    EXPECT_TRUE(entry.finished_at);
    EXPECT_EQ(entry.person.size(), 64U);
    EXPECT_EQ(entry.id, done.audit.id);
    AuditLog other(engine.store(), std::string(64, 'o'));
    EXPECT_FALSE(await(other.last(kPhone))) << "the hash is keyed";
}

TEST_P(Personal, OfWhomNothingIsHeldGetsNoEntry) {
    EXPECT_FALSE(await(data.erase_lead(kPhone, "Ana")));
    EXPECT_FALSE(await(audit.last(kPhone)));
}

TEST_P(Personal, IsNotErasedWithoutAKeyOrAName) {
    known(1);
    PersonalData without(engine.store(), "");
    EXPECT_THAT(error_of<InvalidArgument>([&] { await(without.erase_lead(kPhone, "Ana")); }),
                AllOf(HasSubstr("AUDIT_KEY"), HasSubstr("openssl rand -hex 32")));
    EXPECT_THROW(await(data.erase_lead(kPhone, "")), InvalidArgument);
    EXPECT_THROW(await(data.erase_lead(kPhone, "two\nlines")), InvalidArgument);
    EXPECT_EQ(await(data.count(kPhone)).leads, 1);
}

TEST_P(Personal, ErasingAgainFinishesWhatWasCutShort) {
    known(2);
    AuditEntry begun;
    begun.by = "Ana";
    begun.messages = 2;
    await(audit.begin(kPhone, begun));
    await(leads.erase(kPhone));
    const auto done = await(data.erase_lead(kPhone, "Luis"));
    ASSERT_TRUE(done);
    EXPECT_EQ(done->audit.messages, 2);
    const auto entry = await(audit.last(kPhone)).value();
    EXPECT_TRUE(entry.finished_at);
    EXPECT_EQ(entry.by, "Ana");
    EXPECT_FALSE(await(data.erase_lead(kPhone, "Luis")));
}

TEST_P(Personal, ComesBackAsItWas) {
    const Lead before = known(60);
    await(messages.save_messages({said("secret that no lead has counted")}));
    const Lead lead_before = await(leads.get_by_phone(kPhone)).value();
    const auto messages_before = all_messages();
    const std::string text = exported();
    await(data.erase_lead(kPhone, "Ana"));
    EXPECT_THAT(error_of<PersonErased>([&] { restore(text); }),
                AllOf(HasSubstr("--restore-erased"), Not(HasSubstr("5512345678"))));
    EXPECT_EQ(all_messages().size(), 0U);
    EXPECT_EQ(restore(text, true), 61);
    Lead lead = await(leads.get_by_phone(kPhone)).value();
    EXPECT_NE(lead.id, before.id) << "nothing from before the erasure may match it";
    auto messages_now = all_messages();
    for (Message& message : messages_now) {
        if (!message.lead_ref) continue;
        EXPECT_EQ(message.lead_ref, lead.id);
        message.lead_ref = before.id;
    }
    EXPECT_TRUE(messages_now == messages_before);
    lead.id = before.id;
    EXPECT_TRUE(lead == lead_before) << to_json(lead) << "\n" << to_json(lead_before);
    const auto entry = await(audit.last(kPhone)).value();
    EXPECT_EQ(entry.action, AuditAction::kRestored);
    EXPECT_EQ(entry.by, "tester");
    EXPECT_EQ(entry.messages, 61);
    EXPECT_EQ(restore(text), 0) << "again: nothing is doubled";
    await(leads.finish_erasures());
    EXPECT_EQ(all_messages().size(), 61U) << "what finishes the erasure leaves it alone";
}

TEST_P(Personal, GoesOnWithAnImportThatWasCutShort) {
    known(60);
    const std::string text = exported();
    await(data.erase_lead(kPhone, "Ana"));
    restore(text, true);
    const Filter<Message> some = where(&Message::seq) > std::int64_t{10};
    await(engine.store().remove({&message_collection(), some.node()}));
    EXPECT_EQ(restore(text), 50);
    EXPECT_EQ(all_messages().size(), 60U);
}

TEST_P(Personal, OfManySignalsComesBackWithAllOfThem) {
    Lead lead = known(1);
    const auto learnt = std::ssize(lead.signals);
    for (int i = 0; i < 600; ++i) {
        lead.add_signal({.extracted_value = std::to_string(i), .raw_evidence = "secret words"});
    }
    const Lead before = await(leads.save(lead));
    ASSERT_TRUE(before.earlier_signals);
    EXPECT_EQ(await(data.count(kPhone)).signals, learnt + 600);
    const auto values = [&](const Lead& of) {
        std::vector<std::string> values;
        for (const Signal& signal : await(leads.all_signals(of))) {
            values.push_back(signal.extracted_value);
        }
        return values;
    };
    const auto all = values(before);
    const std::string text = exported();
    EXPECT_THAT(text, HasSubstr(fmt::format(R"("signals":{}}})", learnt + 600)));
    EXPECT_EQ(await(data.erase_lead(kPhone, "Ana")).value().audit.signals, learnt + 600);
    EXPECT_THAT(engine.everything(), Not(HasSubstr("secret")));

    restore(text, true);
    const Lead after = await(leads.get_by_phone(kPhone)).value();
    EXPECT_NE(after.id, before.id);
    EXPECT_EQ(after.earlier_signals, before.earlier_signals);
    EXPECT_EQ(values(after), all);
    restore(text);
    EXPECT_EQ(values(after), all);
}

TEST_P(Personal, AnErasureDuringAnImportWins) {
    known(1200);
    std::vector<Message> every = all_messages();
    const Lead lead = await(leads.get_by_phone(kPhone)).value();
    await(data.erase_lead(kPhone, "Ana"));
    PersonalData other(engine.store(), kAuditKey);
    auto at = every.begin();
    const auto next = [&]() -> std::optional<Message> {
        if (at - every.begin() == 700) EXPECT_TRUE(await(other.erase_lead(kPhone, "Luis")));
        if (at == every.end()) return std::nullopt;
        return *at++;
    };
    EXPECT_THROW(await(data.restore_lead({lead}, next, {true, "tester"})), VersionConflict);
    EXPECT_THAT(engine.everything(), AllOf(Not(HasSubstr("secret")), Not(HasSubstr("5512345678"))));
}

TEST_P(Personal, WritesAgainAndIsNewAndAnOldExportDoesNotTakeTheirPlace) {
    const Lead before = known(2);
    const std::string text = exported();
    await(data.erase_lead(kPhone, "Ana"));
    const Lead after = known(1);
    EXPECT_NE(after.id, before.id);
    EXPECT_EQ(after.message_count, 1);
    EXPECT_THROW(restore(text), PersonErased);
    EXPECT_THROW(restore(text, true), VersionConflict);
    EXPECT_EQ(all_messages().size(), 1U);
}

TEST_P(Personal, ThatAnotherKeyMayHaveErasedIsRefused) {
    known(1);
    await(data.erase_lead(kPhone, "Ana"));
    const auto refusal = [&](const std::string& key) {
        return error_of<InvalidArgument>([&] {
            await(PersonalData(engine.store(), key)
                      .restore_lead({new_lead()}, [] { return std::optional<Message>(); }, {}));
        });
    };
    EXPECT_THAT(refusal(std::string(64, 'o')), HasSubstr("another AUDIT_KEY"));
    EXPECT_THAT(refusal(""), HasSubstr("AUDIT_KEY: not set"));
}

TEST_P(Personal, MovesToADatabaseThatNeverErasedThemWithTheSameId) {
    const Lead before = known(3);
    const std::string text = exported();
    await(leads.delete_by_id(before.id.to_string()));
    await(messages.delete_messages_for_lead(kPhone));
    EXPECT_EQ(restore(text), 3);
    EXPECT_EQ(await(leads.get_by_phone(kPhone))->id, before.id);
}

}  // namespace
}  // namespace rapport::testing
