#include "rapport/repository/retention.hpp"
#include "rapport/repository/snapshot.hpp"
#include "tests/repository/plan_probe.hpp"
#include "tests/repository/repository_test.hpp"
#include "tests/store/temporary_folder.hpp"

namespace rapport::testing {
namespace {

constexpr int kLeads = 100'000;
constexpr int kMessages = 200'000;

class QueryPlan : public ::testing::TestWithParam<std::string> {
  protected:
    void SetUp() override {
        await(manager.connect());
        await(manager.create_indexes());
        probe->fill(kLeads, kMessages);
        ASSERT_EQ(await(LeadRepository(manager.database()).count()), kLeads);
        ASSERT_EQ(await(MessageRepository(manager.database()).count()), kMessages);
    }

    void TearDown() override { await(manager.disconnect()); }

    void ask_for_leads();
    void ask_for_pages();
    void ask_for_messages();
    void ask_for_everything();

    /// Of messages that wait for an archive, of which none is due.
    Settings settings() const {
        Settings settings = database.settings();
        settings.archive_dir = archive.path();
        settings.message_retention_days = 24'855;
        return settings;
    }

    TemporaryFolder archive;
    OwnDatabase database{GetParam()};
    DatabaseManager manager{settings(), database.url()};
    std::unique_ptr<PlanProbe> probe =
        database.is_sqlite() ? make_sqlite_probe(manager)
                             : make_mongodb_probe(manager, database.settings().mongodb_database);
};

ON_EVERY_ENGINE(LeadRepository, QueryPlan);

void QueryPlan::ask_for_leads() {
    LeadRepository leads(manager.database());
    const Timestamp half = kStart + std::chrono::seconds(kLeads / 2);
    Lead lead = await(leads.get_or_create(numbered_phone(5)));
    await(leads.get_or_create(numbered_phone(kLeads + 1)));
    await(leads.get_by_phone(numbered_phone(kLeads + 2)));
    lead.full_name = "Zoë";
    lead = await(leads.save(lead));
    await(leads.find_by_id(lead.id.to_string()));
    await(leads.update_stage(lead.lead_id, SalesStage::kQualified));
    await(leads.update_stage(numbered_phone(kLeads + 2), SalesStage::kQualified));
    await(leads.get_leads_by_stage(SalesStage::kDiscovery));
    await(leads.get_leads_by_stage(SalesStage::kDiscovery, 20, 40));
    await(leads.get_leads_needing_followup());
    await(leads.get_leads_needing_followup(half, 20));
    await(leads.get_stale_leads());
    await(leads.get_stale_leads(1, {}));
    await(leads.get_stale_leads(1, {SalesStage::kOnHold}, 20));
    await(leads.get_high_intent_leads());
    await(leads.get_high_intent_leads(40, {SalesStage::kDiscovery}, 20));
    await(leads.count_by_stage());
    await(leads.count());
    await(leads.count(LeadRepository::in_stage(SalesStage::kOnHold)));
    await(leads.count(LeadRepository::due_by(half)));
    await(leads.find_one({}));
    await(leads.find_many());
    Message first = said("hello");
    first.lead_id = lead.lead_id;
    first.external_id = "wamid.1";
    lead = await(leads.get_by_phone(lead.lead_id)).value();
    const Lead talked = await(leads.commit_turn({lead, {first}})).lead;
    EXPECT_TRUE(await(leads.commit_turn({talked, {first}})).replayed);
    lead = talked;
    for (int i = 0; i <= 500; ++i) lead.add_signal({.extracted_value = "a fact"});
    lead = await(leads.save(lead));
    EXPECT_EQ(await(leads.all_signals(lead)).size(), 501U);
    EXPECT_EQ(await(leads.erase(lead.lead_id)).leads, 1);
    EXPECT_EQ(await(leads.erase(lead.lead_id)).leads, 0);
    await(leads.finish_erasures());
    await(leads.delete_by_id(lead.id.to_string()));
}

void QueryPlan::ask_for_pages() {
    LeadRepository leads(manager.database());
    const Timestamp half = kStart + std::chrono::seconds(kLeads / 2);
    const auto open_stages = LeadRepository::stale_since(half, {SalesStage::kClosedLost});
    const std::vector<std::pair<Filter<Lead>, Sort<Lead>>> lists = {
        {LeadRepository::in_stage(SalesStage::kDiscovery),
         LeadRepository::latest_interaction_first()},
        {LeadRepository::any_stage(), LeadRepository::latest_interaction_first()},
        {LeadRepository::due_by(half), LeadRepository::earliest_followup_first()},
        {open_stages, LeadRepository::oldest_interaction_first()},
        {LeadRepository::high_intent(5, {SalesStage::kDiscovery, SalesStage::kQualified}),
         LeadRepository::most_messages_first()},
        {{}, {}},
    };
    for (const auto& [filter, sort] : lists) {
        auto page = await(leads.find_page(filter, sort, {}, 20));
        for (int i = 0; i < 3; ++i) {
            page = await(leads.find_page(filter, sort, page.next.value(), 20));
        }
        page = await(leads.find_page(filter, sort, page.previous.value(), 20));
        EXPECT_EQ(page.items.size(), 20U);
    }
    await([](LeadRepository& all) -> Async<void> {
        auto stream = all.stream(LeadRepository::in_stage(SalesStage::kOnHold),
                                 LeadRepository::latest_interaction_first());
        for (int i = 0; i < 1'001; ++i) co_await stream.next();
    }(leads));
}

void QueryPlan::ask_for_messages() {
    MessageRepository messages(manager.database());
    const std::string busy = numbered_phone(0);
    const Timestamp half = kStart + std::chrono::seconds(kMessages / 20);
    Message message = said("hello");
    message.lead_id = busy;
    message.external_id = "wamid.1";
    const auto saved = await(messages.save_messages({message}));
    await(messages.save_messages(saved));
    await(messages.save_messages({message}));
    await(messages.find_by_id(saved[0].id.to_string()));
    await(messages.get_recent_messages(busy));
    auto page = await(messages.get_conversation_history(busy, 20));
    page = await(messages.get_conversation_history(busy, 20, *page.next));
    page = await(messages.get_conversation_history(busy, 20, half));
    page = await(messages.get_conversation_history(busy, 20, *page.next));
    EXPECT_EQ(page.messages.size(), 20U);
    await(messages.get_messages_by_role(busy, MessageRole::kAssistant, 20));
    await(messages.get_messages_in_timerange(busy, half, half + std::chrono::hours(1)));
    EXPECT_GT(await(messages.count_messages_for_lead(busy)), kMessages / 10);
    await(messages.get_total_tokens_for_lead(busy));
    await(messages.get_average_response_time(busy));
    await(messages.get_average_response_time(busy, std::nullopt));
    await(LeadRepository(manager.database()).rebuild_history(busy));
    EXPECT_EQ(await(count_due(manager.database(), now() - std::chrono::days(36'500))), 0);
    await(archive_due(manager.database(), MessageArchive(archive.path()),
                      now() - std::chrono::days(36'500)));
    await(messages.delete_messages_for_lead(numbered_phone(77)));
}

/// Some pieces of it, with those of a lead of more messages than a piece holds.
void QueryPlan::ask_for_everything() {
    await([](Store& store) -> Async<void> {
        Snapshot snapshot(store);
        for (int i = 0; i < 30'000; ++i) co_await snapshot.next();
    }(manager.database()));
}

TEST_P(QueryPlan, EveryQueryRunsThroughAnIndexAndNoneSortsInMemory) {
    probe->start();
    ask_for_leads();
    ask_for_pages();
    ask_for_messages();
    ask_for_everything();
    const auto plans = probe->plans();
    EXPECT_GT(plans.size(), 30U) << "the probe must see what it judges";
    for (const Plan& plan : plans) {
        EXPECT_TRUE(plan.uses_index) << plan.plan << "\n" << plan.statement;
        EXPECT_FALSE(plan.sorts_in_memory) << plan.plan << "\n" << plan.statement;
    }
}

}  // namespace
}  // namespace rapport::testing
