#include <gmock/gmock-matchers.h>
#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "tests/cli/program.hpp"

namespace rapport::testing {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

class Chat : public ::testing::TestWithParam<std::string> {
  protected:
    Outcome chat(const std::string& lines, std::vector<std::string> options = {}) {
        rapport.type(lines);
        options.insert(options.end(), {"chat", "5512345678"});
        return rapport.run(std::move(options));
    }
    static std::vector<boost::json::value> json_lines(const Outcome& outcome) {
        std::vector<boost::json::value> lines;
        std::istringstream in(outcome.out);
        for (std::string line; std::getline(in, line);) lines.push_back(boost::json::parse(line));
        return lines;
    }

    Program rapport{GetParam()};
};
INSTANTIATE_TEST_SUITE_P(CommandLine, Chat, ::testing::ValuesIn(engines()),
                         [](const auto& engine) { return engine.param; });

TEST_P(Chat, LinesOfAPipeAreAnsweredAndStored) {
    const Outcome said = chat("Hola, buenas tardes\n\n¿Cuánto cuesta?\n/quit\nnever said\n");
    ASSERT_EQ(said.exit_code, 0) << said.err;
    EXPECT_THAT(said.out,
                AllOf(HasSubstr("lead      Hola, buenas tardes"), HasSubstr("agent     ")));
    const auto lead = rapport.run({"--json", "lead", "5512345678"}).json();
    EXPECT_EQ(lead.at("message_count"), 4) << "an empty line is no message";
    EXPECT_TRUE(lead.as_object().contains("next_followup_at"));
}

TEST_P(Chat, GoesOnWhereItWas) {
    chat("Hola\n");
    const Outcome again = chat("/history\n/lead\n/why\n");
    EXPECT_THAT(again.out, AllOf(HasSubstr("    Hola"), HasSubstr("messages           2"),
                                 HasSubstr("Nothing was answered yet.")));
}

TEST_P(Chat, SaysWhyItAnsweredSo) {
    const Outcome said = chat("Somos 20 personas, ¿cuánto cuesta al mes?\n/why\n");
    EXPECT_EQ(said.exit_code, 0);
    EXPECT_THAT(said.out, AllOf(HasSubstr("intent    pricing_question"), HasSubstr("action    "),
                                HasSubstr("took      ")));
}

TEST_P(Chat, ALineOfAPipeThatIsNoCommandIsNotLostInSilence) {
    const Outcome said = chat("Hola\n/precio por favor\n\xff\n /precio\n");
    EXPECT_EQ(said.exit_code, 2);
    EXPECT_THAT(said.err, AllOf(HasSubstr("line 2: no such command"), HasSubstr("a blank before"),
                                Not(HasSubstr("precio"))));
    EXPECT_THAT(said.out, Not(HasSubstr("no such command")));
    EXPECT_EQ(rapport.run({"--json", "lead", "5512345678"}).json().at("message_count"), 4)
        << "the others are answered";
}

TEST_P(Chat, GivesALineOfJsonForEachAnswer) {
    const auto answers =
        json_lines(chat("Hola\nQuiero hablar con una persona\nHola?\n", {"--json"}));
    ASSERT_EQ(answers.size(), 3U);
    EXPECT_EQ(answers[0].at("classification").at("intent"), "greeting");
    EXPECT_EQ(answers[0].at("lead_id"), "+525512345678");
    EXPECT_TRUE(answers[1].at("handoff_triggered").as_bool());
    EXPECT_TRUE(answers[2].at("outbound_message").is_null()) << "a person has it now";
}

TEST_P(Chat, JsonIsAloneOnStdout) {
    const Outcome said =
        chat("/why\nHola\n/why\n/lead\n/history\n/help\n/nothing\nHola\n", {"--json"});
    EXPECT_EQ(said.exit_code, 2);
    EXPECT_EQ(json_lines(said).size(), 2U) << said.out;
    EXPECT_THAT(said.err, AllOf(HasSubstr("Nothing was answered yet."), HasSubstr("intent    "),
                                HasSubstr("known since"), HasSubstr("    Hola"), HasSubstr("/quit"),
                                HasSubstr("line 7: no such command")));
}

TEST_P(Chat, AHandOffIsToldWithoutTheNumber) {
    const Outcome said = chat("Quiero hablar con una persona\nHola?\n");
    EXPECT_THAT(said.out, AllOf(HasSubstr("(a person is asked for)"),
                                HasSubstr("(stored; a person has this conversation)")));
    EXPECT_THAT(said.err, AllOf(HasSubstr("5678"), Not(HasSubstr("12345678"))));
}

TEST_P(Chat, WhatCannotBeStoredIsSaidAndTheChatGoesOn) {
    const Outcome said = chat("\xff\xfe\nHola\n");
    EXPECT_EQ(said.exit_code, 1);
    EXPECT_THAT(said.err, HasSubstr("content: not valid UTF-8"));
    EXPECT_EQ(rapport.run({"--json", "lead", "5512345678"}).json().at("message_count"), 2);
}

constexpr auto kConversation =
    R"({"lead_id": "+525512345678", "role": "lead", "content": "Hola", "timestamp": "2026-11-01T10:00:00Z"}
{"lead_id": "+525512345678", "role": "assistant", "content": "of that time", "timestamp": "2026-11-01T10:01:00Z"}
{"lead_id": "+525512345678", "role": "lead", "content": "¿Cuánto cuesta?", "timestamp": "2026-11-01T10:02:00Z"}
)";

TEST_P(Chat, AFileIsAnsweredAnewAndOnce) {
    rapport.write("conversation.jsonl", kConversation);
    const Outcome first = rapport.run({"replay", "conversation.jsonl", "--why"});
    ASSERT_EQ(first.exit_code, 0) << first.err;
    EXPECT_THAT(first.out, AllOf(HasSubstr("lead      ¿Cuánto cuesta?"), HasSubstr("intent    "),
                                 Not(HasSubstr("of that time"))));
    const auto again = json_lines(rapport.run({"--json", "replay", "conversation.jsonl"}));
    ASSERT_EQ(again.size(), 2U);
    for (const auto& answer : again) EXPECT_TRUE(answer.at("replayed").as_bool());
    const auto lead = rapport.run({"--json", "lead", "5512345678"}).json();
    EXPECT_EQ(lead.at("message_count"), 4);
}

TEST_P(Chat, WhatCannotBeReplayedIsRefusedByItsName) {
    rapport.run({"lead", "create", "5512345678"});
    ASSERT_EQ(rapport.run({"export", "5512345678", "--output", "person.json"}).exit_code, 0);
    const Outcome person = rapport.run({"replay", "person.json"});
    EXPECT_EQ(person.exit_code, 2);
    EXPECT_THAT(person.err, AllOf(HasSubstr("person.json: "), HasSubstr("rapport import")));
    rapport.write("group.txt",
                  "24/12/23, 21:05 - Ana: a\n24/12/23, 21:06 - Luis: b\n"
                  "24/12/23, 21:07 - Eva: c\n");
    const Outcome group = rapport.run({"replay", "group.txt"});
    EXPECT_EQ(group.exit_code, 2);
    EXPECT_THAT(group.err,
                AllOf(HasSubstr("group.txt: a group chat"), HasSubstr("rapport import --dry-run")));
}

TEST_P(Chat, AFileIsAnsweredAsAtItsTime) {
    rapport.write("conversation.jsonl", kConversation);
    ASSERT_EQ(rapport.run({"replay", "conversation.jsonl"}).exit_code, 0);
    const auto page = rapport.run({"--json", "history", "5512345678"}).json();
    std::vector<std::string> said;
    for (const auto& message : page.at("messages").as_array()) {
        said.push_back(std::string(message.at("role").as_string()) + " " +
                       std::string(message.at("timestamp").as_string().subview(0, 16)));
    }
    EXPECT_THAT(said, ElementsAre("lead 2026-11-01T10:00", "assistant 2026-11-01T10:00",
                                  "lead 2026-11-01T10:02", "assistant 2026-11-01T10:02"));
}

TEST_P(Chat, WhatALeadSentDoesNotSteerTheTerminal) {
    rapport.write("conversation.jsonl",
                  R"({"lead_id": "+525512345678", "role": "lead", "content": "a\u001b[2Jb\u009bc"})"
                  "\n");
    ASSERT_EQ(rapport.run({"import", "conversation.jsonl"}).exit_code, 0);
    const Outcome shown = rapport.run({"history", "5512345678"});
    EXPECT_THAT(shown.out, AllOf(HasSubstr("a [2Jb c"), Not(HasSubstr("\x1b"))));
    const auto page = rapport.run({"--json", "history", "5512345678"}).json();
    EXPECT_EQ(page.at("messages").at(0).at("content"),
              "a\x1b[2Jb\xc2\x9b"
              "c");
}

TEST_P(Chat, AFileWithAProblemIsNotReplayed) {
    rapport.write("conversation.jsonl", std::string(kConversation) + "{\"role\": 7}\n");
    const Outcome outcome = rapport.run({"replay", "conversation.jsonl"});
    EXPECT_EQ(outcome.exit_code, 1);
    EXPECT_THAT(outcome.err, AllOf(HasSubstr("conversation.jsonl:4:"), HasSubstr("nothing was")));
    EXPECT_EQ(rapport.run({"lead", "5512345678"}).exit_code, GetParam() == "sqlite" ? 3 : 4);
}

}  // namespace
}  // namespace rapport::testing
