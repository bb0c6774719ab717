// Asio's own implementation, compiled once for the whole library.
#include <boost/asio/impl/src.hpp>
