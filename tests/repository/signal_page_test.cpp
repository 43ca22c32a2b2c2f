// Signals that a lead has no room for.
#include "rapport/repository/signal_page.hpp"

#include <gmock/gmock-more-matchers.h>

#include <sstream>

#include "rapport/core/error.hpp"
#include "rapport/repository/transfer.hpp"
#include "tests/repository/turn_fixture.hpp"

namespace rapport::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

Signal fact(int number, SignalDimension dimension = SignalDimension::kBudget) {
    return {.dimension = dimension,
            .extracted_value = std::to_string(number),
            .confidence = {.value = 1, .reasoning = "a secret reason"},
            .source_message_id = "m" + std::to_string(number),
            .inferred_from = "the secret",
            .raw_evidence = "a secret " + std::to_string(number)};
}

std::vector<std::string> values(const std::vector<Signal>& signals) {
    std::vector<std::string> values;
    for (const Signal& signal : signals) values.push_back(signal.extracted_value);
    return values;
}

std::vector<std::string> numbers(int first, int last) {
    std::vector<std::string> numbers;
    for (int i = first; i <= last; ++i) numbers.push_back(std::to_string(i));
    return numbers;
}

class SignalPages : public TurnTest {
  protected:
    /// A lead that has 500: a need, and then budgets.
    Lead full() {
        Lead lead = await(leads.get_or_create(kPhone));
        lead.add_signal(fact(0, SignalDimension::kNeed));
        for (int i = 1; i < 500; ++i) lead.add_signal(fact(i));
        return await(leads.save(lead));
    }
    Turn learning(Lead lead, int first, int last) {
        Turn turn = turn_of(std::move(lead), {"una cosa más"});
        for (int i = first; i <= last; ++i) turn.signals.push_back(fact(i));
        return turn;
    }
    std::vector<Document> pages() {
        return await(
            engine.store().find({&signal_collection(), FilterNode(rapport::AllOf{}), {{"_id"}}}));
    }
    /// What all_signals() gives once `last` were learnt of a full lead.
    static std::vector<std::string> all_up_to(int last, int moved) {
        auto all = numbers(1, moved);
        all.emplace_back("0");
        std::ranges::copy(numbers(moved + 1, last), std::back_inserter(all));
        return all;
    }
};

ON_EVERY_ENGINE(LeadRepository, SignalPages);

TEST_P(SignalPages, TakeTheOldestOfATurnThatBringsTooMany) {
    full();
    EXPECT_THAT(pages(), IsEmpty());
    const Lead after = await(leads.commit_turn(learning(loaded(), 500, 502))).lead;
    EXPECT_EQ(after, loaded());
    EXPECT_THAT(after.signals, SizeIs(Lead::kSignalsKept));
    ASSERT_TRUE(after.earlier_signals);
    EXPECT_EQ(after.earlier_signals->count, 103);
    EXPECT_THAT(pages(), SizeIs(1));
    EXPECT_EQ(after.bant_summary().need, fact(0, SignalDimension::kNeed));
    EXPECT_EQ(after.bant_summary().budget, fact(502));
    EXPECT_EQ(values(await(leads.all_signals(after))), all_up_to(502, 103));

    // Until the next hundred nothing moves, and then what moved before is led to.
    const Lead more = await(leads.commit_turn(learning(loaded(), 503, 602))).lead;
    EXPECT_EQ(more.earlier_signals, after.earlier_signals);
    const Lead most = await(leads.commit_turn(learning(loaded(), 603, 603))).lead;
    EXPECT_EQ(most, loaded());
    EXPECT_EQ(most.earlier_signals->count, 204);
    EXPECT_EQ(values(await(leads.all_signals(most))), all_up_to(603, 204));
}

TEST_P(SignalPages, TakeTheOldestOfALeadThatIsSaved) {
    Lead lead = full();
    lead.add_signal(fact(500));
    const Lead saved = await(leads.save(lead));
    EXPECT_EQ(saved, loaded());
    EXPECT_THAT(saved.signals, SizeIs(Lead::kSignalsKept));
    EXPECT_EQ(values(await(leads.all_signals(saved))), all_up_to(500, 101));
}

TEST_P(SignalPages, OfAChangeThatDidNotHappenAreNotThere) {
    Lead stale = full();
    commit({"somebody was faster"});
    EXPECT_THROW(await(leads.commit_turn(learning(stale, 500, 501))), VersionConflict);
    EXPECT_THAT(pages(), IsEmpty());
    stale.add_signal(fact(500));
    EXPECT_THROW(await(leads.save(stale)), VersionConflict);
    EXPECT_THAT(pages(), IsEmpty());
    EXPECT_EQ(values(await(leads.all_signals(loaded()))), numbers(0, 499));
}

TEST_P(SignalPages, AreErasedWithTheLead) {
    full();
    await(leads.commit_turn(learning(loaded(), 500, 501)));
    const ObjectId id = loaded().id;
    ASSERT_THAT(engine.everything(), HasSubstr("secret"));
    await(leads.erase(kPhone));
    EXPECT_THAT(pages(), IsEmpty());
    EXPECT_THAT(engine.everything(), Not(HasSubstr("secret")));

    // Of a slow writer that was killed before it could take it back.
    SignalPage late;
    late.lead_ref = id;
    late.signals = {fact(1)};
    await(put_pages(engine.store(), {to_document(late)}));
    EXPECT_GT(await(leads.finish_erasures()), 0);
    EXPECT_THAT(pages(), IsEmpty());
}

TEST_P(SignalPages, AreErasedAlsoWhereTheLeadIsGone) {
    full();
    const Lead lead = await(leads.commit_turn(learning(loaded(), 500, 501))).lead;
    // As an erasure leaves it that was cut short, or an import.
    await(leads.delete_by_id(lead.id.to_string()));
    EXPECT_THAT(pages(), Not(IsEmpty()));
    await(leads.erase(kPhone));
    EXPECT_THAT(pages(), IsEmpty());
    EXPECT_EQ(await(messages.count()), 0);
}

TEST_P(SignalPages, ThatCannotBeReadHoldNothingUp) {
    full();
    const Lead lead = await(leads.commit_turn(learning(loaded(), 500, 501))).lead;
    const Change strange{ChangeOp::kSet, "signals",
                         foreign(R"({"v": [{"dimension": "mood", "raw_evidence": "a secret"}]})")};
    await(engine.store().update(
        {&signal_collection(), FilterNode(rapport::AllOf{}), {strange}, true}));
    EXPECT_THROW(await(leads.all_signals(lead)), InvalidDocument);

    std::string text;
    const auto sink = [&](std::string_view piece) { text += piece; };
    await(PersonalData(engine.store(), {}).export_lead(kPhone, sink));
    EXPECT_THAT(text, HasSubstr("mood"));
    await(write_backup(engine.store(), [](std::string_view) {}));
    await(messages.delete_messages_for_lead(kPhone));
    for (const Document& page : pages()) EXPECT_THAT(to_json(page), Not(HasSubstr("secret")));
}

TEST_P(SignalPages, KeepNoTextWhenTheMessagesAreDeleted) {
    full();
    await(leads.commit_turn(learning(loaded(), 500, 501)));
    await(messages.delete_messages_for_lead(kPhone));
    for (const Document& page : pages()) EXPECT_THAT(to_json(page), Not(HasSubstr("secret")));
    EXPECT_THAT(to_json(loaded()), Not(HasSubstr("secret")));
    EXPECT_EQ(values(await(leads.all_signals(loaded()))), all_up_to(501, 102));
}

TEST_P(SignalPages, LeadNowhereTwice) {
    Lead lead = full();
    SignalPage first;
    SignalPage second;
    first.lead_ref = second.lead_ref = lead.id;
    first.previous = second.id;
    second.previous = first.id;
    await(put_pages(engine.store(), {to_document(first), to_document(second)}));
    lead.earlier_signals = EarlierSignals{first.id, 0};
    EXPECT_THAT(await(leads.all_signals(lead)), SizeIs(500));
    // Nor to another lead's.
    Lead other = lead;
    other.id = ObjectId::generate();
    EXPECT_THAT(await(pages_of(engine.store(), to_document(other))), IsEmpty());
}

TEST_P(SignalPages, GoAlongInABackupAndACopy) {
    full();
    await(leads.commit_turn(learning(loaded(), 500, 501)));
    const std::string hash = await(content_of(engine.store())).hash();
    const std::string key(64, 'k');

    std::string file;
    await(write_backup(engine.store(), [&](std::string_view piece) { file += piece; }));
    Engine restored{GetParam() == "sqlite" ? "mongodb" : "sqlite"};
    std::istringstream in(file);
    BackupSummary checked = check_backup(in, "the file");
    EXPECT_TRUE(await(restore_backup(restored.store(), in, "the file", std::move(checked), {key}))
                    .is_verified);
    LeadRepository there(restored.store());
    EXPECT_EQ(await(there.get_by_phone(kPhone)), loaded());
    EXPECT_EQ(values(await(there.all_signals(loaded()))), all_up_to(501, 102));
    EXPECT_EQ(await(content_of(restored.store())).hash(), hash);

    // What they hold is a part of the content.
    await(remove_pages(restored.store(), loaded().id));
    EXPECT_NE(await(content_of(restored.store())).hash(), hash);
    await(there.erase(kPhone));

    Engine copied{GetParam()};
    EXPECT_TRUE(await(copy_database(engine.store(), copied.store(), {key})).is_verified);
    EXPECT_EQ(await(content_of(copied.store())).hash(), hash);
    // And again, after the lead has gone on and its texts were deleted.
    await(leads.commit_turn(learning(loaded(), 502, 700)));
    EXPECT_TRUE(await(copy_database(engine.store(), copied.store(), {key})).is_verified);
    await(forget_texts_of_pages(engine.store(), loaded().id));
    EXPECT_TRUE(await(copy_database(engine.store(), copied.store(), {key})).is_verified);
    EXPECT_EQ(await(content_of(copied.store())).hash(), await(content_of(engine.store())).hash());
}

TEST_P(SignalPages, TakeTheirPlaceFromWhatIsLeftOfSomebodyErased) {
    full();
    const Lead lead = await(leads.commit_turn(learning(loaded(), 500, 501))).lead;
    Document page = pages().front();
    auto left = from_document<SignalPage>(page);
    left.lead_ref = ObjectId::generate();
    left.signals.clear();
    await(put_pages(engine.store(), {to_document(left)}));
    EXPECT_THAT(await(leads.all_signals(lead)), SizeIs(Lead::kSignalsKept));
    await(put_pages(engine.store(), {page}));
    EXPECT_EQ(values(await(leads.all_signals(lead))), all_up_to(501, 102));
}

}  // namespace
}  // namespace rapport::testing
