// Beast's own implementation, compiled once for the whole library.
#include <boost/beast/src.hpp>
