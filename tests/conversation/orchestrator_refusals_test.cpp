// What is not valid is refused before anybody is asked in vain, and nothing is stored.
#include <limits>

#include "rapport/core/error.hpp"
#include "tests/conversation/orchestrator_test.hpp"

namespace rapport::testing {
namespace {

class Refusals : public OrchestratorTest {
  protected:
    /// What the message is refused with; empty where it is not, or something is stored.
    std::string refused(const std::string& content, MessageDetails details = {}) {
        try {
            say(content, std::move(details));
        } catch (const InvalidArgument& error) {
            if (await(leads.get_by_phone(kPhone)) || !conversation().empty()) return "";
            return error.what();
        }
        return "";
    }
};

ON_EVERY_ENGINE(ConversationOrchestrator, Refusals);

TEST_P(Refusals, OfMessagesThatCannotBeStoredAskNobody) {
    EXPECT_NE(refused(std::string(kMaxContentBytes + 1, 'x')), "");
    const std::string date = "timestamp: must lie in the years 0001 to 9999";
    EXPECT_EQ(refused("x", {.timestamp = Timestamp::max()}), date);
    EXPECT_EQ(refused("x", {.timestamp = Timestamp::min()}), date);
    EXPECT_EQ(refused("x", {.external_id = "\xff"}), "external_id: not valid UTF-8");
    EXPECT_EQ(refused("x", {.attachment = Attachment{"image", "\xff.jpg"}}),
              "attachment.name: not valid UTF-8");
    EXPECT_EQ(refused("x", {.attachment = Attachment{"\xff", "photo.jpg"}}),
              "attachment.kind: not valid UTF-8");
    EXPECT_EQ(agents->asked, 0);
}

TEST_P(Refusals, OfAnswersThatSayNothing) {
    agents->reply = "";
    EXPECT_EQ(refused("x"), "message.content: empty");
    agents->reply = " \n\t\u00a0\u2003\u200b";
    EXPECT_EQ(refused("x"), "message.content: nothing but blanks");
}

TEST_P(Refusals, OfAStrategyThatIsNotValidAskForNoAnswer) {
    agents->reply = "";
    agents->strategy.strategic_reasoning = "bad \xff";
    EXPECT_EQ(refused("x"), "strategic_reasoning: not valid UTF-8");
    agents->strategy.strategic_reasoning = std::string(Strategy::kMaxTextBytes + 1, 'x');
    EXPECT_EQ(refused("x"), "strategic_reasoning: too long");
    agents->strategy.action = Action::kEscalate;
    EXPECT_EQ(refused("x"), "strategic_reasoning: too long");
}

TEST_P(Refusals, OfAReasonForAStandInThatIsNoText) {
    agents->fallback = "bad \xff";
    EXPECT_EQ(refused("x"), "fallback: not valid UTF-8");
}

TEST_P(Refusals, OfUsageThatNoMessageMayHave) {
    const std::string tokens =
        "usage: tokens must not be negative, nor more than a message may have cost";
    agents->reply = "";
    for (const Usage& usage : {Usage{.prompt_tokens = -1}, Usage{.completion_tokens = -1},
                               Usage{.completion_tokens = std::numeric_limits<std::int64_t>::max()},
                               Usage{.prompt_tokens = kMaxTokens, .completion_tokens = 1},
                               Usage{.prompt_tokens = kMaxTokens / 2 + 1}}) {
        agents->usage = usage;
        EXPECT_EQ(refused("x"), tokens);
    }
    for (const double cost : {-0.01, std::numeric_limits<double>::infinity(),
                              std::numeric_limits<double>::quiet_NaN()}) {
        agents->usage = {.cost_usd = cost};
        EXPECT_EQ(refused("x"), "usage.cost_usd: must be a number, and not negative");
    }
}

}  // namespace
}  // namespace rapport::testing
