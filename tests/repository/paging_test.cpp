#include <algorithm>
#include <limits>
#include <random>

#include "tests/repository/repository_test.hpp"

namespace rapport::testing {
namespace {

using std::chrono::hours;

/// Every order the product pages in, and some that only ties and absent values make hard.
std::vector<std::pair<std::string, Sort<Lead>>> orders() {
    return {
        {"latest interaction", LeadRepository::latest_interaction_first()},
        {"earliest follow-up", LeadRepository::earliest_followup_first()},
        {"oldest interaction", LeadRepository::oldest_interaction_first()},
        {"most messages", LeadRepository::most_messages_first()},
        {"no order", {}},
        {"absent last", Sort<Lead>().descending(where(&Lead::next_followup_at))},
        {"two absent ones", Sort<Lead>()
                                .ascending(where(&Lead::full_name))
                                .descending(where(&Lead::next_followup_at))},
        {"nested in ties",
         Sort<Lead>().descending(where(&Lead::message_count)).ascending(where(&Lead::full_name))},
    };
}

class Paging : public RepositoryTest {
  protected:
    void SetUp() override {
        std::mt19937 random(11);
        std::vector<Lead> many;
        for (int n = 0; n < 40; ++n) {
            Lead lead = new_lead(numbered_phone(n));
            if (random() % 3 != 0) lead.next_followup_at = kStart + hours(random() % 3);
            if (random() % 2 != 0) lead.full_name = random() % 2 != 0 ? "a" : "b";
            lead.message_count = static_cast<std::int64_t>(random() % 3);
            lead.last_interaction_at = kStart + hours(random() % 4);
            many.push_back(lead);
        }
        await(leads.bulk_create(many));
    }
    std::vector<std::string> whole(const Sort<Lead>& sort) {
        Sort<Lead> total = sort;
        const bool descending = !sort.keys().empty() && sort.keys().back().descending;
        const auto id = where(&Lead::id);
        if (sort.keys().empty() || sort.keys().back().path != "_id") {
            descending ? total.descending(id) : total.ascending(id);
        }
        return lead_ids(await(leads.find_many({}, {.limit = 0, .sort = total})));
    }
};

ON_EVERY_ENGINE(LeadRepository, Paging);

TEST_P(Paging, ForwardAndBackwardGivesEveryRowOnceInOrder) {
    for (const auto& [name, sort] : orders()) {
        const auto expected = whole(sort);
        ASSERT_EQ(expected.size(), 40U);
        std::vector<std::string> forward;
        auto page = await(leads.find_page({}, sort, {}, 7));
        EXPECT_FALSE(page.previous) << name;
        while (true) {
            const auto ids = lead_ids(page.items);
            forward.insert(forward.end(), ids.begin(), ids.end());
            if (!page.next) break;
            page = await(leads.find_page({}, sort, *page.next, 7));
        }
        EXPECT_EQ(forward, expected) << name;

        std::vector<std::string> backward = lead_ids(page.items);
        while (page.previous) {
            page = await(leads.find_page({}, sort, *page.previous, 7));
            const auto ids = lead_ids(page.items);
            backward.insert(backward.begin(), ids.begin(), ids.end());
        }
        EXPECT_EQ(backward, expected) << name;
    }
}

TEST_P(Paging, RowsThatComeAndGoNeitherHideNorRepeatOthers) {
    for (const auto& [name, sort] : orders()) {
        const auto expected = whole(sort);
        std::vector<std::string> read;
        auto page = await(leads.find_page({}, sort, {}, 6));
        for (int round = 0;; ++round) {
            for (const std::string& id : lead_ids(page.items)) {
                if (std::ranges::find(expected, id) != expected.end()) read.push_back(id);
            }
            // One more on every side of the cursor, and then the row the cursor was made at goes.
            for (int side = 0; side < 4; ++side) {
                Lead lead = new_lead(numbered_phone(1'000 + 10 * round + side));
                lead.message_count = side;
                lead.last_interaction_at = kStart + hours(side);
                if (side % 2 == 0) lead.next_followup_at = kStart + hours(side);
                await(leads.create(lead));
            }
            if (!page.next) break;
            const Lead last = page.items.back();
            await(leads.delete_by_id(last.id.to_string()));
            page = await(leads.find_page({}, sort, *page.next, 6));
            await(leads.bulk_create({last}));
        }
        EXPECT_EQ(read, expected) << name;
        await(engine.store().remove(
            {&lead_collection(), (where(&Lead::lead_id) >= numbered_phone(1'000)).node()}));
    }
}

TEST_P(Paging, HasNoNextPageExactlyAtTheEnd) {
    const auto all = await(leads.find_page({}, {}, {}, 40));
    EXPECT_EQ(all.items.size(), 40U);
    EXPECT_FALSE(all.next);
    EXPECT_FALSE(all.previous);
    const auto most = await(leads.find_page({}, {}, {}, 39));
    ASSERT_TRUE(most.next);
    const auto rest = await(leads.find_page({}, {}, *most.next, 39));
    EXPECT_EQ(rest.items.size(), 1U);
    EXPECT_FALSE(rest.next);
    EXPECT_TRUE(rest.previous);
}

TEST_P(Paging, APageMayBeAsLargeAsANumberCanSay) {
    const auto all = await(leads.find_page({}, {}, {}, std::numeric_limits<std::int64_t>::max()));
    EXPECT_EQ(all.items.size(), 40U);
    EXPECT_FALSE(all.next);
}

TEST_P(Paging, AnEmptyListHasOneEmptyPage) {
    const auto page = await(leads.find_page(where(&Lead::message_count) > 99, {}));
    EXPECT_TRUE(page.items.empty());
    EXPECT_FALSE(page.next);
    EXPECT_FALSE(page.previous);
}

TEST_P(Paging, RefusesACursorOfAnotherOrderAndALimitOfNothing) {
    const auto page = await(leads.find_page({}, LeadRepository::most_messages_first(), {}, 5));
    EXPECT_THROW(await(leads.find_page({}, LeadRepository::oldest_interaction_first(), *page.next)),
                 InvalidArgument);
    EXPECT_THROW(await(leads.find_page({}, {}, "no cursor")), InvalidArgument);
    EXPECT_THROW(await(leads.find_page({}, {}, {}, 0)), InvalidArgument);
}

}  // namespace
}  // namespace rapport::testing
