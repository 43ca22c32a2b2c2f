#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <functional>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <thread>

#include "rapport/core/await.hpp"

namespace rapport::testing {

/// A loopback TCP proxy before one mongod, on a thread of its own. It can lose answers as a network
/// does: the server has done what it was told, and the client hears that the connection broke.
class Proxy {
  public:
    /// Forwards to a port of this machine. Answers are lost only to commands on `database`: what
    /// the servers of a set tell each other passes.
    Proxy(int server_port, const std::string& database, unsigned seed);
    ~Proxy();
    Proxy(const Proxy&) = delete;
    Proxy& operator=(const Proxy&) = delete;

    /// `127.0.0.1:port`
    std::string address() const;

    /// From now on this share of the answers, 0 to 1, is lost.
    void lose(double share) { share_ = share; }
    /// How many answers were lost.
    int lost() const { return lost_; }

    /// Calls this once, before the next command of this name on the database is passed on, over a
    /// new connection to the server; nothing else passes meanwhile.
    void before(const std::string& command, std::function<void()> act);

  private:
    struct Link;
    std::function<void()> act_before(const std::string& request);
    Async<void> listen();
    Async<void> serve(boost::asio::ip::tcp::socket client);
    Async<void> connect_anew(std::shared_ptr<Link> link);
    Async<void> forward_requests(std::shared_ptr<Link> link);
    Async<void> forward_answers(std::shared_ptr<Link> link);

    boost::asio::ip::tcp::endpoint server_;
    std::string marker_;  ///< in every command on the database
    std::atomic<double> share_ = 0;
    std::atomic<int> lost_ = 0;
    std::mt19937 random_;
    std::mutex mutex_;  ///< of the next two
    std::string awaited_{};
    std::function<void()> act_{};
    boost::asio::io_context context_;
    boost::asio::ip::tcp::acceptor acceptor_;
    std::jthread thread_;
};

}  // namespace rapport::testing
