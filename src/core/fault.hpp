#pragma once
// A failure on its way to a result: the code that programs decide by and the line that a person
// reads. Every fallible function of the inner rooms returns an `outcome`.

#include <asyncdl/error.hpp>
#include <boost/assert/source_location.hpp>
#include <boost/system/result.hpp>
#include <string>
#include <utility>

namespace asyncdl::core {

/// Converts from a bare code, whose own text is then the message. Never holds a secret.
class fault {
public:
    fault() = default;
    fault(errc kind) : fault(make_error_code(kind)) {}
    fault(boost::system::error_code kind) : code(kind), message(kind.message()) {}
    fault(boost::system::error_code kind, std::string text)
        : code(kind), message(std::move(text)) {}

    boost::system::error_code code;
    std::string message;
};

/// `outcome<T>::value()` on a failure is a defect of ours; it throws.
[[noreturn]] void throw_exception_from_error(const fault& error,
                                             const boost::source_location& where);

template <typename T>
using outcome = boost::system::result<T, fault>;

}  // namespace asyncdl::core
