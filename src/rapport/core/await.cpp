#include "rapport/core/await.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

namespace rapport {

void await(Async<void> operation) {
    boost::asio::io_context context;
    auto done = boost::asio::co_spawn(context, std::move(operation), boost::asio::use_future);
    context.run();
    done.get();
}

}  // namespace rapport
