#include "tests/repository/repository_test.hpp"

namespace rapport::testing {
namespace {

constexpr std::string_view kPredecessorLead = R"({
    "_id": "507f1f77bcf86cd799439011", "lead_id": "+5215512345678", "full_name": null,
    "current_stage": "1 - discovery",
    "recent_history": [{"role": "lead", "content": "hola", "tokens": 0,
                        "timestamp": "2024-03-01T10:00:00", "lead_id": "+5215512345678"}],
    "signals": [], "message_count": 1, "next_followup_at": null,
    "last_interaction_at": "2024-03-01T10:00:00+00:00", "handoff_status": "none",
    "handoff_requested_at": null, "handoff_reason": null, "handoff_assigned_to": null,
    "created_at": "2024-03-01T09:00:00.123456", "updated_at": "2024-03-01T10:00:00.123456",
    "is_hot": true, "campaign": {"source": "fair", "tags": ["a", null]}})";

constexpr std::string_view kOldMessage = R"({
    "_id": "507f1f77bcf86cd799439012", "lead_id": "+5215512345678", "role": "lead",
    "content": "hola", "tokens": 3, "timestamp": "2024-03-01T10:00:00",
    "created_at": "2024-03-01T10:00:00.5", "updated_at": "2024-03-01T10:00:00.5",
    "attachment": null, "channel": "whatsapp"})";

const std::string kPredecessorId = "507f1f77bcf86cd799439011";

class Predecessor : public RepositoryTest {
  protected:
    void SetUp() override {
        engine.insert_foreign(lead_collection(), foreign(kPredecessorLead));
        engine.insert_foreign(message_collection(), foreign(kOldMessage));
    }
    Lead old_lead() { return await(leads.find_by_id(kPredecessorId)).value(); }
};

ON_EVERY_ENGINE(LeadRepository, Predecessor);

TEST_P(Predecessor, ItsLeadIsReadWithItsDatesAndWithoutAVersion) {
    const Lead lead = old_lead();
    EXPECT_EQ(lead.version, 0);
    EXPECT_EQ(to_iso8601(lead.created_at), "2024-03-01T09:00:00.123Z");
    EXPECT_EQ(to_iso8601(lead.last_interaction_at), "2024-03-01T10:00:00.000Z");
    EXPECT_FALSE(lead.full_name);
    EXPECT_FALSE(lead.next_followup_at);
    EXPECT_EQ(lead.recent_history[0].content, "hola");
}

TEST_P(Predecessor, ItsLeadAndMessagesAreFoundUnderTheNumberOfToday) {
    const auto lead = await(leads.get_by_phone(kPhone));
    ASSERT_TRUE(lead);
    EXPECT_EQ(lead->id.to_string(), kPredecessorId);
    EXPECT_EQ(lead->lead_id, kPhone);
    EXPECT_EQ(lead->version, 1) << "a moved lead is a changed one";
    EXPECT_EQ(contents(await(messages.get_recent_messages(kPhone))),
              (std::vector<std::string>{"hola"}));
    EXPECT_EQ(await(leads.count()), 1);
}

TEST_P(Predecessor, ItsLeadIsNotMadeASecondTime) {
    EXPECT_EQ(await(leads.get_or_create("+52 55 1234 5678")).id.to_string(), kPredecessorId);
    EXPECT_THROW(await(leads.save(new_lead())), VersionConflict);
    EXPECT_THROW(await(leads.create(new_lead())), DuplicateKey);
    EXPECT_EQ(await(leads.count()), 1);
}

TEST_P(Predecessor, TwentyAtOnceMoveItOnceAndAllGetIt) {
    std::vector<Async<Lead>> calls;
    for (int i = 0; i < 20; ++i) calls.push_back(leads.get_or_create(kPhone));
    for (auto& outcome : run_together(std::move(calls))) {
        EXPECT_EQ(outcome.get().id.to_string(), kPredecessorId);
    }
    EXPECT_EQ(await(leads.count()), 1);
}

TEST_P(Predecessor, ItsStageIsUpdatedByTheNumberOfToday) {
    EXPECT_TRUE(await(leads.update_stage(kPhone, SalesStage::kQualified)));
    EXPECT_EQ(old_lead().current_stage, SalesStage::kQualified);
    EXPECT_EQ(await(leads.update_stage("+525500000000", SalesStage::kQualified)), false);
}

TEST_P(Predecessor, EveryReaderOfMessagesMovesThem) {
    EXPECT_EQ(await(messages.count_messages_for_lead(kPhone)), 1);
    EXPECT_EQ(await(messages.get_total_tokens_for_lead(kPhone)), 3);
    EXPECT_EQ(await(messages.get_conversation_history(kPhone)).messages.size(), 1U);
    EXPECT_EQ(await(leads.get_by_phone(kPhone))->lead_id, kPhone);
}

TEST_P(Predecessor, NewMessagesJoinTheOldOnes) {
    await(messages.save_messages({said("nueva", std::chrono::years(1))}));
    EXPECT_EQ(contents(await(messages.get_recent_messages(kPhone))),
              (std::vector<std::string>{"hola", "nueva"}));
}

TEST_P(Predecessor, SavingItsLeadGuardsItAndWritesTodaysForm) {
    Lead lead = old_lead();
    Message reply = said("reply");
    reply.lead_id.clear();
    lead.add_message(reply);
    const Lead saved = await(leads.save(lead));
    EXPECT_EQ(saved.version, 1);
    EXPECT_THROW(await(leads.save(lead)), VersionConflict) << "another copy without a version";

    const Document stored = engine.stored(lead_collection(), lead.id);
    for (BsonReader in(stored); !in.at_end();) {
        const BsonElement element = in.next();
        EXPECT_NE(element.type(), BsonType::kNull) << element.name();
        if (!engine.is_sqlite() && element.name().ends_with("_at")) {
            EXPECT_EQ(element.type(), BsonType::kDate) << element.name();
        }
    }
    EXPECT_EQ(await(leads.find_by_id(kPredecessorId))->message_count, 2);
}

TEST_P(Predecessor, ACopyIsStaleOnceItsOwnersAddedAMessage) {
    Lead lead = old_lead();
    Update<Lead> another_message;
    another_message.increment(where(&Lead::message_count), 1);
    // As the earlier system does: no version counts it.
    await(engine.store().update(
        {&lead_collection(), (where(&Lead::id) == lead.id).node(), another_message.changes()}));
    EXPECT_THROW(await(leads.save(lead)), VersionConflict);
}

TEST_P(Predecessor, MembersItKnowsAloneStayWhereTheyAre) {
    if (engine.is_sqlite()) return;  // a table has no members of others
    Lead lead = old_lead();
    lead.full_name = "Zoë";
    await(leads.save(lead));
    const std::string json = to_json(engine.stored(lead_collection(), lead.id));
    EXPECT_NE(json.find(R"("is_hot":true)"), std::string::npos) << json;
    EXPECT_NE(json.find(R"("campaign":{"source":"fair","tags":["a",null]})"), std::string::npos);
}

TEST_P(Predecessor, ALeadThatNeverCountedIsSavedToo) {
    engine.insert_foreign(lead_collection(), foreign(R"({
        "_id": "507f1f77bcf86cd799439013", "lead_id": "+525599999999", "message_count": null,
        "current_stage": "0 - initial_contact", "last_interaction_at": "2024-03-01T10:00:00",
        "created_at": "2024-03-01T10:00:00", "updated_at": "2024-03-01T10:00:00"})"));
    Lead lead = await(leads.get_by_phone("+525599999999")).value();
    lead.full_name = "Zoë";
    EXPECT_EQ(await(leads.save(lead)).version, 1);
}

TEST_P(Predecessor, DeletingItsMessagesLeavesNoText) {
    EXPECT_EQ(await(messages.delete_messages_for_lead(kPhone)), 1);
    EXPECT_EQ(await(messages.count()), 0);
    EXPECT_EQ(
        to_json(engine.stored(lead_collection(), *ObjectId::parse(kPredecessorId))).find("hola"),
        std::string::npos);
}

TEST_P(Predecessor, TwoLeadsOfOneNumberStayTwoAndAreBothReadable) {
    engine.insert_foreign(lead_collection(), foreign(R"({
        "_id": "507f1f77bcf86cd799439013", "lead_id": "+525512345678",
        "current_stage": "0 - initial_contact", "last_interaction_at": "2024-03-01T10:00:00",
        "created_at": "2024-03-01T10:00:00", "updated_at": "2024-03-01T10:00:00"})"));
    EXPECT_TRUE(await(messages.get_recent_messages(kPhone)).empty());
    EXPECT_EQ(await(leads.get_by_phone(kPhone))->id.to_string(), "507f1f77bcf86cd799439013");
    EXPECT_EQ(old_lead().lead_id, "+5215512345678");
}

}  // namespace
}  // namespace rapport::testing
