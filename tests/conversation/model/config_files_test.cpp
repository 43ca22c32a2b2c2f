#include "rapport/conversation/model/config_files.hpp"

#include <gtest/gtest.h>

#include <fstream>

#include "rapport/core/error.hpp"
#include "tests/store/temporary_folder.hpp"

namespace rapport {
namespace {

class ConfigFolder : public ::testing::Test {
  protected:
    void write(const std::string& file, std::string_view text) const {
        const auto path = folder.path() / file;
        std::filesystem::create_directories(path.parent_path());
        std::ofstream(path, std::ios::binary) << text;
    }
    std::string refusal() const {
        try {
            load_model_texts(folder.path());
        } catch (const InvalidArgument& error) {
            return error.what();
        }
        return "no error";
    }

    testing::TemporaryFolder folder;
};

TEST(ModelTexts, AreBuiltIn) {
    const ModelTexts texts = load_model_texts({});
    EXPECT_NE(texts.classifier_prompt.find("`raw_evidence`"), std::string::npos);
    EXPECT_NE(texts.strategist_prompt.find("`suggested_stage_transition`"), std::string::npos);
    EXPECT_NE(texts.responder_prompt.find("`message.content`"), std::string::npos);
    EXPECT_EQ(texts.prices.at("gpt-4o-mini").prompt, 0.15);
    EXPECT_EQ(texts.holding_messages.size(), 3U);
    EXPECT_NE(texts.holding_messages.at(Language::kSpanish).find("¡Gracias"), std::string::npos);
}

TEST(ModelTexts, CostByTheMillionTokens) {
    const Price price{2.5, 10};
    EXPECT_DOUBLE_EQ(price.of(1000, 200), 0.0045);
}

TEST_F(ConfigFolder, ReplacesFileByFile) {
    write("prompts/responder.md", "Write like a pirate.");
    write("prices.toml", "[models.\"own/model:1\"]\nprompt = 1\ncompletion = 2.5\n");
    const ModelTexts texts = load_model_texts(folder.path());
    EXPECT_EQ(texts.responder_prompt, "Write like a pirate.");
    EXPECT_EQ(texts.classifier_prompt, load_model_texts({}).classifier_prompt);
    EXPECT_EQ(texts.prices.size(), 1U);
    EXPECT_EQ(texts.prices.at("own/model:1").prompt, 1);
    EXPECT_EQ(texts.prices.at("own/model:1").completion, 2.5);
    EXPECT_EQ(texts.holding_messages, load_model_texts({}).holding_messages);
}

TEST_F(ConfigFolder, ThatIsWrongIsRefusedByTheNameOfItsFile) {
    const std::vector<std::pair<std::string, std::string>> broken = {
        {"prices.toml", "[models"},
        {"prices.toml", "models = 3\n"},
        {"prices.toml", "[models.a]\nprompt = 1\n"},
        {"prices.toml", "[models.a]\nprompt = -1\ncompletion = 1\n"},
        {"holding.toml", "spanish = \"hola\"\nenglish = \"hi\"\n"},
        {"holding.toml", "spanish = \"\"\nenglish = \"hi\"\nmixed = \"hi\"\n"},
        {"prompts/classifier.md", " \n"},
        {"prompts/strategist.md", "caf\xE9"}};
    for (const auto& [file, text] : broken) {
        write(file, text);
        const std::string message = refusal();
        EXPECT_TRUE(message.starts_with((folder.path() / file).string() + ":")) << message;
        std::filesystem::remove(folder.path() / file);
    }
    EXPECT_EQ(refusal(), "no error");
    EXPECT_THROW(load_model_texts(folder.path() / "missing"), InvalidArgument);
}

TEST_F(ConfigFolder, HoldsATextForEachLanguage) {
    write("handoff.toml",
          "spanish = \"Te escribe Ana.\"\nenglish = \"Ana will write to you.\"\n"
          "mixed = \"Ana te escribe.\"\n");
    const LanguageTexts own = load_language_texts(folder.path(), kHandoffFile);
    EXPECT_EQ(own.at(Language::kEnglish), "Ana will write to you.");
    const LanguageTexts built_in = load_language_texts({}, kHandoffFile);
    EXPECT_NE(built_in.at(Language::kEnglish).find("A person from our team"), std::string::npos);
    EXPECT_NE(built_in, own);
    std::filesystem::remove(folder.path() / kHandoffFile);
    EXPECT_EQ(load_language_texts(folder.path(), kHandoffFile), built_in);
}

TEST_F(ConfigFolder, ReportsWhatIsWrongWithATextByFileLineAndKey) {
    const std::pair<std::string, std::string> broken[] = {
        {"spanish = \"hola\"\nenglish = \"hi\"\n", ":1: mixed is missing; write mixed = "},
        {"spanish = \"hola\"\nenglish = \" \"\nmixed = \"x\"\n", ":2: english: says nothing"},
        {"spanish = \"a\"\nenglish = 3\nmixed = \"x\"\n", ":2: english: must be a text"},
        {"spanish = \"a\"\nenglish = \"b\"\nmixed = \"c\"\nfrench = \"d\"\n",
         ":4: french: is no key of this table"},
        {"spanish = \"a\nb\"\n", "not valid TOML"}};
    for (const auto& [text, problem] : broken) {
        write("handoff.toml", text);
        try {
            load_language_texts(folder.path(), kHandoffFile);
            ADD_FAILURE() << text;
        } catch (const InvalidArgument& error) {
            const std::string message = error.what();
            EXPECT_TRUE(message.starts_with((folder.path() / "handoff.toml").string())) << message;
            EXPECT_NE(message.find(problem), std::string::npos) << message;
        }
    }
}

}  // namespace
}  // namespace rapport
