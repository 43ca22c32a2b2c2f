#include "rapport/repository/base_repository.hpp"

#include <algorithm>
#include <random>
#include <set>
#include <type_traits>

#include "tests/repository/repository_test.hpp"

namespace rapport::testing {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

template <class Repository, class F>
concept FindsBy = requires(Repository& repository, F filter) { repository.find_many(filter); };

static_assert(FindsBy<LeadRepository, Filter<Lead>>);
static_assert(!FindsBy<LeadRepository, Filter<Message>>);
static_assert(!FindsBy<LeadRepository, std::string>);
static_assert(!std::is_convertible_v<Filter<Message>, Filter<Lead>>);

class Base : public RepositoryTest {
  protected:
    /// Leads with ties and absent values in what they are sorted by.
    std::vector<Lead> store_many(int count) {
        std::mt19937 random(3);
        std::vector<Lead> many;
        for (int n = 0; n < count; ++n) {
            Lead lead = new_lead(numbered_phone(n));
            if (random() % 3 != 0) lead.next_followup_at = kStart + hours(random() % 4);
            if (random() % 2 != 0)
                lead.full_name = std::string(1, static_cast<char>('a' + random() % 3));
            lead.message_count = static_cast<std::int64_t>(random() % 3);
            many.push_back(lead);
        }
        return await(leads.bulk_create(many));
    }
};

ON_EVERY_ENGINE(BaseRepository, Base);

TEST_P(Base, CreateReturnsTheEntityAsStored) {
    Lead lead = new_lead();
    lead.id = {};
    const Lead made = await(leads.create(lead));
    EXPECT_FALSE(made.id.empty());
    EXPECT_EQ(made.version, 1);
    EXPECT_NE(made.created_at, Timestamp{});
    EXPECT_EQ(made.updated_at, made.created_at);
    EXPECT_EQ(await(leads.find_by_id(made.id.to_string())), made);
}

TEST_P(Base, CreateRefusesATakenKeyAndNamesItsIndex) {
    await(leads.create(new_lead()));
    const std::string refusal = error_of<DuplicateKey>([&] { await(leads.create(new_lead())); });
    EXPECT_NE(refusal.find("idx_lead_id_unique"), std::string::npos) << refusal;
    EXPECT_EQ(refusal.find("5678"), std::string::npos) << "an error shows no number";
    Lead same_id = new_lead("+525599999999");
    same_id.id = await(leads.get_by_phone(kPhone))->id;
    EXPECT_THROW(await(leads.create(same_id)), DuplicateKey);
}

TEST_P(Base, BulkCreateStoresAllButTheDuplicates) {
    await(leads.create(new_lead(numbered_phone(1))));
    EXPECT_THROW(await(leads.bulk_create({new_lead(numbered_phone(0)), new_lead(numbered_phone(1)),
                                          new_lead(numbered_phone(2))})),
                 DuplicateKey);
    EXPECT_EQ(await(leads.count()), 3);
    EXPECT_TRUE(await(leads.bulk_create({})).empty());
}

TEST_P(Base, BulkCreateStoresThousandsInOrder) {
    std::vector<Lead> many;
    for (int n = 0; n < 3'000; ++n) many.push_back(new_lead(numbered_phone(n)));
    const auto made = await(leads.bulk_create(many));
    EXPECT_EQ(lead_ids(made), lead_ids(many));
    EXPECT_EQ(await(leads.count()), 3'000);
}

TEST_P(Base, FindByIdIsAbsentForWhatNothingHas) {
    EXPECT_EQ(await(leads.find_by_id(ObjectId::generate().to_string())), std::nullopt);
    EXPECT_EQ(await(leads.find_by_id("abc")), std::nullopt);
    EXPECT_FALSE(await(leads.delete_by_id(ObjectId::generate().to_string())));
}

TEST_P(Base, FindManyFiltersSortsSkipsAndLimits) {
    const auto all = store_many(20);
    const auto filter = where(&Lead::message_count) >= 1 && where(&Lead::full_name) != "a";
    auto expected = all;
    std::erase_if(expected,
                  [](const Lead& l) { return l.message_count < 1 || l.full_name == "a"; });
    std::ranges::sort(expected, std::greater{},
                      [](const Lead& l) { return std::pair(l.message_count, l.id); });
    const auto sort = LeadRepository::most_messages_first();
    EXPECT_EQ(await(leads.find_many(filter, {.sort = sort})), expected);
    EXPECT_EQ(await(leads.count(filter)), std::ssize(expected));
    const auto part = await(leads.find_many(filter, {.limit = 2, .skip = 1, .sort = sort}));
    EXPECT_EQ(part, std::vector<Lead>(expected.begin() + 1, expected.begin() + 3));
}

TEST_P(Base, FindOneIsAbsentWhenNothingMatches) {
    EXPECT_EQ(await(leads.find_one({})), std::nullopt);
    const Lead lead = await(leads.create(new_lead()));
    EXPECT_EQ(await(leads.find_one({})), lead);
    EXPECT_EQ(await(leads.find_one(where(&Lead::message_count) > 5)), std::nullopt);
}

TEST_P(Base, UpdateManyCountsAsAChangeOfEach) {
    const auto all = store_many(6);
    Update<Lead> update;
    update.set(where(&Lead::current_stage), SalesStage::kOnHold).unset(where(&Lead::full_name));
    EXPECT_EQ(await(leads.update_many({}, update)), 6);
    for (const Lead& before : all) {
        const Lead after = await(leads.find_by_id(before.id.to_string())).value();
        EXPECT_EQ(after.version, before.version + 1);
        EXPECT_GE(after.updated_at, before.updated_at);
        EXPECT_EQ(after.current_stage, SalesStage::kOnHold);
        EXPECT_FALSE(after.full_name);
        EXPECT_THROW(await(leads.save(before)), VersionConflict);
    }
    EXPECT_EQ(await(leads.update_many(where(&Lead::message_count) == 77, update)), 0);
}

TEST_P(Base, UpdateOfAnEntityWithoutAVersionReplacesItsMembers) {
    auto stored = await(messages.save_messages({said("before")}));
    stored[0].content = "after";
    stored[0].tokens = 9;
    const Message updated = await(messages.update(stored[0]));
    EXPECT_EQ(await(messages.find_by_id(stored[0].id.to_string())), updated);
    EXPECT_TRUE(await(messages.delete_by_id(stored[0].id.to_string())));
    EXPECT_THROW(await(messages.update(stored[0])), VersionConflict);
    EXPECT_EQ(await(messages.count()), 0);
}

TEST_P(Base, WhatLooksStoredAndNeverWasIsToldWhatMakesItNew) {
    Lead lead = new_lead();
    lead.created_at = kStart;
    const std::string conflict =
        error_of<VersionConflict>([&] { await(leads.save(std::move(lead))); });
    EXPECT_NE(conflict.find("leave created_at unset"), std::string::npos) << conflict;
    EXPECT_EQ(await(leads.count()), 0);
}

TEST_P(Base, UpdateNeverMovesAnEntityToAnotherLead) {
    auto stored = await(messages.save_messages({said("mine")}));
    stored[0].lead_id = "+525599999999";
    EXPECT_THROW(await(messages.update(stored[0])), VersionConflict);
    EXPECT_EQ(await(messages.count_messages_for_lead(kPhone)), 1);
}

TEST_P(Base, StreamGivesEverythingInOrderBeyondOnePiece) {
    std::vector<Lead> many;
    for (int n = 0; n < 2'500; ++n) {
        many.push_back(new_lead(numbered_phone(n)));
        many.back().message_count = n % 3;
    }
    await(leads.bulk_create(many));
    const auto read = [this]() -> Async<std::vector<std::string>> {
        std::vector<std::string> ids;
        auto stream = leads.stream({}, Sort<Lead>().descending(where(&Lead::message_count)));
        while (const auto lead = co_await stream.next()) {
            ids.push_back(std::to_string(lead->message_count) + lead->id.to_string());
        }
        co_return ids;
    };
    const auto ids = await(read());
    EXPECT_EQ(std::set(ids.begin(), ids.end()).size(), 2'500U);
    EXPECT_TRUE(std::ranges::is_sorted(ids, std::greater{}));
}

TEST_P(Base, StreamGivesEachOfManyEqualRowsOnce) {
    std::vector<Message> many;
    Timestamp at = now();
    // Less than a piece, more than one, and where one ends.
    for (const int equal : {300, 1'300, 900, 100}) {
        at += std::chrono::seconds(1);
        for (int n = 0; n < equal; ++n) {
            many.push_back(said("hello"));
            many.back().timestamp = at;
        }
    }
    await(messages.save_messages(many));
    const auto read = [this](Sort<Message> order) -> Async<std::vector<std::string>> {
        std::vector<std::string> seen;
        auto stream = messages.stream(where(&Message::lead_id) == kPhone, order);
        while (const auto message = co_await stream.next()) {
            seen.push_back(to_iso8601(message->timestamp) + message->id.to_string());
        }
        co_return seen;
    };
    const auto ascending = await(read(Sort<Message>().ascending(where(&Message::timestamp))));
    EXPECT_EQ(std::set(ascending.begin(), ascending.end()).size(), many.size());
    EXPECT_EQ(ascending.size(), many.size());
    auto descending = await(read(Sort<Message>().descending(where(&Message::timestamp))));
    EXPECT_EQ(std::set(descending.begin(), descending.end()).size(), many.size());
    EXPECT_EQ(descending.size(), many.size());
    const auto by_time = [](const std::string& a, const std::string& b) {
        return a.substr(0, 24) < b.substr(0, 24);
    };
    EXPECT_TRUE(std::ranges::is_sorted(ascending, by_time));
    std::ranges::reverse(descending);
    EXPECT_TRUE(std::ranges::is_sorted(descending, by_time));
}

TEST_P(Base, StreamPassesABrokenDocumentWhenItsReaderGoesOn) {
    const Lead healthy = await(leads.create(new_lead()));
    engine.insert_foreign(lead_collection(),
                          foreign(R"({"_id": "000000000000000000000001", "lead_id": "x"})"));
    const auto tolerant = [this]() -> Async<std::vector<std::string>> {
        std::vector<std::string> seen;
        auto stream = leads.stream({});
        while (true) {
            try {
                const auto lead = co_await stream.next();
                if (!lead) co_return seen;
                seen.push_back(lead->lead_id);
            } catch (const InvalidDocument&) {
                seen.emplace_back("broken");
            }
        }
    };
    EXPECT_EQ(await(tolerant()), (std::vector<std::string>{"broken", healthy.lead_id}));
}

TEST_P(Base, DeleteByIdDeletesOnce) {
    const Lead lead = await(leads.create(new_lead()));
    EXPECT_TRUE(await(leads.delete_by_id(lead.id.to_string())));
    EXPECT_FALSE(await(leads.delete_by_id(lead.id.to_string())));
    EXPECT_EQ(await(leads.find_by_id(lead.id.to_string())), std::nullopt);
}

}  // namespace
}  // namespace rapport::testing
