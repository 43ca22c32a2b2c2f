#include <gtest/gtest.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "rapport/conversation/model/model_agents.hpp"
#include "rapport/repository/model_spending.hpp"
#include "tests/conversation/model/samples.hpp"
#include "tests/conversation/model/scripted_server.hpp"
#include "tests/store/temporary_folder.hpp"
#include "tests/support/engine.hpp"

namespace rapport {
namespace {

using testing::chat_reply;
using testing::http_reply;
using testing::ScriptedServer;

constexpr auto kKey = "sk-SECRETKEY";
constexpr auto kPrompt = "SECRETPROMPT";
constexpr auto kMessage = "SECRETMESSAGE";
constexpr auto kAnswer = "SECRETANSWER";

/// Everything that is logged while it lives, from trace on.
class LogCapture {
  public:
    LogCapture() : before_(spdlog::default_logger()) {
        auto logger = std::make_shared<spdlog::logger>(
            "capture", std::make_shared<spdlog::sinks::ostream_sink_mt>(text_));
        logger->set_level(spdlog::level::trace);
        spdlog::set_default_logger(std::move(logger));
    }
    ~LogCapture() { spdlog::set_default_logger(before_); }
    LogCapture(const LogCapture&) = delete;
    LogCapture& operator=(const LogCapture&) = delete;

    std::string text() const { return text_.str(); }

  private:
    std::ostringstream text_;
    std::shared_ptr<spdlog::logger> before_;
};

TEST(Secrecy, NoKeyPromptOrConversationIsLoggedOrStandsInAReason) {
    const testing::TemporaryFolder folder;
    std::filesystem::create_directory(folder.path() / "prompts");
    for (const char* agent : {"classifier", "strategist", "responder"}) {
        std::ofstream(folder.path() / "prompts" / (std::string(agent) + ".md")) << kPrompt;
    }
    ScriptedServer server({http_reply(500, "")});
    testing::Engine engine("sqlite");
    Settings settings;
    settings.model_base_url = server.url();
    settings.model_name = "gpt-4o-mini";
    settings.model_api_key = kKey;
    settings.model_timeout = std::chrono::milliseconds(200);
    settings.config_dir = folder.path();
    const Conversation conversation = testing::conversation(kMessage);

    const LogCapture log;
    std::string reasons;
    // What a server echoes, or a model says, is as secret as what it was told.
    const std::string echo = std::string(kKey) + kPrompt + kMessage + kAnswer;
    for (const auto& reply :
         {http_reply(500, echo, "Retry-After: 0\r\n"), http_reply(401, echo), http_reply(200, echo),
          chat_reply(echo), chat_reply(R"({"intent":")" + echo + "\"}"),
          ScriptedServer::Reply{echo, ScriptedServer::Then::kClose},
          ScriptedServer::Reply{"", ScriptedServer::Then::kHang},
          chat_reply(testing::kClassificationJson)}) {
        server.reply_with({reply});
        const Agents agents = model_agents(settings, engine.store(), testing::fixed_agents());
        const auto classified = await(agents.classifier->classify(conversation, {}));
        const auto decided = await(agents.strategist->decide(conversation, classified.value, {}));
        const auto responded =
            await(agents.responder->respond(conversation, classified.value, decided.value, {}));
        for (const auto& fallback : {classified.fallback, decided.fallback, responded.fallback}) {
            reasons += fallback.value_or("") + "\n";
        }
    }
    const std::string logged = log.text();
    EXPECT_NE(logged.find("a stand-in answers"), std::string::npos) << logged;
    EXPECT_NE(logged.find("attempt 1"), std::string::npos) << logged;
    for (const char* secret : {kKey, kPrompt, kMessage, kAnswer, "SECRET"}) {
        EXPECT_EQ(logged.find(secret), std::string::npos) << logged;
        EXPECT_EQ(reasons.find(secret), std::string::npos) << reasons;
    }
}

}  // namespace
}  // namespace rapport
