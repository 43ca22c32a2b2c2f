// The one translation unit that compiles Asio, with what is deprecated in it: programs that link
// the libraries may use that.
#undef BOOST_ASIO_NO_DEPRECATED
#include <boost/asio/impl/src.hpp>
