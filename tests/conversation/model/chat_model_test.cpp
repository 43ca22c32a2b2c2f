#include "rapport/conversation/model/chat_model.hpp"

#include <gtest/gtest.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <exception>

#include "rapport/conversation/execution.hpp"
#include "rapport/repository/model_spending.hpp"
#include "tests/conversation/model/samples.hpp"
#include "tests/conversation/model/scripted_server.hpp"
#include "tests/support/engine.hpp"

namespace rapport {
namespace {

namespace asio = boost::asio;
using testing::chat_reply;
using testing::http_reply;
using testing::ScriptedServer;
using State = CircuitBreaker::State;
using Reply = ScriptedServer::Reply;

const auto kHang = Reply{"", ScriptedServer::Then::kHang};
const auto kLong = std::chrono::seconds(30);

/// A model on a server whose replies a test hands out one by one; the last one stays.
class Chat : public ::testing::Test {
  protected:
    ChatModelOptions options() {
        ChatModelOptions options;
        options.base_url = server.url();
        options.name = "gpt-test";
        options.price = {2, 10};
        options.budget = {1'000'000, 1'000'000};
        options.breaker = {.failures_to_open = 2, .pause = std::chrono::seconds(30)};
        options.clock = [] { return testing::kNow; };
        options.breaker_clock = [this] { return breaker_time; };
        return options;
    }
    std::string ask(ChatModel& model, Deadline deadline = Deadline::in(kLong)) {
        try {
            return await(ask_model(model, deadline)).content;
        } catch (const NoAnswer& none) {
            return std::string("none: ") + none.what();
        }
    }
    static Async<ChatModel::Answered> ask_model(ChatModel& model, Deadline deadline) {
        return model.ask({{"user", "Hi"}}, format_of<Execution>("execution"), deadline);
    }
    std::int64_t spent() {
        const auto day = std::chrono::floor<std::chrono::days>(testing::kNow);
        return from_document<ModelSpending>(engine.stored(spending_collection(), spending_id(day)))
            .hour_micro_usd;
    }

    ScriptedServer server{{chat_reply("hello")}};
    testing::Engine engine{"sqlite"};
    CircuitBreaker::Clock::time_point breaker_time{};
};

TEST_F(Chat, AsksForAJsonObjectOfTheSchema) {
    ChatModelOptions with_key = options();
    with_key.api_key = "sk-key";
    with_key.temperature = 0.25;
    ChatModel model(with_key, engine.store());
    EXPECT_EQ(ask(model), "hello");
    const auto request = server.requests().at(0);
    EXPECT_TRUE(request.head.starts_with("POST /v1/chat/completions HTTP/1.1\r\n"));
    EXPECT_NE(request.head.find("\r\nAuthorization: Bearer sk-key\r\n"), std::string::npos);
    EXPECT_NE(request.head.find("\r\nContent-Type: application/json\r\n"), std::string::npos);
    EXPECT_TRUE(request.body.starts_with(
        R"({"model":"gpt-test","temperature":0.25,"max_tokens":2048,)"
        R"("messages":[{"role":"user","content":"Hi"}],)"
        R"("response_format":{"type":"json_schema","json_schema":{"name":"execution",)"
        R"("strict":true,"schema":{"type":"object",)"))
        << request.body;
}

TEST_F(Chat, CountsTokensAndWhatTheyCost) {
    ChatModel model(options(), engine.store());
    const auto answered = await(ask_model(model, {}));
    EXPECT_EQ(answered.usage.prompt_tokens, 1000);
    EXPECT_EQ(answered.usage.completion_tokens, 200);
    EXPECT_DOUBLE_EQ(answered.usage.cost_usd, 0.004);
    EXPECT_EQ(spent(), 4000);
}

TEST_F(Chat, CountsTheEstimateWhereTheServerDoesNotSayWhatItTook) {
    server.reply_with({http_reply(200, R"({"choices":[{"message":{"content":"hello"}}]})")});
    ChatModel model(options(), engine.store());
    EXPECT_EQ(ask(model), "hello");
    EXPECT_GT(spent(), 2048 * 10);
}

TEST_F(Chat, CountsTheEstimateWhereTheServerSaysWhatCannotBe) {
    ChatModel model(options(), engine.store());
    std::int64_t before = 0;
    for (const char* usage : {R"({"prompt_tokens":2000000000000,"completion_tokens":1})",
                              R"({"prompt_tokens":1,"completion_tokens":9223372036854775807})",
                              R"({"prompt_tokens":-1,"completion_tokens":1})"}) {
        server.reply_with({http_reply(
            200, std::string(R"({"choices":[{"message":{"content":"hello"}}],"usage":)") + usage +
                     "}")});
        const auto answered = await(ask_model(model, Deadline::in(kLong)));
        EXPECT_EQ(answered.content, "hello");
        EXPECT_EQ(answered.usage.prompt_tokens, 0);
        EXPECT_EQ(answered.usage.completion_tokens, 0);
        EXPECT_GT(answered.usage.cost_usd, 2048 * 10e-6);
        EXPECT_GT(spent(), before + 2048 * 10);
        before = spent();
    }
    EXPECT_EQ(model.breaker_state(), State::kClosed);
}

TEST_F(Chat, RepeatsWhatMayPass) {
    server.reply_with(
        {http_reply(429, "", "Retry-After: 0\r\n"), http_reply(503, ""), chat_reply("hello")});
    ChatModelOptions patient = options();
    patient.breaker.failures_to_open = 5;
    ChatModel model(patient, engine.store());
    EXPECT_EQ(ask(model), "hello");
    EXPECT_EQ(server.requests().size(), 3U);
    EXPECT_EQ(spent(), 4000);
}

TEST_F(Chat, WaitsAsLongAsTheServerAsks) {
    server.reply_with({http_reply(429, "", "Retry-After: 1\r\n"), chat_reply("hello")});
    ChatModel model(options(), engine.store());
    const auto begin = std::chrono::steady_clock::now();
    EXPECT_EQ(ask(model), "hello");
    EXPECT_GE(std::chrono::steady_clock::now() - begin, std::chrono::seconds(1));
}

TEST_F(Chat, GivesUpAtOnceWhereTheServerAsksForMoreThanTheDeadlineAllows) {
    server.reply_with({http_reply(429, "", "Retry-After: Tue, 14 Nov 2023 22:14:20 GMT\r\n")});
    ChatModel model(options(), engine.store());
    const Deadline deadline = Deadline::in(kLong);
    EXPECT_EQ(ask(model, deadline), "none: the model's server answered with status 429");
    EXPECT_FALSE(deadline.passed());
    EXPECT_EQ(server.requests().size(), 1U);
}

TEST_F(Chat, DoesNotRepeatWhatIsRefused) {
    for (const int status : {400, 401, 403, 404}) {
        server.reply_with({http_reply(status, "429 500")});
        ChatModel model(options(), engine.store());
        const std::size_t before = server.requests().size();
        EXPECT_EQ(ask(model),
                  "none: the model's server answered with status " + std::to_string(status));
        EXPECT_EQ(server.requests().size(), before + 1);
    }
    EXPECT_EQ(spent(), 0);
}

TEST_F(Chat, BreakerOpensThenProbesThenCloses) {
    server.reply_with(
        {http_reply(401, ""), http_reply(401, ""), http_reply(401, ""), chat_reply("hello")});
    ChatModel model(options(), engine.store());
    ask(model);
    ask(model);
    EXPECT_EQ(model.breaker_state(), State::kOpen);
    EXPECT_EQ(ask(model), "none: the model has failed again and again: it rests");
    EXPECT_EQ(server.requests().size(), 2U);

    breaker_time += std::chrono::seconds(30);
    EXPECT_EQ(ask(model), "none: the model's server answered with status 401");
    EXPECT_EQ(model.breaker_state(), State::kOpen);
    EXPECT_EQ(ask(model), "none: the model has failed again and again: it rests");
    EXPECT_EQ(server.requests().size(), 3U);

    breaker_time += std::chrono::seconds(30);
    EXPECT_EQ(ask(model), "hello");
    EXPECT_EQ(model.breaker_state(), State::kClosed);
}

TEST_F(Chat, BreakerProbesAgainAfterAProbeThatWasCancelled) {
    server.reply_with({http_reply(401, ""), http_reply(401, ""), kHang, chat_reply("hello")});
    ChatModel model(options(), engine.store());
    ask(model);
    ask(model);
    breaker_time += std::chrono::seconds(30);

    asio::io_context context;
    asio::cancellation_signal cancel;
    std::exception_ptr ended;
    asio::co_spawn(context, ask_model(model, Deadline::in(kLong)),
                   asio::bind_cancellation_slot(
                       cancel.slot(), [&](const std::exception_ptr& error,
                                          const ChatModel::Answered&) { ended = error; }));
    while (server.requests().size() < 3) context.run_one_for(std::chrono::milliseconds(5));
    EXPECT_EQ(model.breaker_state(), State::kHalfOpen);
    EXPECT_EQ(ask(model), "none: the model has failed again and again: it rests");
    cancel.emit(asio::cancellation_type::terminal);
    context.run();
    EXPECT_THROW(std::rethrow_exception(ended), boost::system::system_error);
    EXPECT_EQ(model.breaker_state(), State::kOpen);
    EXPECT_EQ(ask(model), "hello");
    EXPECT_EQ(model.breaker_state(), State::kClosed);
}

TEST_F(Chat, StopsWhenTheBudgetIsSpent) {
    ChatModelOptions poor = options();
    poor.budget = {30'000, 30'000};  // one estimate, of 2,048 tokens and more, and a little
    ChatModel model(poor, engine.store());
    int answers = 0;
    std::string last;
    while ((last = ask(model)) == "hello") ++answers;
    EXPECT_EQ(last, "none: the budget for models is spent");
    EXPECT_GT(answers, 0);
    EXPECT_EQ(server.requests().size(), static_cast<std::size_t>(answers));
    EXPECT_EQ(spent(), 4000 * answers);
    EXPECT_EQ(model.breaker_state(), State::kClosed);
}

TEST_F(Chat, KeepsTheEstimateOfACallThatMayHaveBeenPaid) {
    server.reply_with({kHang});
    ChatModelOptions hasty = options();
    hasty.request_timeout = std::chrono::milliseconds(200);
    hasty.breaker.failures_to_open = 1;
    ChatModel model(hasty, engine.store());
    ask(model);
    EXPECT_EQ(server.requests().size(), 1U);
    EXPECT_GT(spent(), 2048 * 10);
}

TEST_F(Chat, HasNoAnswerWhereSpendingCannotBeLookedUp) {
    ChatModel model(options(), engine.store());
    await(engine.manager().disconnect());
    EXPECT_EQ(ask(model), "none: what models have cost cannot be looked up");
    EXPECT_TRUE(server.requests().empty());
    await(engine.manager().connect());
}

TEST_F(Chat, AsksOnlySoManyAtOnce) {
    server.reply_with({kHang});
    ChatModelOptions narrow = options();
    narrow.max_concurrency = 1;
    narrow.request_timeout = std::chrono::milliseconds(600'000);
    ChatModel model(narrow, engine.store());
    asio::io_context context;
    asio::cancellation_signal cancel;
    asio::co_spawn(context, ask_model(model, Deadline::in(kLong)),
                   asio::bind_cancellation_slot(cancel.slot(), [](const std::exception_ptr&,
                                                                  const ChatModel::Answered&) {}));
    while (server.requests().empty()) context.run_one_for(std::chrono::milliseconds(5));
    EXPECT_EQ(ask(model, Deadline::in(std::chrono::milliseconds(400))),
              "none: too many requests to the model are under way");
    EXPECT_EQ(server.requests().size(), 1U);
    cancel.emit(asio::cancellation_type::terminal);
    context.run();
}

TEST_F(Chat, DoesNotAskWithTooLittleTimeLeft) {
    ChatModel model(options(), engine.store());
    EXPECT_EQ(ask(model, Deadline::in(std::chrono::milliseconds(20))),
              "none: too little time is left to ask the model");
    EXPECT_TRUE(server.requests().empty());
}

}  // namespace
}  // namespace rapport
