#pragma once
// A failure on its way to a result: the code that programs decide by and the line that a person
// reads. Every fallible function of the inner rooms returns an `outcome`.

#include <asyncdl/error.hpp>
#include <boost/assert/source_location.hpp>
#include <boost/system/result.hpp>
#include <memory>
#include <string>
#include <utility>

namespace asyncdl::core {

/// Converts from a bare code, whose own text is then the message. Never holds a secret. As small as
/// can be, since every outcome has room for one; none at all by default. Copies share their text.
class fault {
public:
    fault() = default;
    fault(errc kind) : fault(make_error_code(kind)) {}
    fault(boost::system::error_code kind) : fault(kind, kind.message()) {}
    fault(boost::system::error_code kind, std::string text)
        : what_(std::make_shared<const details>(details{kind, std::move(text)})) {}

    /// Whether there is one.
    bool any() const noexcept { return what_ != nullptr; }

    const boost::system::error_code& code() const noexcept { return get().code; }
    const std::string& message() const noexcept { return get().message; }

private:
    struct details {
        boost::system::error_code code;
        std::string message;
    };

    const details& get() const noexcept {
        static const details none;
        return what_ ? *what_ : none;
    }

    std::shared_ptr<const details> what_;
};

/// `outcome<T>::value()` on a failure is a defect of ours; it throws.
[[noreturn]] void throw_exception_from_error(const fault& error,
                                             const boost::source_location& where);

template <typename T>
using outcome = boost::system::result<T, fault>;

}  // namespace asyncdl::core
