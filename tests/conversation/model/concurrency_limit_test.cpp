#include "rapport/conversation/model/concurrency_limit.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <optional>
#include <thread>
#include <vector>

#include "rapport/core/error.hpp"

namespace rapport {
namespace {

namespace asio = boost::asio;
using Permit = ConcurrencyLimit::Permit;

const auto kSoon = std::chrono::milliseconds(20);

/// Waits for a place and keeps it in `to`.
Async<void> enter(ConcurrencyLimit& limit, std::optional<Permit>& to, Deadline deadline = {}) {
    to.emplace(co_await limit.acquire(deadline));
}

TEST(Limit, LetsSoManyInAndTheNextWhenOneLeaves) {
    ConcurrencyLimit limit(2);
    asio::io_context context;
    std::vector<std::optional<Permit>> places(4);
    for (auto& place : places) asio::co_spawn(context, enter(limit, place), asio::detached);
    context.poll();
    EXPECT_TRUE(places[0] && places[1]);
    EXPECT_FALSE(places[2] || places[3]);
    places[1].reset();
    context.poll();
    EXPECT_TRUE(places[2]);
    EXPECT_FALSE(places[3]);
    places[0].reset();
    context.poll();
    EXPECT_TRUE(places[3]);
}

TEST(Limit, ThrowsOverloadedAtTheDeadlineAndKeepsNoPlaceForWhoLeft) {
    ConcurrencyLimit limit(1);
    {
        std::optional<Permit> only;
        await(enter(limit, only));
        std::optional<Permit> late;
        EXPECT_THROW(await(enter(limit, late, Deadline::in(kSoon))), Overloaded);
    }
    std::optional<Permit> next;
    await(enter(limit, next, Deadline::in(kSoon)));
    EXPECT_TRUE(next);
}

TEST(Limit, IsLeftByCancelling) {
    ConcurrencyLimit limit(1);
    asio::io_context context;
    std::optional<Permit> first;
    std::optional<Permit> second;
    std::optional<Permit> third;
    asio::cancellation_signal cancel;
    asio::co_spawn(context, enter(limit, first), asio::detached);
    asio::co_spawn(context, enter(limit, second),
                   asio::bind_cancellation_slot(cancel.slot(), asio::detached));
    asio::co_spawn(context, enter(limit, third), asio::detached);
    context.poll();
    cancel.emit(asio::cancellation_type::terminal);
    context.poll();
    first.reset();
    context.poll();
    EXPECT_FALSE(second);
    EXPECT_TRUE(third);
}

TEST(Limit, GivesOnAPlaceThatWasHandedToOneWhoIsGone) {
    ConcurrencyLimit limit(1);
    asio::io_context context;
    std::optional<Permit> first;
    std::optional<Permit> third;
    {
        asio::io_context dying;
        std::optional<Permit> second;
        asio::co_spawn(context, enter(limit, first), asio::detached);
        context.poll();
        asio::co_spawn(dying, enter(limit, second), asio::detached);
        dying.poll();
        first.reset();
        asio::co_spawn(context, enter(limit, third), asio::detached);
        context.poll();
        EXPECT_FALSE(third);
    }
    context.restart();
    context.poll();
    EXPECT_TRUE(third);
}

TEST(Limit, HoldsAcrossThreads) {
    ConcurrencyLimit limit(2);
    std::atomic<int> inside = 0;
    std::atomic<int> most = 0;
    const auto visit = [&]() -> Async<void> {
        for (int i = 0; i < 200; ++i) {
            const Permit place = co_await limit.acquire({});
            const int now_inside = ++inside;
            int seen = most;
            while (seen < now_inside && !most.compare_exchange_weak(seen, now_inside)) {
            }
            std::this_thread::yield();
            --inside;
        }
    };
    {
        std::vector<std::jthread> threads;
        for (int i = 0; i < 4; ++i) threads.emplace_back([&] { await(visit()); });
    }
    EXPECT_LE(most, 2);
    EXPECT_EQ(inside, 0);
}

}  // namespace
}  // namespace rapport
