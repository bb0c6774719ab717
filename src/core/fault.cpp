#include "core/fault.hpp"

#include <boost/system/system_error.hpp>
#include <boost/throw_exception.hpp>

namespace asyncdl::core {

void throw_exception_from_error(const fault& error, const boost::source_location& where) {
    boost::throw_exception(boost::system::system_error(error.code(), error.message()), where);
}

}  // namespace asyncdl::core
