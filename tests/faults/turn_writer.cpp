// A process that is killed by the tests: rapport_turn_writer ENGINE LOCATION DATABASE PROCESS LEADS
// WRITERS TURNS SEED ACKNOWLEDGED [MILLISECONDS]. Each of its writers delivers TURNS messages, one
// after another, to leads chosen by the seed, and notes those acknowledged in a file; those it
// finds there it leaves out. So it goes on where it was killed, and delivers again what nobody had
// confirmed. With MILLISECONDS an orchestrator takes the messages, whose agents take so long and
// note in a file beside for which message they were asked.
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <fstream>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "rapport/conversation/orchestrator.hpp"
#include "rapport/core/error.hpp"
#include "rapport/repository/database_manager.hpp"
#include "rapport/repository/lead_repository.hpp"
#include "tests/conversation/scripted_agents.hpp"
#include "tests/faults/delivery.hpp"

namespace rapport::testing {
namespace {

class TurnWriter {
  public:
    explicit TurnWriter(const std::vector<std::string>& arguments)
        : manager_(settings_of(arguments),
                   {arguments.at(0) == "sqlite" ? DatabaseUrl::Engine::kSqlite
                                                : DatabaseUrl::Engine::kMongo,
                    arguments.at(1)}),
          process_(std::stoi(arguments.at(3))),
          leads_(std::stoi(arguments.at(4))),
          writers_(std::stoi(arguments.at(5))),
          turns_(std::stoi(arguments.at(6))),
          seed_(static_cast<unsigned>(std::stoul(arguments.at(7)))) {
        const std::string& file = arguments.at(8);
        for (const Delivery& done : read_deliveries(file)) acknowledged_.insert(done);
        file_ = open_to_append(file);
        if (arguments.size() > 9) {
            asked_file_ = open_to_append(file + ".asked");
            converse(std::chrono::milliseconds(std::stoi(arguments.at(9))));
        }
    }

    void run() {
        await(manager_.connect());
        await(manager_.create_indexes());
        if (orchestrator_) await(orchestrator_->initialize());
        LeadRepository leads(manager_.database());
        boost::asio::io_context context;
        for (int writer = 0; writer < writers_; ++writer) {
            boost::asio::co_spawn(context, write(leads, writer), [](const std::exception_ptr& e) {
                if (e) std::rethrow_exception(e);
            });
        }
        context.run();
        await(manager_.disconnect());
    }

  private:
    static int open_to_append(const std::string& file) {
        return ::open(file.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    }
    static void append(int file, const std::string& line) {
        if (::write(file, line.data(), line.size()) != std::ssize(line)) std::abort();
    }

    void converse(std::chrono::milliseconds thinking) {
        const auto agents = std::make_shared<ScriptedAgents>();
        agents->reply = "echo";
        agents->thinking = [this, thinking](const Conversation& conversation) -> Async<void> {
            append(asked_file_, *conversation.incoming.external_id + "\n");
            boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor, thinking);
            co_await timer.async_wait(boost::asio::use_awaitable);
        };
        orchestrator_.emplace(manager_, as_agents(agents));
    }

    static Settings settings_of(const std::vector<std::string>& arguments) {
        Settings settings;
        settings.mongodb_database = arguments.at(2);
        return settings;
    }

    Async<void> write(LeadRepository& leads, int writer) {
        std::mt19937 random(seed_ + static_cast<unsigned>(1000 * process_ + writer));
        for (int turn = 0; turn < turns_; ++turn) {
            const int lead = static_cast<int>(random() % static_cast<unsigned>(leads_));
            const Delivery delivery{lead, process_, writer, turn};
            if (!acknowledged_.contains(delivery)) co_await deliver(leads, delivery);
        }
    }

    /// Until it is acknowledged, as a channel does.
    Async<void> deliver(LeadRepository& leads, Delivery delivery) {
        while (true) {
            try {
                if (orchestrator_) {
                    const Message said = delivery.messages().front();
                    co_await orchestrator_->process_message(
                        said.content, delivery.phone(),
                        {.external_id = said.external_id, .timestamp = said.timestamp});
                } else {
                    Turn turn{co_await leads.get_or_create(delivery.phone()), delivery.messages()};
                    co_await leads.commit_turn(std::move(turn));
                }
                break;
            } catch (const VersionConflict&) {
                continue;  // somebody else wrote: load it again
            } catch (const Error& error) {
                const bool passes = error.code() == ErrorCode::kUnavailable ||
                                    error.code() == ErrorCode::kTimeout ||
                                    error.code() == ErrorCode::kOverloaded;
                if (!passes) throw;
            }
            boost::asio::steady_timer pause(co_await boost::asio::this_coro::executor,
                                            std::chrono::milliseconds(50));
            co_await pause.async_wait(boost::asio::use_awaitable);
        }
        append(file_, delivery.line());
    }

    DatabaseManager manager_;
    int process_;
    int leads_;
    int writers_;
    int turns_;
    unsigned seed_;
    std::set<Delivery> acknowledged_;
    int file_ = -1;
    std::optional<ConversationOrchestrator> orchestrator_;
    int asked_file_ = -1;
};

}  // namespace
}  // namespace rapport::testing

int main(int argc, char** argv) {
    try {
        rapport::testing::TurnWriter({argv + 1, argv + argc}).run();
    } catch (const std::exception& error) {
        fmt::print(stderr, "turn writer: {}\n", error.what());
        return 1;
    }
}
