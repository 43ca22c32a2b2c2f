#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "rapport/conversation/rules/rule_agents.hpp"
#include "rapport/core/error.hpp"
#include "tests/conversation/rule_conversation.hpp"

namespace rapport {
namespace {

namespace fs = std::filesystem;

/// A copy of config/ to edit.
class RuleTablesFolder : public ::testing::Test {
  protected:
    RuleTablesFolder()
        : folder_(fs::temp_directory_path() /
                  ("rapport_rules_" + ObjectId::generate().to_string())) {
        fs::copy(RAPPORT_RULE_TABLES, folder_);
    }
    ~RuleTablesFolder() override { fs::remove_all(folder_); }

    void append(const std::string& file, const std::string& text) const {
        std::ofstream(folder_ / file, std::ios::app) << text;
    }

    void replace(const std::string& file, const std::string& what, const std::string& with) const {
        std::ifstream in(folder_ / file);
        std::string text(std::istreambuf_iterator<char>(in), {});
        const std::size_t at = text.find(what);
        ASSERT_NE(at, std::string::npos) << what;
        std::ofstream(folder_ / file) << text.replace(at, what.size(), with);
    }

    std::string error() const {
        try {
            load_rule_tables(folder_);
        } catch (const InvalidArgument& error) {
            return error.what();
        }
        return "";
    }

    void expect_error(const std::string& start, const std::string& part) const {
        const std::string message = error();
        EXPECT_TRUE(message.starts_with(start)) << message;
        EXPECT_NE(message.find(part), std::string::npos) << message;
    }

    fs::path folder_;
};

TEST_F(RuleTablesFolder, IsReadAsTheBuiltInTablesAre) {
    const RuleTables edited = load_rule_tables(folder_);
    const Conversation conversation = rule_conversation("¿Cuánto cuesta para 12 usuarios?");
    const RuleTurn ours = rule_turn(conversation, edited);
    const RuleTurn built_in = rule_turn(conversation);
    EXPECT_EQ(ours.classification, built_in.classification);
    EXPECT_EQ(ours.strategy, built_in.strategy);
    EXPECT_EQ(ours.execution, built_in.execution);
}

TEST_F(RuleTablesFolder, TakesAnEditedRule) {
    append("intents.en.toml",
           "[[rule]]\nname = \"ours\"\nintent = \"demo_request\"\nweight = 9\n"
           "topic = \"zeppelins\"\nany = [\"zeppelin~\"]\n");
    const RuleTables edited = load_rule_tables(folder_);
    const RuleTurn turn = rule_turn(rule_conversation("what about Zeppelins?"), edited);
    EXPECT_EQ(turn.classification.intent, Intent::kDemoRequest);
    EXPECT_EQ(turn.classification.topic, "zeppelins");
}

TEST_F(RuleTablesFolder, TakesAnEditedFact) {
    replace("product.toml", "sin costo de instalación", "desde 900 pesos");
    const RuleTables edited = load_rule_tables(folder_);
    const RuleTurn turn = rule_turn(rule_conversation("¿Cuánto cuesta?"), edited);
    EXPECT_NE(turn.execution.message.content.find("desde 900 pesos"), std::string::npos);
}

TEST_F(RuleTablesFolder, WithoutAFileTakesTheBuiltInOne) {
    for (const char* file : {"signals.es.toml", "replies.es.toml"}) fs::remove(folder_ / file);
    const Conversation conversation = rule_conversation("Somos 12 usuarios, ¿cuánto cuesta?");
    EXPECT_EQ(rule_turn(conversation, load_rule_tables(folder_)).execution,
              rule_turn(conversation).execution);
}

TEST_F(RuleTablesFolder, ThatIsNotThereIsAnError) {
    fs::remove_all(folder_);
    expect_error(folder_.string(), "no such folder");
}

TEST_F(RuleTablesFolder, ThatIsNoTomlIsAnErrorWithItsLine) {
    std::ofstream(folder_ / "product.toml") << "default_language = \"spanish\"\n[spanish\n";
    expect_error("product.toml:", "not valid TOML");
}

TEST_F(RuleTablesFolder, ReportsAKeyThatNobodyKnows) {
    append("intents.en.toml", "[[rule]]\nname = \"x\"\nwieght = 2\nany = [\"x\"]\n");
    expect_error("intents.en.toml:", "wieght: is no key of this table; there are any, before");
}

TEST_F(RuleTablesFolder, ReportsWhatARuleLacksOrMisspells) {
    const std::pair<const char*, const char*> cases[] = {
        {"name = \"x\"", "any is missing; write any = "},
        {"any = [\"x\"]", "name is missing"},
        {"name = \"x\"\nany = \"x\"", "any: must be a list"},
        {"name = \"x\"\nany = [\"(x\"]", "any: pattern \"(x\" a ) is missing"},
        {"name = \"x\"\nany = [\"x\"]\nintent = \"pricing\"", "\"pricing\" is none of greeting, "},
        {"name = \"x\"\nany = [\"x\"]\nweight = 2", "weight: has no intent"},
        {"name = \"x\"\nany = [\"x\"]\nintent = \"objection\"\nweight = 99", "between -10 and 10"},
        {"name = \"x\"\nany = [\"x\"]\nmax_words = 0", "between 1 and 1000"},
        {"name = \"says hello\"\nany = [\"x\"]", "is taken by another rule"},
        {"name = \"x\"\nany = [\"x\"]\nescalate = \"yes\"", "must be true or false"},
    };
    for (const auto& [rule, problem] : cases) {
        fs::copy(fs::path(RAPPORT_RULE_TABLES) / "intents.en.toml", folder_ / "intents.en.toml",
                 fs::copy_options::overwrite_existing);
        append("intents.en.toml", "[[rule]]\n" + std::string(rule) + "\n");
        expect_error("intents.en.toml:", problem);
    }
}

TEST_F(RuleTablesFolder, ReportsAValueThatCouldNotBeFilled) {
    append("signals.es.toml",
           "[[signal]]\nname = \"x\"\ndimension = \"need\"\nvalue = \"seats: {number}\"\n"
           "any = [\"somos [{number}]\"]\n");
    expect_error("signals.es.toml:", "can be said without a number");
}

TEST_F(RuleTablesFolder, ReportsAReplyThatCouldStayUnfilledOrGrowTooLong) {
    const std::string start = "[[reply]]\naction = \"help\"\ntexts = [\"";
    append("replies.es.toml", start + "Hola {lead}\"]\n");
    expect_error("replies.es.toml:", "{lead} is not always known; put it in brackets");

    fs::copy(fs::path(RAPPORT_RULE_TABLES) / "replies.es.toml", folder_ / "replies.es.toml",
             fs::copy_options::overwrite_existing);
    append("replies.es.toml", start + std::string(990, 'x') + "[ {question}]\"]\n");
    expect_error("replies.es.toml:", "longer than 1000 characters");
}

TEST_F(RuleTablesFolder, ReportsAnActionWithoutAnAnswer) {
    replace("replies.en.toml", "action = \"abandon\"", "action = \"help\"");
    expect_error("replies.en.toml:", "action abandon has none for all intents");
}

}  // namespace
}  // namespace rapport
