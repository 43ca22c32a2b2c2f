#include "rapport/repository/message_repository.hpp"

#include <algorithm>
#include <set>

#include "tests/repository/repository_test.hpp"

namespace rapport::testing {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

class SaveMessages : public RepositoryTest {};
class History : public RepositoryTest {};
class Figures : public RepositoryTest {};

ON_EVERY_ENGINE(MessageRepository, SaveMessages);
ON_EVERY_ENGINE(MessageRepository, History);
ON_EVERY_ENGINE(MessageRepository, Figures);

TEST_P(SaveMessages, StoresAListAndReturnsItInItsOrderWithIds) {
    const auto saved = await(messages.save_messages(
        {said("b", seconds(1)), said("a"), said("c", seconds(2), MessageRole::kAssistant)}));
    EXPECT_EQ(contents(saved), (std::vector<std::string>{"b", "a", "c"}));
    for (const Message& message : saved) {
        EXPECT_FALSE(message.id.empty());
        EXPECT_NE(message.created_at, Timestamp{});
        EXPECT_EQ(await(messages.find_by_id(message.id.to_string())), message);
    }
}

TEST_P(SaveMessages, StoresEveryMemberAndReadsItBack) {
    Message message = said("hello");
    message.tokens = 12;
    message.seq = 3;
    message.lead_ref = ObjectId::generate();
    message.turn_id = "turn";
    message.external_id = "wamid.1";
    message.attachment = Attachment{.kind = "image", .name = "a \"b\".jpg"};
    const auto saved = await(messages.save_messages({message}));
    EXPECT_EQ(saved[0].attachment, message.attachment);
    EXPECT_EQ(await(messages.find_by_id(saved[0].id.to_string())), saved[0]);
}

TEST_P(SaveMessages, WithoutALeadHaveNoSeq) {
    const auto saved = await(messages.save_messages({said("hello")}));
    EXPECT_FALSE(saved[0].seq);
    const auto names = names_of(engine.stored(message_collection(), saved[0].id));
    EXPECT_EQ(std::ranges::count(names, "seq"), 0);
    EXPECT_EQ(std::ranges::count(names, "attachment"), 0);
}

TEST_P(SaveMessages, OfALeadKeepItsNumbers) {
    Lead lead = await(leads.get_or_create(kPhone));
    std::vector<Message> added;
    for (const char* text : {"one", "two"}) added.push_back(lead.add_message(said(text)));
    await(leads.save(lead));
    await(messages.save_messages(added));
    const auto recent = await(messages.get_recent_messages(kPhone));
    EXPECT_EQ(recent, added);
    EXPECT_EQ(recent[1].seq, 2);
    EXPECT_EQ(recent[1].lead_ref, lead.id);
}

TEST_P(SaveMessages, NothingIsFine) { EXPECT_TRUE(await(messages.save_messages({})).empty()); }

TEST_P(SaveMessages, TwiceStoresOnceAndReturnsWhatIsStored) {
    const auto first = await(messages.save_messages({said("one"), said("two", seconds(1))}));
    auto again = first;
    again[0].content = "changed";
    again.push_back(said("three", seconds(2)));
    const auto second = await(messages.save_messages(again));
    EXPECT_EQ(contents(second), (std::vector<std::string>{"one", "two", "three"}));
    EXPECT_EQ(await(messages.count_messages_for_lead(kPhone)), 3);
}

TEST_P(SaveMessages, OfOneExternalIdIsStoredOnceALead) {
    Message message = said("hello");
    message.external_id = "wamid.1";
    const auto first = await(messages.save_messages({message, message}));
    EXPECT_EQ(first[0].id, first[1].id);
    EXPECT_EQ(await(messages.save_messages({message}))[0], first[0]);
    message.lead_id = "+525599999999";
    EXPECT_NE(await(messages.save_messages({message}))[0].id, first[0].id);
    EXPECT_EQ(await(messages.count()), 2);
}

TEST_P(SaveMessages, WithoutExternalIdMayBeEqual) {
    await(messages.save_messages({said("ok"), said("ok")}));
    EXPECT_EQ(await(messages.count_messages_for_lead(kPhone)), 2);
}

TEST_P(SaveMessages, NeverTakesAnotherLeadsMessageForItsOwn) {
    auto stored = await(messages.save_messages({said("mine")}));
    stored[0].lead_id = "+525599999999";
    EXPECT_THROW(await(messages.save_messages(stored)), DuplicateKey);
    EXPECT_EQ(await(messages.count_messages_for_lead("+525599999999")), 0);
}

TEST_P(SaveMessages, NormalisesTheirNumber) {
    Message message = said("hello");
    message.lead_id = "+52 1 55 1234 5678";
    EXPECT_EQ(await(messages.save_messages({message}))[0].lead_id, kPhone);
    message.lead_id = "nobody";
    EXPECT_THROW(await(messages.save_messages({message})), InvalidArgument);
    EXPECT_EQ(await(messages.count_messages_for_lead("55 1234 5678")), 1);
}

TEST_P(SaveMessages, TwentyAtOnceOfOneExternalIdAllGetTheSameMessage) {
    Message message = said("hello");
    message.external_id = "wamid.1";
    std::vector<Async<std::vector<Message>>> calls;
    for (int i = 0; i < 20; ++i) calls.push_back(messages.save_messages({message}));
    std::set<ObjectId> ids;
    for (auto& outcome : run_together(std::move(calls))) ids.insert(outcome.get()[0].id);
    EXPECT_EQ(ids.size(), 1U);
}

TEST_P(History, RecentOnesAreTheLastOldestFirst) {
    std::vector<Message> many;
    for (int i = 0; i < 25; ++i) many.push_back(said(std::to_string(i), seconds(i)));
    std::ranges::reverse(many);
    await(messages.save_messages(many));
    const auto recent = await(messages.get_recent_messages(kPhone));
    ASSERT_EQ(recent.size(), 20U);
    EXPECT_EQ(recent.front().content, "5");
    EXPECT_EQ(recent.back().content, "24");
    EXPECT_EQ(contents(await(messages.get_recent_messages("55 1234 5678", 2))),
              (std::vector<std::string>{"23", "24"}));
}

TEST_P(History, IsOfOneLeadOnly) {
    Message other = said("other");
    other.lead_id = "+525599999999";
    await(messages.save_messages({said("mine"), other}));
    EXPECT_EQ(contents(await(messages.get_recent_messages(kPhone))),
              (std::vector<std::string>{"mine"}));
    EXPECT_TRUE(await(messages.get_recent_messages("+525500000000")).empty());
}

TEST_P(History, EqualTimestampsAreReadInOrderOfSeqAndThenId) {
    std::vector<Message> same;
    for (const int seq : {3, 1, 2}) {
        same.push_back(said(std::to_string(seq)));
        same.back().seq = seq;
    }
    same.push_back(said("uncounted a"));
    same.push_back(said("uncounted b"));
    await(messages.save_messages(same));
    EXPECT_EQ(contents(await(messages.get_recent_messages(kPhone))),
              (std::vector<std::string>{"uncounted a", "uncounted b", "1", "2", "3"}));
}

TEST_P(History, BeforeAMomentGivesThePageJustBeforeIt) {
    std::vector<Message> many;
    for (int i = 0; i < 10; ++i) many.push_back(said(std::to_string(i), seconds(i)));
    await(messages.save_messages(many));
    const auto page = await(messages.get_conversation_history(kPhone, 3, kStart + seconds(7)));
    EXPECT_EQ(contents(page.messages), (std::vector<std::string>{"4", "5", "6"}));
    const auto older = await(messages.get_conversation_history(kPhone, 3, page.next.value()));
    EXPECT_EQ(contents(older.messages), (std::vector<std::string>{"1", "2", "3"}));
    const auto oldest = await(messages.get_conversation_history(kPhone, 3, older.next.value()));
    EXPECT_EQ(contents(oldest.messages), (std::vector<std::string>{"0"}));
    EXPECT_FALSE(oldest.next);
}

TEST_P(History, PagesBackwardsWithoutGapOrRepeatWhileMessagesWithEqualTimestampsArrive) {
    std::vector<Message> many;
    for (int i = 0; i < 60; ++i) {
        many.push_back(said(std::to_string(i), seconds(i / 7)));
        if (i % 3 != 0) many.back().seq = i + 1;
    }
    await(messages.save_messages(many));
    auto expected = contents(await(messages.get_recent_messages(kPhone, 0)));

    std::vector<std::string> read;
    auto page = await(messages.get_conversation_history(kPhone, 7));
    for (int arrived = 0;; ++arrived) {
        const auto texts = contents(page.messages);
        read.insert(read.begin(), texts.begin(), texts.end());
        await(messages.save_messages({said("late " + std::to_string(arrived), seconds(99))}));
        if (!page.next) break;
        page = await(messages.get_conversation_history("55 1234 5678", 7, *page.next));
    }
    EXPECT_EQ(read, expected);
}

TEST_P(History, RefusesACursorThatItDidNotGive) {
    await(messages.save_messages({said("a"), said("b"), said("c")}));
    const auto page = await(messages.get_conversation_history(kPhone, 1));
    for (std::string broken : {std::string("x"), std::string("00"), *page.next + "00",
                               page.next->substr(2), std::string("{\"$gt\":\"\"}")}) {
        EXPECT_THROW(await(messages.get_conversation_history(kPhone, 1, broken)), InvalidArgument);
    }
    const auto leads_page = encode_cursor({{Scalar(kStart), Scalar(ObjectId::generate())}, false},
                                          LeadRepository::latest_interaction_first().keys());
    EXPECT_THROW(await(messages.get_conversation_history(kPhone, 1, leads_page)), InvalidArgument);
    EXPECT_THROW(await(messages.get_conversation_history(kPhone, 0)), InvalidArgument);
}

TEST_P(History, ByRoleHasTheLastOfThatRole) {
    std::vector<Message> many;
    for (int i = 0; i < 6; ++i) {
        const auto role = i % 2 == 0 ? MessageRole::kLead : MessageRole::kHuman;
        many.push_back(said(std::to_string(i), seconds(i), role));
    }
    await(messages.save_messages(many));
    EXPECT_EQ(contents(await(messages.get_messages_by_role(kPhone, MessageRole::kHuman))),
              (std::vector<std::string>{"1", "3", "5"}));
    EXPECT_EQ(contents(await(messages.get_messages_by_role(kPhone, MessageRole::kLead, 2))),
              (std::vector<std::string>{"2", "4"}));
    EXPECT_TRUE(await(messages.get_messages_by_role(kPhone, MessageRole::kSystem)).empty());
}

TEST_P(History, ATimeRangeIncludesBothItsEnds) {
    std::vector<Message> many;
    for (int i = 0; i < 5; ++i) many.push_back(said(std::to_string(i), milliseconds(i)));
    await(messages.save_messages(many));
    const auto between = [&](int from, int to) {
        return contents(await(messages.get_messages_in_timerange(
            kPhone, kStart + milliseconds(from), kStart + milliseconds(to))));
    };
    EXPECT_EQ(between(1, 3), (std::vector<std::string>{"1", "2", "3"}));
    EXPECT_EQ(between(2, 2), (std::vector<std::string>{"2"}));
    EXPECT_EQ(between(5, 9), (std::vector<std::string>{}));
    EXPECT_THROW(between(3, 2), InvalidArgument);
}

TEST_P(History, ATimeRangeHasAllBeyondAThousand) {
    std::vector<Message> many;
    for (int i = 0; i < 1'203; ++i) many.push_back(said(std::to_string(i), milliseconds(i)));
    await(messages.save_messages(many));
    const auto all =
        await(messages.get_messages_in_timerange(kPhone, kStart, kStart + milliseconds(1'201)));
    EXPECT_EQ(all.size(), 1'202U);
    EXPECT_EQ(all.back().content, "1201");
}

TEST_P(Figures, CountAndTokensAreOfOneLead) {
    Message first = said("a");
    first.tokens = 5;
    Message second = said("b");
    second.tokens = std::int64_t{3'000'000'000};
    Message other = said("c");
    other.lead_id = "+525599999999";
    other.tokens = 100;
    await(messages.save_messages({first, second, other}));
    EXPECT_EQ(await(messages.count_messages_for_lead("5512345678")), 2);
    EXPECT_EQ(await(messages.get_total_tokens_for_lead("+52 1 55 1234 5678")), 3'000'000'005);
    EXPECT_EQ(await(messages.count_messages_for_lead("+525500000000")), 0);
    EXPECT_EQ(await(messages.get_total_tokens_for_lead("+525500000000")), 0);
}

TEST_P(Figures, AResponseIsTimedFromTheFirstUnansweredMessage) {
    const auto assistant = MessageRole::kAssistant;
    await(messages.save_messages({
        said("greeting", seconds(0), assistant),
        said("question", seconds(10)),
        said("hello?", seconds(30)),
        said("answer", seconds(40), assistant),
        said("more", seconds(50), assistant),
        said("thanks", seconds(100)),
        said("welcome", seconds(110), assistant),
        said("unanswered", seconds(200)),
    }));
    EXPECT_EQ(await(messages.get_average_response_time(kPhone, std::nullopt)), 20.0)
        << "(30 s + 10 s) / 2";
}

TEST_P(Figures, AResponseIsTimedFromItsQuestionAlsoWhereThatIsOlderThanTheSpan) {
    const auto ago = [](std::chrono::minutes age) { return now() - age - kStart; };
    await(messages.save_messages({
        said("earlier", ago(std::chrono::minutes(240))),
        said("earlier answer", ago(std::chrono::minutes(239)), MessageRole::kAssistant),
        said("question", ago(std::chrono::minutes(122))),
        said("hello?", ago(std::chrono::minutes(10))),
        said("answer", ago(std::chrono::minutes(2)), MessageRole::kAssistant),
    }));
    const auto average = [&](std::chrono::hours within) {
        return await(messages.get_average_response_time(kPhone, within)).value();
    };
    EXPECT_NEAR(average(std::chrono::hours(1)), 7'200, 1);
    EXPECT_NEAR(average(std::chrono::hours::max()), (7'200 + 60) / 2.0, 1);
}

TEST_P(Figures, OnlyAnswersOfTheRespondersAskedForCount) {
    await(messages.save_messages({
        said("question", seconds(0)),
        said("system notice", seconds(3), MessageRole::kSystem),
        said("answer", seconds(5), MessageRole::kHuman),
        said("more", seconds(60), MessageRole::kAssistant),
    }));
    const auto average = [&](std::vector<MessageRole> responders) {
        return await(messages.get_average_response_time(kPhone, std::nullopt, responders));
    };
    EXPECT_EQ(average({MessageRole::kAssistant}), std::nullopt) << "a person was first";
    EXPECT_EQ(average({MessageRole::kHuman}), 5.0);
    EXPECT_EQ(average({MessageRole::kAssistant, MessageRole::kHuman}), 5.0);
    EXPECT_EQ(average({MessageRole::kSystem}), 3.0);
    EXPECT_EQ(average({}), std::nullopt);
}

TEST_P(Figures, WhatAnotherHasAnsweredIsNoLongerAsked) {
    const auto later = hours(24 * 20);
    await(messages.save_messages({
        said("question", seconds(0)),
        said("answer", seconds(60), MessageRole::kHuman),
        said("another", later),
        said("its answer", later + seconds(2), MessageRole::kAssistant),
        said("a third", later + hours(1)),
        said("a person's", later + hours(2), MessageRole::kHuman),
    }));
    const auto average = [&](std::vector<MessageRole> responders) {
        return await(messages.get_average_response_time(kPhone, std::nullopt, responders));
    };
    EXPECT_EQ(average({MessageRole::kAssistant}), 2.0);
    EXPECT_EQ(average({MessageRole::kHuman}), (60 + 3'600) / 2.0);
    EXPECT_EQ(average({MessageRole::kHuman, MessageRole::kAssistant}), (60 + 2 + 3'600) / 3.0);
}

TEST_P(Figures, WithoutAPairThereIsNoAverage) {
    EXPECT_EQ(await(messages.get_average_response_time(kPhone)), std::nullopt);
    await(messages.save_messages(
        {said("greeting", seconds(0), MessageRole::kAssistant), said("question", seconds(5))}));
    EXPECT_EQ(await(messages.get_average_response_time(kPhone, std::nullopt)), std::nullopt);
}

TEST_P(Figures, AnAverageCoversTheLastHoursOnly) {
    const auto ago = [](hours before, seconds more, MessageRole role) {
        Message message = said("x", {}, role);
        message.timestamp = now() - before + more;
        return message;
    };
    await(messages.save_messages({
        ago(hours(30), seconds(0), MessageRole::kLead),
        ago(hours(30), seconds(100), MessageRole::kAssistant),
        ago(hours(2), seconds(0), MessageRole::kLead),
        ago(hours(2), seconds(7), MessageRole::kAssistant),
    }));
    EXPECT_NEAR(await(messages.get_average_response_time(kPhone)).value(), 7.0, 0.1);
    EXPECT_NEAR(await(messages.get_average_response_time(kPhone, hours(48))).value(), 53.5, 0.1);
    EXPECT_EQ(await(messages.get_average_response_time(kPhone, hours(1))), std::nullopt);
}

TEST_P(Figures, AnAverageCoversEverythingBeyondTwoHundred) {
    // The last pair alone takes 1,201 s; the first 1,200 take 1 s each.
    std::vector<Message> many;
    for (int i = 0; i <= 1'200; ++i) {
        const auto length = i < 1'200 ? seconds(1) : seconds(1'201);
        many.push_back(said("q", hours(i)));
        many.push_back(said("a", hours(i) + length, MessageRole::kAssistant));
    }
    await(messages.save_messages(many));
    EXPECT_NEAR(await(messages.get_average_response_time(kPhone, std::nullopt)).value(),
                2'401.0 / 1'201.0, 1e-9);
}

}  // namespace
}  // namespace rapport::testing
