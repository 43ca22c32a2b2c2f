#include "rapport/repository/lead_repository.hpp"

#include <algorithm>
#include <set>

#include "tests/repository/repository_test.hpp"

namespace rapport::testing {
namespace {

using std::chrono::days;
using std::chrono::hours;

class GetOrCreate : public RepositoryTest {};
class Save : public RepositoryTest {};
class Phone : public RepositoryTest {};
class Stage : public RepositoryTest {};

ON_EVERY_ENGINE(LeadRepository, GetOrCreate);
ON_EVERY_ENGINE(LeadRepository, Save);
ON_EVERY_ENGINE(LeadRepository, Phone);
ON_EVERY_ENGINE(LeadRepository, Stage);

TEST_P(GetOrCreate, MakesALeadInTheFirstStage) {
    const Timestamp before = now();
    const Lead made = await(leads.get_or_create("55 1234 5678", "Zoë"));
    EXPECT_EQ(made.lead_id, kPhone);
    EXPECT_EQ(made.full_name, "Zoë");
    EXPECT_EQ(made.current_stage, SalesStage::kInitialContact);
    EXPECT_EQ(made.version, 1);
    EXPECT_GE(made.created_at, before);
    EXPECT_LE(made.created_at, now());
    EXPECT_EQ(await(leads.find_by_id(made.id.to_string())), made);
}

TEST_P(GetOrCreate, ReturnsTheLeadThatIsThereAndKeepsItsName) {
    const Lead made = await(leads.get_or_create(kPhone, "Zoë"));
    EXPECT_EQ(await(leads.get_or_create(kPhone, "Another")), made);
    EXPECT_EQ(await(leads.count()), 1);
}

TEST_P(GetOrCreate, TwentyAtOnceInDifferentSpellingsMakeOneLeadAndAllReturnIt) {
    const std::vector<std::string> spellings = {"+525512345678", "+52 55 1234 5678", "5512345678",
                                                "+5215512345678", "5215512345678@s.whatsapp.net"};
    std::vector<Async<Lead>> calls;
    for (int i = 0; i < 20; ++i) {
        calls.push_back(leads.get_or_create(spellings[static_cast<std::size_t>(i) % 5]));
    }
    auto answers = run_together(std::move(calls));
    const Lead first = answers[0].get();
    for (std::size_t i = 1; i < answers.size(); ++i) EXPECT_EQ(answers[i].get(), first);
    EXPECT_EQ(await(leads.count()), 1);
}

TEST_P(GetOrCreate, KnowsPeopleWithoutANumber) {
    const Lead business = await(leads.get_or_create("wa:MX.1234567890"));
    const Lead imported = await(leads.get_or_create("ext:conversation 7"));
    EXPECT_EQ(business.lead_id, "wa:MX.1234567890");
    EXPECT_EQ(await(leads.get_by_phone("ext:conversation 7")), imported);
}

TEST_P(GetOrCreate, StoresNothingForWhatIsNoNumber) {
    for (const char* typed : {"", "hello", "123", "+52", "{\"$ne\": null}"}) {
        EXPECT_THROW(await(leads.get_or_create(typed)), InvalidArgument) << typed;
    }
    EXPECT_EQ(await(leads.count()), 0);
}

TEST_P(Save, StoresANewLeadAndReturnsItAsStored) {
    Lead lead = new_lead("55 1234 5678");
    lead.add_message([] {
        Message message = said("hello");
        message.lead_id.clear();
        return message;
    }());
    const Lead saved = await(leads.save(lead));
    EXPECT_EQ(saved.lead_id, kPhone);
    EXPECT_EQ(saved.version, 1);
    EXPECT_TRUE(saved.stored());
    EXPECT_EQ(await(leads.get_by_phone(kPhone))->recent_history[0].content, "hello");
}

TEST_P(Save, StoresEveryMemberAndReadsItBack) {
    Lead lead = new_lead();
    lead.full_name = "Zoë O'Neil \"Z\" $ {a.b}";
    lead.current_stage = SalesStage::kQualified;
    lead.add_message(said("hello"));
    lead.add_signal({.dimension = SignalDimension::kBudget,
                     .extracted_value = "40,000",
                     .confidence = {.value = 0.1, .reasoning = "said so"},
                     .source_message_id = "m",
                     .is_inferred = true,
                     .inferred_from = "size",
                     .raw_evidence = "forty"});
    lead.next_followup_at = kStart + days(1);
    lead.request_handoff("discount", kStart);
    lead.assign_handoff("Ana");
    lead.settled_count = 1;
    lead.recent_turns = {{.v = 1, .turn_id = "t", .external_id = "e", .k = 1}};
    Lead saved = await(leads.save(lead));
    saved.recent_history[0].seq.reset();
    saved.recent_history[0].lead_ref.reset();
    EXPECT_EQ(await(leads.get_by_phone(kPhone)), saved);
}

TEST_P(Save, CountsTheVersionAndMovesUpdatedAt) {
    Lead lead = await(leads.save(new_lead()));
    lead.full_name = "Zoë";
    const Lead saved = await(leads.save(lead));
    EXPECT_EQ(saved.version, 2);
    EXPECT_EQ(saved.created_at, lead.created_at);
    EXPECT_GE(saved.updated_at, lead.updated_at);
    EXPECT_EQ(await(leads.get_by_phone(kPhone)), saved);
}

TEST_P(Save, RefusesAStaleCopyAndKeepsWhatIsStored) {
    Lead mine = await(leads.save(new_lead()));
    Lead yours = mine;
    mine.full_name = "mine";
    await(leads.save(mine));
    yours.full_name = "yours";
    EXPECT_THROW(await(leads.save(yours)), VersionConflict);
    EXPECT_EQ(await(leads.get_by_phone(kPhone))->full_name, "mine");
}

TEST_P(Save, LeavesTheCallersCopyUnchangedWhenItFails) {
    Lead stored = await(leads.save(new_lead()));
    Lead stale = stored;
    await(leads.save(stored));
    const Lead before = stale;
    EXPECT_THROW(await(leads.save(stale)), VersionConflict);
    EXPECT_EQ(stale, before);
}

TEST_P(Save, NeverResurrectsAnErasedLead) {
    const Lead lead = await(leads.save(new_lead()));
    EXPECT_TRUE(await(leads.delete_by_id(lead.id.to_string())));
    EXPECT_THROW(await(leads.save(lead)), VersionConflict);
    EXPECT_EQ(await(leads.count()), 0);
}

TEST_P(Save, RefusesANewLeadWhoseNumberIsTaken) {
    const Lead first = await(leads.save(new_lead()));
    EXPECT_THROW(await(leads.save(new_lead("55-1234-5678"))), VersionConflict);
    EXPECT_EQ(await(leads.get_by_phone(kPhone)), first);
}

TEST_P(Save, OfSixtyFourAtOnceExactlyOneWinsEachVersionAndNoneIsLostSilently) {
    const Lead start = await(leads.save(new_lead()));
    const auto add_one = [this](int i) -> Async<std::int64_t> {
        while (true) {
            Lead lead = (co_await leads.get_by_phone(kPhone)).value();
            lead.add_message(said(std::to_string(i)));
            try {
                co_return (co_await leads.save(std::move(lead))).version;
            } catch (const VersionConflict&) {
                continue;  // load it again, as a caller would
            }
        }
    };
    std::vector<Async<std::int64_t>> calls;
    for (int i = 0; i < 64; ++i) calls.push_back(add_one(i));
    std::set<std::int64_t> versions;
    for (auto& outcome : run_together(std::move(calls))) versions.insert(outcome.get());
    EXPECT_EQ(versions.size(), 64U) << "two saves made the same version";
    EXPECT_EQ(*versions.begin(), start.version + 1);
    EXPECT_EQ(*versions.rbegin(), start.version + 64);
    EXPECT_EQ(await(leads.get_by_phone(kPhone))->message_count, 64);
}

TEST_P(Save, OfSixtyFourStaleCopiesOneIsStored) {
    const Lead start = await(leads.save(new_lead()));
    std::vector<Async<Lead>> calls;
    for (int i = 0; i < 64; ++i) {
        Lead copy = start;
        copy.full_name = std::to_string(i);
        calls.push_back(leads.save(copy));
    }
    std::vector<Lead> won;
    int conflicts = 0;
    for (auto& outcome : run_together(std::move(calls))) {
        try {
            won.push_back(outcome.get());
        } catch (const VersionConflict&) {
            ++conflicts;
        }
    }
    ASSERT_EQ(won.size(), 1U);
    EXPECT_EQ(conflicts, 63);
    EXPECT_EQ(await(leads.get_by_phone(kPhone)), won[0]);
}

TEST_P(Save, RefusesWhatTheDomainDoesNotAllow) {
    Lead lead = new_lead();
    lead.recent_history.resize(21);
    EXPECT_THROW(await(leads.save(lead)), InvalidArgument);
    lead = new_lead();
    lead.signals.push_back({.confidence = {.value = 2}});
    EXPECT_THROW(await(leads.save(lead)), InvalidArgument);
    lead = new_lead();
    lead.message_count = -1;
    EXPECT_THROW(await(leads.save(lead)), InvalidArgument);
    lead = new_lead();
    lead.full_name = "caf\xE9";
    EXPECT_THROW(await(leads.save(lead)), InvalidArgument);
    EXPECT_EQ(await(leads.count()), 0);
}

TEST_P(Save, WhatIsAbsentIsAbsentNeverNull) {
    Lead lead = new_lead();
    lead.next_followup_at = kStart;
    lead = await(leads.save(lead));
    lead.next_followup_at.reset();
    await(leads.save(lead));
    const Document stored = engine.stored(lead_collection(), lead.id);
    for (BsonReader in(stored); !in.at_end();) {
        const BsonElement element = in.next();
        EXPECT_NE(element.type(), BsonType::kNull) << element.name();
        EXPECT_NE(element.name(), "next_followup_at");
        EXPECT_NE(element.name(), "full_name");
    }
}

TEST_P(Phone, EverySpellingFindsTheSameLead) {
    const Lead lead = await(leads.get_or_create(kPhone));
    for (const char* typed : {"5512345678", "(55) 1234-5678", "+52 1 55 1234 5678", "525512345678",
                              "tel:+52-55-1234-5678", "5215512345678@c.us"}) {
        EXPECT_EQ(await(leads.get_by_phone(typed)), lead) << typed;
    }
    EXPECT_EQ(await(leads.get_by_phone("+525512345679")), std::nullopt);
}

TEST_P(Phone, TheDefaultRegionSaysWhereANationalNumberIs) {
    LeadRepository in_spain(engine.store(), "ES");
    EXPECT_EQ(await(in_spain.get_or_create("612 345 678")).lead_id, "+34612345678");
}

TEST_P(Phone, CreateAndBulkCreateNormaliseToo) {
    EXPECT_EQ(await(leads.create(new_lead("55 1234 5678"))).lead_id, kPhone);
    const auto made =
        await(leads.bulk_create({new_lead("+52 1 55 9999 0000"), new_lead("33 1234 5678")}));
    EXPECT_EQ(lead_ids(made), (std::vector<std::string>{"+525599990000", "+523312345678"}));
    EXPECT_THROW(await(leads.create(new_lead("+5215512345678"))), DuplicateKey);
    EXPECT_THROW(await(leads.create(new_lead("nobody"))), InvalidArgument);
}

TEST_P(Stage, IsUpdatedByAnySpellingAndFalseForNobody) {
    const Lead lead = await(leads.get_or_create(kPhone));
    EXPECT_TRUE(await(leads.update_stage("+52 1 55 1234 5678", SalesStage::kQualified)));
    const auto found = await(leads.get_by_phone(kPhone));
    EXPECT_EQ(found->current_stage, SalesStage::kQualified);
    EXPECT_EQ(found->version, lead.version + 1);
    EXPECT_GE(found->updated_at, lead.updated_at);
    EXPECT_FALSE(await(leads.update_stage("+525599999999", SalesStage::kQualified)));
}

TEST_P(Stage, ThatIsFinalLeavesNoFollowup) {
    for (const SalesStage stage :
         {SalesStage::kQualified, SalesStage::kClosedWon, SalesStage::kClosedLost}) {
        Lead lead = await(leads.get_or_create(kPhone));
        lead.next_followup_at = kStart;
        await(leads.save(lead));
        await(leads.update_stage(kPhone, stage));
        EXPECT_EQ(await(leads.get_leads_needing_followup(now())).empty(), is_closed(stage));
    }
}

TEST_P(Stage, AStaleSaveCannotRevertIt) {
    Lead stale = await(leads.get_or_create(kPhone));
    await(leads.update_stage(kPhone, SalesStage::kDemoScheduled));
    stale.add_message(said("hello"));
    EXPECT_THROW(await(leads.save(stale)), VersionConflict);
    EXPECT_EQ(await(leads.get_by_phone(kPhone))->current_stage, SalesStage::kDemoScheduled);
}

TEST_P(Stage, UpdateKeepsAMessageThatCameMeanwhile) {
    Lead lead = await(leads.get_or_create(kPhone));
    lead.add_message(said("hello"));
    await(leads.save(lead));
    await(leads.update_stage(kPhone, SalesStage::kDiscovery));
    EXPECT_EQ(await(leads.get_by_phone(kPhone))->recent_history.size(), 1U);
}

TEST_P(Stage, EveryOneIsStoredAndCounted) {
    int n = 0;
    for (const auto& [stage, name] : kEnumTable<SalesStage>) {
        for (int i = 0; i <= static_cast<int>(stage); ++i) {
            Lead lead = new_lead(numbered_phone(n++));
            lead.current_stage = stage;
            await(leads.create(lead));
        }
        EXPECT_EQ(await(leads.get_leads_by_stage(stage)).size(),
                  static_cast<std::size_t>(stage) + 1)
            << name;
    }
    const auto counts = await(leads.count_by_stage());
    for (const auto& [stage, name] : kEnumTable<SalesStage>) {
        EXPECT_EQ(counts.at(stage), static_cast<std::int64_t>(stage) + 1) << name;
    }
}

TEST_P(Stage, CountsNameThoseWithoutALeadToo) {
    await(leads.get_or_create(kPhone));
    const auto counts = await(leads.count_by_stage());
    EXPECT_EQ(counts.size(), 7U);
    EXPECT_EQ(counts.at(SalesStage::kInitialContact), 1);
    EXPECT_EQ(counts.at(SalesStage::kClosedLost), 0);
}

}  // namespace
}  // namespace rapport::testing
