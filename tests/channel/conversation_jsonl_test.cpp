#include "rapport/channel/conversation_jsonl.hpp"

#include <gtest/gtest.h>

#include <set>

namespace rapport {
namespace {

using namespace std::string_literals;

std::vector<std::string> identities_of(std::string_view text) {
    std::vector<std::string> all;
    for (const JsonlMessage& message : parse_jsonl(text).messages) all.push_back(message.identity);
    return all;
}

/// The problem of the only line of a text, or what else there is.
std::string problem_of(std::string_view text) {
    const JsonlConversations parsed = parse_jsonl(text);
    if (!parsed.messages.empty()) return "messages";
    return parsed.problems.size() == 1 ? parsed.problems.front().reason : "not one problem";
}

TEST(Jsonl, MayHoldAMessageALine) {
    const auto parsed = parse_jsonl(
        R"({"lead_id": "+525512345678", "role": "lead", "content": "hola", )"
        R"("timestamp": "2021-12-24T18:05:00Z", "tokens": 3, "intent": "greet"})"
        "\n\n \r\n"
        R"({"lead_id": "ext:7", "role": "assistant", "content": "a\u0041ñ", "tokens": null})");
    ASSERT_EQ(parsed.messages.size(), 2U);
    EXPECT_TRUE(parsed.problems.empty());
    EXPECT_EQ(parsed.messages[0].line, 1);
    EXPECT_EQ(parsed.messages[0].lead_id, "+525512345678");
    EXPECT_EQ(parsed.messages[0].role, "lead");
    EXPECT_EQ(parsed.messages[0].text, "hola");
    EXPECT_EQ(to_iso8601(parsed.messages[0].timestamp), "2021-12-24T18:05:00.000Z");
    EXPECT_EQ(parsed.messages[0].tokens, 3);
    EXPECT_EQ(parsed.messages[1].line, 4);
    EXPECT_EQ(parsed.messages[1].text, "aAñ");
    EXPECT_EQ(parsed.messages[1].tokens, 0);
}

TEST(Jsonl, MayHoldAConversationALine) {
    const auto parsed =
        parse_jsonl(R"({"conversation_id": "c1", "services": ["x"], "turns": [)"
                    R"({"role": "lead", "text": "hi", "acts": []}, {"role": "human", "text": ""}]})"
                    "\n"
                    R"({"conversation_id": "c2", "lead_id": "+525512345678", "turns": )"
                    R"([{"role": "system", "text": "x", "timestamp": 1640369100}]})"
                    "\n"
                    R"({"conversation_id": "c3", "turns": []})");
    EXPECT_TRUE(parsed.problems.empty());
    ASSERT_EQ(parsed.messages.size(), 3U);
    EXPECT_EQ(parsed.messages[0].lead_id, "ext:c1");
    EXPECT_EQ(parsed.messages[1].lead_id, "ext:c1");
    EXPECT_EQ(parsed.messages[1].text, "");
    EXPECT_EQ(parsed.messages[1].role, "human");
    EXPECT_EQ(parsed.messages[2].lead_id, "+525512345678");
}

TEST(Jsonl, ReadsTimestampsAsTextOrNumber) {
    const auto at = [](const std::string& timestamp) {
        const auto parsed = parse_jsonl(
            R"({"lead_id": "a", "role": "lead", "content": "x", "timestamp": )" + timestamp + "}");
        return parsed.messages.empty() ? "none" : to_iso8601(parsed.messages.front().timestamp);
    };
    EXPECT_EQ(at("\"2021-12-24T18:05:00+02:00\""), "2021-12-24T16:05:00.000Z");
    EXPECT_EQ(at("1640369100"), "2021-12-24T18:05:00.000Z");
    EXPECT_EQ(at("1640369100.123"), "2021-12-24T18:05:00.123Z");
    EXPECT_EQ(at("1640369100123"), "2021-12-24T18:05:00.123Z");
    EXPECT_EQ(at("0"), "1970-01-01T00:00:00.000Z");
    EXPECT_EQ(at("null"), "2000-01-01T00:00:00.000Z");
    EXPECT_EQ(at("-1"), "none");
    EXPECT_EQ(at("1e300"), "none");
    EXPECT_EQ(at("\"yesterday\""), "none");
    EXPECT_EQ(at("true"), "none");
}

TEST(Jsonl, MakesAbsentTimestampsFromTheLinesOrder) {
    const auto parsed =
        parse_jsonl(R"({"conversation_id": "a", "turns": [{"role": "lead", "text": "1"}, )"
                    R"({"role": "human", "text": "2"}]})"
                    "\n"
                    R"({"lead_id": "b", "role": "lead", "content": "1"})"
                    "\n"
                    R"({"lead_id": "ext:a", "role": "lead", "content": "3"})");
    ASSERT_EQ(parsed.messages.size(), 4U);
    const auto at = [&](std::size_t i) { return to_iso8601(parsed.messages[i].timestamp); };
    EXPECT_EQ(at(0), "2000-01-01T00:00:00.000Z");
    EXPECT_EQ(at(1), "2000-01-01T00:00:01.000Z");
    EXPECT_EQ(at(2), "2000-01-01T00:00:00.000Z");
    EXPECT_EQ(at(3), "2000-01-01T00:00:02.000Z");
}

TEST(Jsonl, GivesEqualMessagesIdentitiesOfTheirOwnAndALongerFileTheSame) {
    const std::string file =
        R"({"conversation_id": "a", "turns": [{"role": "lead", "text": "ok"}, )"
        R"({"role": "lead", "text": "ok"}, {"role": "human", "text": "ok"}]})"
        "\n"
        R"({"conversation_id": "b", "turns": [{"role": "lead", "text": "ok"}]})"
        "\n";
    const auto shorter = identities_of(file);
    EXPECT_EQ(std::set(shorter.begin(), shorter.end()).size(), 4U);
    auto longer = identities_of(file + R"({"lead_id": "ext:a", "role": "lead", "content": "ok"})");
    ASSERT_EQ(longer.size(), 5U);
    EXPECT_EQ(std::set(longer.begin(), longer.end()).size(), 5U);
    longer.pop_back();
    EXPECT_EQ(longer, shorter);
}

struct Broken {
    std::string line;
    std::string_view reason;
};

std::ostream& operator<<(std::ostream& out, const Broken& broken) {
    return out << ::testing::PrintToString(broken.line);
}

class BrokenJsonl : public ::testing::TestWithParam<Broken> {};

TEST_P(BrokenJsonl, IsAProblemThatNeverQuotesText) {
    const std::string problem = problem_of(GetParam().line);
    EXPECT_NE(problem.find(GetParam().reason), std::string::npos) << problem;
    EXPECT_EQ(problem.find("SECRET"), std::string::npos) << problem;
}

INSTANTIATE_TEST_SUITE_P(
    Records, BrokenJsonl,
    ::testing::Values(
        Broken{R"({"lead_id": "a", "role": "lead", "content": "SECRET)", "not JSON"},
        Broken{"{\"lead_id\": \"a\", \"role\": \"lead\", \"content\": \"SECRET\xFF\"}", "not JSON"},
        Broken{R"({"lead_id": "a", "role": "lead", "content": "SECRET\ud800"})", "not JSON"},
        Broken{R"({} SECRET)", "not JSON"}, Broken{R"(["SECRET"])", "expected a JSON object"},
        Broken{std::string(100, '['), "not JSON"},
        Broken{R"({"lead_id": "a", "role": "SECRET", "content": "x"})", "role: expected lead"},
        Broken{R"({"lead_id": "a", "role": "user", "content": "x"})", "role: expected lead"},
        Broken{R"({"lead_id": "a", "content": "SECRET"})", "role: missing"},
        Broken{R"({"role": "lead", "content": "SECRET"})", "lead_id: missing"},
        Broken{R"({"lead_id": 5, "role": "lead", "content": "SECRET"})",
               "lead_id: expected a string"},
        Broken{R"({"lead_id": "a", "role": "lead"})", "content: missing"},
        Broken{R"({"lead_id": "a", "role": "lead", "content": ["SECRET"]})", "content: expected a"},
        Broken{R"({"lead_id": "a", "role": "lead", "content": "x", "tokens": -1})", "tokens"},
        Broken{R"({"lead_id": "a", "role": "lead", "content": "x", "tokens": 1.5})", "tokens"},
        Broken{R"({"lead_id": "a", "role": "lead", "content": "x", "tokens": "1"})", "tokens"},
        Broken{R"({"lead_id": "a", "role": "lead", "content": "x", "timestamp": "SECRET"})",
               "timestamp: expected"},
        Broken{R"({"turns": [{"role": "lead", "text": "SECRET"}]})", "conversation_id: missing"},
        Broken{R"({"lead_id": "a", "turns": "SECRET"})", "turns: expected an array"},
        Broken{R"({"lead_id": "a", "turns": [{"role": "lead", "text": "x"}, "SECRET"]})",
               "turns[1]: expected an object"},
        Broken{R"({"lead_id": "a", "turns": [{"role": "lead", "content": "SECRET"}]})",
               "turns[0]: text: missing"},
        // A time whose UTC lies before the year 1.
        Broken{R"({"lead_id": "a", "turns": [{"role": "lead", "text": "x"}, )"
               R"({"role": "lead", "text": "x", "timestamp": "0001-01-01T00:00:00+14:00"}]})",
               "turns[1]: timestamp"},
        Broken{
            R"({"lead_id": "a", "role": "lead", "content": ")" + std::string(65'537, 'x') + "\"}",
            "65537 bytes"}));

TEST(Jsonl, KeepsTheRecordsAroundAProblem) {
    const auto parsed = parse_jsonl(
        "{\"lead_id\": \"a\", \"role\": \"lead\", \"content\": \"1\"}\nbroken\n"
        "{\"lead_id\": \"a\", \"role\": \"lead\", \"content\": \"" +
        std::string(65'536, 'x') + "\"}");
    EXPECT_EQ(parsed.messages.size(), 2U);
    ASSERT_EQ(parsed.problems.size(), 1U);
    EXPECT_EQ(parsed.problems[0].line, 2);
}

}  // namespace
}  // namespace rapport
