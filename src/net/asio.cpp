// Asio's own implementation, compiled once for the whole library.

// With this macro Asio's default allocation hook returns nothing, and a program that is compiled
// without it would get null from ours.
#undef BOOST_ASIO_NO_DEPRECATED
#include <boost/asio/impl/src.hpp>
