#include <algorithm>

#include "tests/repository/repository_test.hpp"

namespace rapport::testing {
namespace {

using std::chrono::days;
using std::chrono::hours;

class Lists : public RepositoryTest {
  protected:
    Lead store_lead(int n, const std::function<void(Lead&)>& change) {
        Lead lead = new_lead(numbered_phone(n));
        change(lead);
        return await(leads.create(lead));
    }

    /// The numbers, as given to store_lead, of a list's leads.
    static std::vector<int> numbers(const std::vector<Lead>& found) {
        std::vector<int> all;
        for (const Lead& lead : found)
            all.push_back(std::stoi(lead.lead_id.substr(5)) - 10'000'000);
        return all;
    }
};

ON_EVERY_ENGINE(LeadRepository, Lists);

TEST_P(Lists, ByStageHasTheLatestInteractionFirst) {
    for (const int n : {2, 0, 3, 1}) {
        store_lead(n, [n](Lead& lead) {
            lead.current_stage = SalesStage::kDiscovery;
            lead.last_interaction_at = kStart + hours(n);
        });
    }
    store_lead(9, [](Lead& lead) { lead.last_interaction_at = kStart + hours(9); });
    const auto list = [&](std::int64_t limit, std::int64_t skip) {
        return numbers(await(leads.get_leads_by_stage(SalesStage::kDiscovery, limit, skip)));
    };
    EXPECT_EQ(list(100, 0), (std::vector<int>{3, 2, 1, 0}));
    EXPECT_EQ(list(2, 0), (std::vector<int>{3, 2}));
    EXPECT_EQ(list(2, 1), (std::vector<int>{2, 1}));
    EXPECT_EQ(list(2, 4), (std::vector<int>{}));
    EXPECT_THROW(list(-1, 0), InvalidArgument);
    EXPECT_THROW(list(1, -1), InvalidArgument);
}

TEST_P(Lists, ByStageGivesTiesOneOrder) {
    std::vector<Lead> made;
    for (int n = 0; n < 6; ++n) {
        made.push_back(store_lead(n, [](Lead& lead) { lead.last_interaction_at = kStart; }));
    }
    std::ranges::sort(made, std::greater{}, &Lead::id);
    std::vector<Lead> paged;
    for (std::int64_t skip = 0; skip < 6; skip += 2) {
        const auto page = await(leads.get_leads_by_stage(SalesStage::kInitialContact, 2, skip));
        paged.insert(paged.end(), page.begin(), page.end());
    }
    EXPECT_EQ(lead_ids(paged), lead_ids(made));
}

TEST_P(Lists, TheDefaultLimitIsAHundred) {
    std::vector<Lead> many;
    for (int n = 0; n < 101; ++n) {
        many.push_back(new_lead(numbered_phone(n)));
        many.back().next_followup_at = kStart;
    }
    await(leads.bulk_create(many));
    EXPECT_EQ(await(leads.get_leads_by_stage(SalesStage::kInitialContact)).size(), 100U);
    EXPECT_EQ(await(leads.get_leads_needing_followup()).size(), 100U);
    EXPECT_EQ(await(leads.find_many()).size(), 100U);
    EXPECT_EQ(await(leads.find_many({}, {.limit = 0})).size(), 101U);
}

TEST_P(Lists, DueOnesComeEarliestFirstAndTheMomentItselfIsIncluded) {
    for (const int n : {3, 1, 2, 0}) {
        store_lead(n, [n](Lead& lead) { lead.next_followup_at = kStart + hours(n); });
    }
    store_lead(9, [](Lead&) {});
    EXPECT_EQ(numbers(await(leads.get_leads_needing_followup(kStart + hours(2)))),
              (std::vector<int>{0, 1, 2}));
    EXPECT_EQ(numbers(await(leads.get_leads_needing_followup(kStart + hours(2), 2))),
              (std::vector<int>{0, 1}));
    EXPECT_EQ(numbers(await(leads.get_leads_needing_followup())), (std::vector<int>{0, 1, 2, 3}));
    EXPECT_TRUE(await(leads.get_leads_needing_followup(kStart - hours(1))).empty());
}

TEST_P(Lists, TheFollowUpIndexHoldsOnlyLeadsWithAFollowUp) {
    for (int n = 0; n < 3; ++n) {
        store_lead(n, [n](Lead& lead) {
            if (n == 0) lead.next_followup_at = kStart;
        });
    }
    EXPECT_EQ(engine.entries_of("leads", "idx_followup_page"), 1);
    Lead lead = await(leads.get_by_phone(numbered_phone(0))).value();
    lead.next_followup_at.reset();
    await(leads.save(lead));
    EXPECT_EQ(engine.entries_of("leads", "idx_followup_page"), 0);
}

TEST_P(Lists, StaleOnesComeOldestFirstWithoutThoseThatAreClosed) {
    const Timestamp today = now();
    const auto quiet_for = [&](int n, SalesStage stage) {
        store_lead(n, [&](Lead& lead) {
            lead.current_stage = stage;
            lead.last_interaction_at = today - days(n);
        });
    };
    quiet_for(29, SalesStage::kDiscovery);
    quiet_for(31, SalesStage::kQualified);
    quiet_for(40, SalesStage::kInitialContact);
    quiet_for(50, SalesStage::kClosedWon);
    quiet_for(60, SalesStage::kClosedLost);
    quiet_for(70, SalesStage::kOnHold);
    EXPECT_EQ(numbers(await(leads.get_stale_leads())), (std::vector<int>{70, 40, 31}));
    EXPECT_EQ(numbers(await(leads.get_stale_leads(45))), (std::vector<int>{70}));
    EXPECT_EQ(numbers(await(leads.get_stale_leads(45, {}))), (std::vector<int>{70, 60, 50}));
    EXPECT_EQ(numbers(await(leads.get_stale_leads(0, {SalesStage::kOnHold}, 2))),
              (std::vector<int>{60, 50}));
    EXPECT_THROW(await(leads.get_stale_leads(-1)), InvalidArgument);
}

TEST_P(Lists, HighIntentOnesComeWithMostMessagesFirst) {
    const auto with_messages = [&](int n, SalesStage stage) {
        store_lead(n, [&](Lead& lead) {
            lead.current_stage = stage;
            lead.message_count = n;
        });
    };
    with_messages(4, SalesStage::kDiscovery);
    with_messages(5, SalesStage::kDiscovery);
    with_messages(7, SalesStage::kDemoScheduled);
    with_messages(6, SalesStage::kQualified);
    with_messages(99, SalesStage::kClosedWon);
    with_messages(98, SalesStage::kInitialContact);
    EXPECT_EQ(numbers(await(leads.get_high_intent_leads())), (std::vector<int>{7, 6, 5}));
    EXPECT_EQ(numbers(await(leads.get_high_intent_leads(6))), (std::vector<int>{7, 6}));
    EXPECT_EQ(numbers(await(leads.get_high_intent_leads(1, {SalesStage::kClosedWon}))),
              (std::vector<int>{99}));
    EXPECT_EQ(numbers(await(leads.get_high_intent_leads(1, {}))), (std::vector<int>{}));
    EXPECT_EQ(numbers(await(leads.get_high_intent_leads(0, {SalesStage::kDiscovery}, 1))),
              (std::vector<int>{5}));
}

TEST_P(Lists, APageOfAListIsPartOfTheList) {
    for (int n = 0; n < 5; ++n) {
        store_lead(n, [n](Lead& lead) { lead.last_interaction_at = kStart + hours(n % 2); });
    }
    const auto list = await(leads.get_leads_by_stage(SalesStage::kInitialContact));
    const auto filter = LeadRepository::in_stage(SalesStage::kInitialContact);
    const auto sort = LeadRepository::latest_interaction_first();
    auto page = await(leads.find_page(filter, sort, {}, 2));
    std::vector<Lead> paged = page.items;
    while (page.next) {
        page = await(leads.find_page(filter, sort, *page.next, 2));
        paged.insert(paged.end(), page.items.begin(), page.items.end());
    }
    EXPECT_EQ(paged, list);
}

}  // namespace
}  // namespace rapport::testing
