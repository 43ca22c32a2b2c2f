#include <fcntl.h>
#include <gmock/gmock-matchers.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <thread>

#include "tests/cli/program.hpp"

namespace rapport::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::TestWithParam;
using ::testing::ValuesIn;

constexpr auto kChat =
    "24/12/23, 9:05 PM - Messages and calls are end-to-end encrypted.\n"
    "24/12/23, 9:05 PM - +52 1 55 1234 5678: Hola\n"
    "24/12/23, 9:06 PM - Luis: Buenas noches\n"
    "24/12/23, 9:06 PM - +52 1 55 1234 5678: ok\n"
    "24/12/23, 9:06 PM - +52 1 55 1234 5678: ok\n";

class Import : public TestWithParam<std::string> {
  protected:
    Program rapport{GetParam()};

    /// `added` of an import's report.
    std::int64_t added(const Outcome& outcome) const {
        return outcome.json().at("added").to_number<std::int64_t>();
    }
    std::int64_t messages_of(const std::string& lead) const {
        const Outcome stats = rapport.run({"--json", "stats", lead});
        if (stats.exit_code == 3 || stats.exit_code == 4) return 0;  // no database, no such lead
        return stats.json().at("messages").to_number<std::int64_t>();
    }
    /// Imports what comes out of a pipe, once.
    Outcome import_from_pipe(const std::string& content, std::vector<std::string> options) const {
        const std::filesystem::path pipe = rapport.path("pipe");
        if (!exists(pipe)) EXPECT_EQ(::mkfifo(pipe.c_str(), S_IRUSR | S_IWUSR), 0);
        std::jthread writer([&] { std::ofstream(pipe, std::ios::binary) << content; });
        options.insert(options.begin(), {"--json", "import", "pipe", "--timezone", "UTC"});
        const Outcome outcome = rapport.run(std::move(options));
        // Lets the writer go where the program did not open the pipe.
        const int reader = ::open(pipe.c_str(), O_RDONLY | O_NONBLOCK);
        writer.join();
        ::close(reader);
        return outcome;
    }
};
INSTANTIATE_TEST_SUITE_P(CommandLine, Import, ValuesIn(engines()),
                         [](const auto& info) { return info.param; });

TEST_P(Import, StoresAChatWithANumberUnderThatNumber) {
    const auto chat = rapport.write("chat.txt", kChat);
    const Outcome outcome = rapport.run({"--json", "import", chat, "--timezone", "UTC"});
    ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
    EXPECT_EQ(added(outcome), 5);
    const auto history = rapport.run({"--json", "history", "55 1234 5678"}).json();
    const auto& messages = history.at("messages").as_array();
    ASSERT_EQ(messages.size(), 5);
    EXPECT_EQ(messages[0].at("role"), "system");
    EXPECT_EQ(messages[1].at("role"), "lead");
    EXPECT_EQ(messages[1].at("timestamp"), "2023-12-24T21:05:00.000Z");
    EXPECT_EQ(messages[2].at("role"), "human");
    EXPECT_TRUE(history.at("next").is_null());
}

/// A file that need not fit into memory is read twice where it lies; UTF-16 is read at once.
TEST_P(Import, ReadsLeadsThatTakeTurnsInAFileAsOneByOne) {
    constexpr int kMessages = 50;
    std::string mixed;
    for (int i = 0; i < kMessages; ++i) {
        for (const char* lead : {"+525512345678", "55 9999 8888", "+52 55 9999 8888"}) {
            mixed += std::string(R"({"lead_id":")") + lead + R"(","role":"lead","content":"m)" +
                     std::to_string(i / 2) + "\"}\n";
        }
        mixed += R"({"conversation_id":"c","turns":[{"role":"lead","text":"a"},)"
                 R"({"role":"assistant","text":"b"}]})"
                 "\n";
    }
    const Outcome outcome = rapport.run({"--json", "import", rapport.write("m.jsonl", mixed)});
    ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
    EXPECT_EQ(added(outcome), 5 * kMessages);
    EXPECT_EQ(messages_of(kPhone), kMessages);
    EXPECT_EQ(messages_of("+525599998888"), 2 * kMessages);
    const auto history = rapport.run({"--json", "history", "ext:c", "--limit", "200"}).json();
    const auto& of_conversation = history.at("messages").as_array();
    ASSERT_EQ(of_conversation.size(), 2 * kMessages);
    for (std::size_t i = 0; i < of_conversation.size(); ++i) {
        EXPECT_EQ(of_conversation[i].at("content"), i % 2 == 0 ? "a" : "b") << i;
    }
    std::string utf16 = "\xFF\xFE";
    for (const char c : mixed) utf16.append({c, '\0'});
    const Outcome again = rapport.run({"--json", "import", rapport.write("m16.jsonl", utf16)});
    ASSERT_EQ(again.exit_code, 0) << again.err;
    EXPECT_EQ(added(again), 0) << "they are the same messages";
}

TEST_P(Import, CountsWhatCannotBeStoredAndGoesOnWithTheRest) {
    const std::string lines = R"({"lead_id":"+525512345678","role":"lead","content":"one"})"
                              "\nno JSON\n"
                              R"({"lead_id":"nobody","role":"lead","content":"two"})"
                              "\n"
                              R"({"lead_id":"+525512345678","role":"lead","content":"three"})";
    const auto file = rapport.write("some.jsonl", lines);
    const Outcome kept_back = rapport.run({"--json", "import", file});
    EXPECT_EQ(kept_back.exit_code, 1);
    EXPECT_EQ(added(kept_back), 0);
    const Outcome outcome = rapport.run({"--json", "import", file, "--keep-going"});
    EXPECT_EQ(outcome.exit_code, 1);
    EXPECT_EQ(added(outcome), 2);
    EXPECT_THAT(outcome.err, AllOf(HasSubstr("some.jsonl:2: not JSON"), HasSubstr("some.jsonl:3: "),
                                   Not(HasSubstr("some.jsonl:4"))));
}

TEST_P(Import, AddsNothingTheSecondTimeAndOnlyTheNewOfALongerExport) {
    const auto chat = rapport.write("chat.txt", kChat);
    rapport.run({"import", chat, "--timezone", "UTC"});
    EXPECT_EQ(added(rapport.run({"--json", "import", chat, "--timezone", "UTC"})), 0);
    const std::string longer = std::string(kChat) + "24/12/23, 9:06 PM - +52 1 55 1234 5678: ok\n" +
                               "25/12/23, 8:00 AM - Luis: Feliz Navidad\n";
    const auto again = rapport.write("longer.txt", longer);
    EXPECT_EQ(added(rapport.run({"--json", "import", again, "--timezone", "UTC"})), 2);
    EXPECT_EQ(messages_of(kPhone), 7);
}

TEST_P(Import, ALongerExportThatRevealsTheDateOrderDoublesNothing) {
    const std::string start = "3/6/18, 1:55 p.m. - +52 55 1234 5678: hola\n";
    const auto chat = rapport.write("chat.txt", start);
    EXPECT_EQ(added(rapport.run({"--json", "import", chat, "--timezone", "UTC"})), 1);
    const auto longer =
        rapport.write("longer.txt", start + "6/13/18, 1:55 p.m. - +52 55 1234 5678: adiós\n");
    const Outcome outcome = rapport.run({"--json", "import", longer, "--timezone", "UTC"});
    EXPECT_EQ(added(outcome), 1);
    EXPECT_EQ(outcome.json().at("files").at(0).at("date_order"), "mdy");
}

TEST_P(Import, ASpanOlderThanWhatIsStoredLeavesTheNewestInTheWorkingMemory) {
    std::string late;
    for (int minute = 10; minute < 35; ++minute) {
        late += "25/12/23, 20:" + std::to_string(minute) + " - +52 55 1234 5678: late " +
                std::to_string(minute) + "\n";
    }
    rapport.run({"import", rapport.write("late.txt", late), "--timezone", "UTC"});
    rapport.run({"import", rapport.write("early.txt", kChat), "--timezone", "UTC"});
    const auto lead = rapport.run({"--json", "lead", kPhone}).json();
    const auto& history = lead.at("recent_history").as_array();
    ASSERT_EQ(history.size(), 20);
    EXPECT_EQ(history.front().at("content"), "late 15");
    EXPECT_EQ(history.back().at("content"), "late 34");
    EXPECT_EQ(lead.at("last_interaction_at"), "2023-12-25T20:34:00.000Z");
    EXPECT_EQ(lead.at("message_count"), 30);
}

TEST_P(Import, NamesAskForOurSideAndForTheLeadsNumber) {
    const auto chat =
        rapport.write("chat.txt", "24/12/23, 21:05 - Ana: hola\n24/12/23, 21:06 - Luis: buenas\n");
    const Outcome who = rapport.run({"import", chat});
    EXPECT_EQ(who.exit_code, 1);
    EXPECT_THAT(who.err, AllOf(HasSubstr("\"Ana\", \"Luis\""), HasSubstr("--me")));
    const Outcome number = rapport.run({"import", chat, "--me", "Luis"});
    EXPECT_EQ(number.exit_code, 1);
    EXPECT_THAT(number.err, HasSubstr("--lead"));
    const Outcome nobody = rapport.run({"import", chat, "--me", "Eva"});
    EXPECT_THAT(nobody.err, HasSubstr("\"Ana\", \"Luis\""));
    const Outcome stored = rapport.run(
        {"import", chat, "--me", "Luis", "--me-role", "assistant", "--lead", "55 1234 5678"});
    EXPECT_EQ(stored.exit_code, 0) << stored.err;
    const auto lead = rapport.run({"--json", "lead", kPhone}).json();
    EXPECT_EQ(lead.at("full_name"), "Ana");
    EXPECT_EQ(lead.at("recent_history").at(1).at("role"), "assistant");
}

TEST_P(Import, TheFilesNameTellsWhoTheLeadIs) {
    constexpr auto kNames = "24/12/23, 21:05 - Luis: hola\n24/12/23, 21:06 - Ana: buenas\n";
    for (const char* name : {"WhatsApp Chat with Eva.txt", "WhatsApp Chat with Mariana.txt"}) {
        const Outcome who = rapport.run({"import", rapport.write(name, kNames), "--lead", kPhone});
        EXPECT_EQ(who.exit_code, 1) << name;
        EXPECT_THAT(who.err, HasSubstr("--me")) << name;
    }
    const auto chat = rapport.write("WhatsApp Chat with Ana.txt", kNames);
    const Outcome stored = rapport.run({"import", chat, "--lead", kPhone, "--timezone", "UTC"});
    ASSERT_EQ(stored.exit_code, 0) << stored.err;
    const auto lead = rapport.run({"--json", "lead", kPhone}).json();
    EXPECT_EQ(lead.at("full_name"), "Ana");
    EXPECT_EQ(lead.at("recent_history").at(0).at("role"), "human");
    EXPECT_EQ(lead.at("recent_history").at(1).at("role"), "lead");
    const Outcome told = rapport.run({"import", chat, "--lead", kOther, "--me", "Ana"});
    ASSERT_EQ(told.exit_code, 0) << told.err;
    EXPECT_EQ(rapport.run({"--json", "lead", kOther}).json().at("full_name"), "Luis");
}

TEST_P(Import, AGroupChatIsReadButNotStored) {
    const auto chat = rapport.write("chat.txt",
                                    "24/12/23, 21:05 - Ana: a\n24/12/23, 21:06 - Luis: b\n"
                                    "24/12/23, 21:07 - Eva: c\n");
    EXPECT_EQ(rapport.run({"import", "--dry-run", chat}).exit_code, 0);
    const Outcome outcome = rapport.run({"import", chat, "--me", "Luis", "--lead", kPhone});
    EXPECT_EQ(outcome.exit_code, 1);
    EXPECT_THAT(outcome.err, HasSubstr("group chat"));
    EXPECT_EQ(messages_of(kPhone), 0);
}

TEST_P(Import, ABrokenRecordKeepsItsFileBackUnlessToldToGoOn) {
    const auto broken = rapport.write(
        "broken.jsonl",
        "{\"lead_id\":\"+525512345678\",\"role\":\"lead\",\"content\":\"hola\"}\n"
        "{\"lead_id\":\"+525512345678\",\"role\":\"nobody\",\"content\":\"secret words\"}\n");
    const auto whole = rapport.write(
        "whole.jsonl", "{\"lead_id\":\"+525599998888\",\"role\":\"lead\",\"content\":\"hi\"}\n");
    const Outcome outcome = rapport.run({"import", broken, whole});
    EXPECT_EQ(outcome.exit_code, 1);
    EXPECT_THAT(outcome.err, AllOf(HasSubstr("broken.jsonl:2: role"), Not(HasSubstr("secret"))));
    EXPECT_EQ(messages_of(kPhone), 0);
    EXPECT_EQ(messages_of("+525599998888"), 1);
    EXPECT_EQ(rapport.run({"import", "--keep-going", broken}).exit_code, 1);
    EXPECT_EQ(messages_of(kPhone), 1);
}

/// Our own words must not be stored as the lead's.
TEST_P(Import, DatesThatCannotBeInTheOrderKeepAChatBackUnlessToldToGoOn) {
    const auto wrong = rapport.write("wrong.txt",
                                     "3/5/25, 10:00 AM - Ana: Hola\n"
                                     "3/6/25, 10:01 AM - +52 55 1234 5678: quiero 5 licencias\n"
                                     "3/25/25, 10:01 AM - Ana: te hago 40% de descuento\n"
                                     "3/26/25, 10:05 AM - Ana: precio confidencial interno\n");
    const auto good = rapport.write("good.txt", "3/5/25, 10:00 AM - +52 55 9999 8888: Hola\n");
    const std::vector<std::string> import{"--json",     "import", wrong,          good,
                                          "--timezone", "UTC",    "--date-order", "dmy"};
    const auto with = [&](const char* option) {
        auto arguments = import;
        arguments.emplace_back(option);
        return arguments;
    };
    for (const Outcome& outcome : {rapport.run(with("--dry-run")), rapport.run(import)}) {
        EXPECT_EQ(outcome.exit_code, 1);
        EXPECT_EQ(outcome.json().at("errors").at(0).at("line"), 3);
        EXPECT_THAT(outcome.err, AllOf(HasSubstr("wrong.txt:3: 2 lines"), HasSubstr("order dmy"),
                                       HasSubstr("--date-order"), HasSubstr("--keep-going"),
                                       Not(HasSubstr("40%")), Not(HasSubstr("confidencial"))));
    }
    EXPECT_EQ(messages_of(kPhone), 0);
    EXPECT_EQ(messages_of(kOther), 1) << "the other file is stored";
    const Outcome kept_going = rapport.run(with("--keep-going"));
    EXPECT_EQ(kept_going.exit_code, 0) << kept_going.err;
    EXPECT_THAT(kept_going.err, AllOf(HasSubstr("wrong.txt:3: 2 lines"), HasSubstr("as text")));
    EXPECT_EQ(messages_of(kPhone), 2);
}

TEST_P(Import, AChatWithoutAnyDateOfTheOrderSaysSo) {
    const auto chat = rapport.write("chat.txt", "3/25/25, 10:00 AM - +52 55 1234 5678: Hola\n");
    const Outcome outcome = rapport.run({"import", chat, "--date-order", "dmy"});
    EXPECT_EQ(outcome.exit_code, 1);
    EXPECT_THAT(outcome.err, AllOf(HasSubstr("order dmy"), HasSubstr("--date-order")));
}

TEST_P(Import, ConversationsWithoutALeadGetOneOfTheirOwn) {
    const auto file = rapport.write(
        "talk.jsonl",
        "{\"conversation_id\":\"c1\",\"turns\":[{\"role\":\"lead\",\"text\":\"hi\",\"acts\":[]},"
        "{\"role\":\"assistant\",\"text\":\"hello\"}]}\n");
    EXPECT_EQ(added(rapport.run({"--json", "import", file})), 2);
    EXPECT_EQ(added(rapport.run({"--json", "import", file})), 0);
    const auto history = rapport.run({"--json", "history", "ext:c1"}).json();
    EXPECT_EQ(history.at("messages").at(0).at("content"), "hi");
    EXPECT_EQ(history.at("messages").at(1).at("seq"), 2);
}

TEST_P(Import, ADryRunShowsEveryRecordAndTouchesNoDatabase) {
    const auto chat = rapport.write(
        "chat.txt", "3/6/18, 1:55 p.m. - a: IMG-20210428-WA0001.jpg (file attached)\nfoto\n");
    const Outcome outcome = rapport.run_bare({"--db", "mongodb://127.0.0.1:1/", "--json", "import",
                                              "--dry-run", chat, "--timezone", "UTC"});
    ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
    const auto record = outcome.json().at("files").at(0).at("records").at(0);
    EXPECT_EQ(record.at("line"), 1);
    EXPECT_EQ(record.at("timestamp"), "2018-06-03T13:55:00.000Z");
    EXPECT_EQ(record.at("author"), "a");
    EXPECT_EQ(record.at("text"), "foto");
    EXPECT_EQ(record.at("attachment"), "IMG-20210428-WA0001.jpg");
    EXPECT_EQ(record.at("attachment_kind"), "image");
    EXPECT_EQ(record.at("system"), false);
    EXPECT_EQ(record.at("media_omitted"), false);
}

TEST_P(Import, ADryRunRefusesWhatTheImportRefuses) {
    const std::vector<std::string> files = {
        rapport.write("empty.txt", ""), rapport.write("prose.txt", "This is no chat\n"),
        rapport.write("nobody.jsonl", R"({"lead_id":"nobody","role":"lead","content":"a"})")};
    for (const std::string& file : files) {
        const Outcome stored = rapport.run({"--json", "import", file});
        const Outcome dry = rapport.run({"--json", "import", "--dry-run", file});
        EXPECT_EQ(stored.exit_code, 1) << file;
        EXPECT_EQ(dry.exit_code, 1) << file;
        EXPECT_EQ(dry.json().at("errors"), stored.json().at("errors")) << file;
    }
    const auto chat = rapport.write("chat.txt", kChat);
    const auto dry = rapport.run({"--json", "import", "--dry-run", chat}).json();
    EXPECT_EQ(dry.at("messages"), 5);
    EXPECT_EQ(dry.at("skipped"), 0);
}

TEST_P(Import, APipeIsReadOnceAndOnlyInAFormatThatIsGiven) {
    const std::string line = R"({"lead_id":"+525599998888","role":"lead","content":"hi"})";
    for (const std::vector<std::string>& options :
         std::vector<std::vector<std::string>>{{}, {"--dry-run"}}) {
        const Outcome outcome = import_from_pipe(line, options);
        EXPECT_EQ(outcome.exit_code, 1);
        EXPECT_THAT(outcome.err, AllOf(HasSubstr("pipe: a pipe"), HasSubstr("--format")));
    }
    EXPECT_EQ(added(import_from_pipe(line, {"--format", "jsonl"})), 1);
    EXPECT_EQ(added(import_from_pipe(kChat, {"--format", "whatsapp"})), 5);
    const Outcome zipped = import_from_pipe("PK\x03\x04", {"--format", "whatsapp"});
    EXPECT_EQ(zipped.exit_code, 1);
    EXPECT_THAT(zipped.err, HasSubstr("save it to a file"));
    const Outcome exported = import_from_pipe("{}", {"--format", "export"});
    EXPECT_EQ(exported.exit_code, 1);
    EXPECT_THAT(exported.err, HasSubstr("save it to a file"));
}

TEST_P(Import, OptionsOfChatsAreRefusedWhereThereIsNoChat) {
    const auto lines =
        rapport.write("a.jsonl", R"({"lead_id":"+525599998888","role":"lead","content":"hi"})");
    const auto chat = rapport.write("chat.txt", kChat);
    for (const auto& [option, value] :
         std::vector<std::pair<std::string, std::string>>{{"--lead", kPhone},
                                                          {"--me", "Luis"},
                                                          {"--me-role", "human"},
                                                          {"--date-order", "dmy"}}) {
        const Outcome outcome = rapport.run({"import", lines, option, value});
        EXPECT_EQ(outcome.exit_code, 2) << option;
        EXPECT_THAT(outcome.err, HasSubstr(option + ": only for WhatsApp exports"));
    }
    EXPECT_EQ(messages_of(kOther), 0);
    EXPECT_EQ(rapport.run({"import", lines, chat, "--me", "Luis"}).exit_code, 0);
}

TEST_P(Import, SaysWhichFileCannotBeReadAndWhy) {
    const Outcome missing = rapport.run({"import", "nothere.txt"});
    EXPECT_EQ(missing.exit_code, 1);
    EXPECT_THAT(missing.err, HasSubstr("nothere.txt: no such file"));
    const auto prose = rapport.write("prose.txt", "This is no chat\n");
    EXPECT_THAT(rapport.run({"import", prose}).err, HasSubstr("no message found"));
    const Outcome zone = rapport.run({"import", prose, "--timezone", "Mars/Olympus"});
    EXPECT_EQ(zone.exit_code, 2);
    EXPECT_THAT(zone.err, HasSubstr("America/Mexico_City"));
}

TEST_P(Import, AnEnvironmentThatNamesNoZoneIsNotReplacedByAnother) {
    const auto chat = rapport.write("chat.txt", kChat);
    const auto lines =
        rapport.write("a.jsonl", R"({"lead_id":"+525599998888","role":"lead","content":"hi"})");
    rapport.set("TZ", "CST6");
    const Outcome refused = rapport.run({"import", chat});
    EXPECT_EQ(refused.exit_code, 2);
    EXPECT_THAT(refused.err, AllOf(HasSubstr("TZ \"CST6\""), HasSubstr("--timezone NAME")));
    EXPECT_EQ(messages_of(kPhone), 0);
    EXPECT_EQ(rapport.run({"import", lines}).exit_code, 0) << "has no local times";
    EXPECT_EQ(rapport.run({"import", chat, "--timezone", "UTC"}).exit_code, 0);
}

TEST_P(Import, BytesThatAreNoTextAreReplacedAndCounted) {
    const auto chat = rapport.write("chat.txt", "24/12/23, 21:05 - +52 55 1234 5678: a\xFF!\n");
    const Outcome outcome = rapport.run({"import", chat, "--timezone", "UTC"});
    EXPECT_EQ(outcome.exit_code, 0);
    EXPECT_THAT(outcome.err, HasSubstr("1 part became U+FFFD"));
    const auto history = rapport.run({"--json", "history", kPhone}).json();
    EXPECT_EQ(history.at("messages").at(0).at("content"), "a\uFFFD!");
}

}  // namespace
}  // namespace rapport::testing
