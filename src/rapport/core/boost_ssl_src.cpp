// Asio's TLS, for programs that use it beside the libraries; a program that does not links none of
// it.
#undef BOOST_ASIO_NO_DEPRECATED
#include <boost/asio/ssl/impl/src.hpp>
