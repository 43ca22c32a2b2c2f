#include <fmt/format.h>
#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <filesystem>
#include <fstream>
#include <optional>
#include <stdexcept>

#include "rapport/conversation/model/model_agents.hpp"
#include "tests/conversation/model/child_process.hpp"
#include "tests/conversation/model/samples.hpp"
#include "tests/store/temporary_folder.hpp"
#include "tests/support/engine.hpp"
#include "tests/support/mongod.hpp"

namespace rapport {
namespace {

constexpr auto kMasterKey = "sk-test";

int free_port() {
    boost::asio::io_context context;
    return boost::asio::ip::tcp::acceptor(context, {boost::asio::ip::address_v4::loopback(), 0})
        .local_endpoint()
        .port();
}

/// A proxy of LiteLLM with a model for each of the agents, which answers without asking anybody.
class LiteLlm {
  public:
    LiteLlm() {
        if (!std::filesystem::is_directory(RAPPORT_LITELLM)) {
            throw std::runtime_error("no LiteLLM in build/deps: run ./dev setup");
        }
        std::ofstream config(folder_.path() / "config.yaml");
        config << "model_list:\n";
        for (const auto& [name, answer] : {std::pair("classifier", testing::kClassificationJson),
                                           std::pair("strategist", testing::kStrategyJson),
                                           std::pair("responder", testing::kExecutionJson)}) {
            config << fmt::format(
                "  - model_name: {}\n    litellm_params:\n      model: openai/{}\n"
                "      api_key: none\n      mock_response: '{}'\n",
                name, name, answer);
        }
        config << "general_settings:\n  master_key: " << kMasterKey
               << "\n  dangerously_permit_weak_or_unset_master_key: true\n"
               << "litellm_settings:\n  telemetry: false\n";
        config.close();
        program_.emplace(
            std::vector<std::string>{"python3", "-c",
                                     "from litellm.proxy.proxy_cli import run_server; run_server()",
                                     "--config", folder_.path() / "config.yaml", "--host",
                                     "127.0.0.1", "--port", fmt::to_string(port_)},
            std::vector<std::string>{fmt::format("PYTHONPATH={}", RAPPORT_LITELLM),
                                     "LITELLM_LOCAL_MODEL_COST_MAP=True",
                                     // Compiling itself anew each time, it starts slowly.
                                     "PYTHONDONTWRITEBYTECODE="},
            folder_.path() / "log.txt");
        testing::wait_for([&] { return !program_->is_running() || accepts(); },
                          "LiteLLM's proxy does not start");
        if (!program_->is_running()) program_->wait();
    }

    std::string url() const { return fmt::format("http://127.0.0.1:{}/v1", port_); }

  private:
    bool accepts() const {
        boost::asio::io_context context;
        boost::asio::ip::tcp::socket socket(context);
        boost::system::error_code error;
        const auto port = static_cast<boost::asio::ip::port_type>(port_);
        socket.connect({boost::asio::ip::address_v4::loopback(), port}, error);
        return !error;
    }

    int port_ = free_port();
    testing::TemporaryFolder folder_;
    std::optional<testing::ChildProcess> program_{};
};

TEST(ARealServer, AnswersEveryAgent) {
    const LiteLlm server;
    testing::Engine engine("sqlite");
    const Conversation conversation =
        testing::conversation("How much is it? we have 40,000 a year");
    const auto agents = [&](const std::string& model, const std::string& key = kMasterKey) {
        Settings settings;
        settings.model_base_url = server.url();
        settings.model_name = model;
        settings.model_api_key = key;
        return model_agents(settings, engine.store(), testing::fixed_agents());
    };

    const auto classified = await(agents("classifier").classifier->classify(conversation, {}));
    EXPECT_EQ(classified.fallback, std::nullopt);
    EXPECT_EQ(classified.value.topic, "prices");
    EXPECT_EQ(classified.value.new_signals.size(), 1U);
    EXPECT_GT(classified.usage.prompt_tokens, 0);
    EXPECT_GT(classified.usage.completion_tokens, 0);

    const auto decided =
        await(agents("strategist").strategist->decide(conversation, classified.value, {}));
    EXPECT_EQ(decided.fallback, std::nullopt);
    EXPECT_EQ(decided.value.action, Action::kQualify);

    const auto responded = await(
        agents("responder").responder->respond(conversation, classified.value, decided.value, {}));
    EXPECT_EQ(responded.fallback, std::nullopt);
    EXPECT_EQ(responded.value.message.content, "Happy to help! How many seats?");

    const auto refused =
        await(agents("classifier", "sk-wrong").classifier->classify(conversation, {}));
    EXPECT_TRUE(refused.fallback);
    EXPECT_EQ(refused.value.topic, "stand-in");
}

}  // namespace
}  // namespace rapport
