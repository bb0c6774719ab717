#pragma once
// How host names become addresses. The library's own asks the system on threads of its own; a
// program can give another (a fixed table, a DNS client, a test's script).

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/system/result.hpp>
#include <string>
#include <vector>

namespace asyncdl {

/// Turns names into addresses.
///
/// Thread safety: called from several threads at once. Cancellation: the awaiting download's
/// cancellation (a timeout as well) must end the call at once, even where the look-up goes on. An
/// exception ends the download as `errc::internal`.
class resolver {
public:
    virtual ~resolver() = default;

    /// The addresses of `host` (ASCII, no literal address) in order of preference. Errors:
    /// `errc::host_not_found`, `errc::resolve_failed` where another try may help,
    /// `boost::asio::error::operation_aborted` when cancelled.
    virtual boost::asio::awaitable<boost::system::result<std::vector<boost::asio::ip::address>>>
    async_resolve(std::string host) = 0;
};

}  // namespace asyncdl
