// A program that uses of Asio what the libraries do not: TLS, and what is deprecated.
#include <boost/asio/io_context.hpp>
#include <boost/asio/ssl/context.hpp>

#include "rapport/core/await.hpp"

namespace {

rapport::Async<int> answer() { co_return 42; }

}  // namespace

int main() {
    const boost::asio::ssl::context tls(boost::asio::ssl::context::tls_client);
    boost::asio::io_context context;
    boost::system::error_code error;
    context.run(error);
    return rapport::await(answer()) == 42 && !error ? 0 : 1;
}
