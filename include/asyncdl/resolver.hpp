#pragma once
// How host names become addresses. The library's own asks the system on threads of its own; a
// program can give another (a fixed table, a DNS client, a test's script).

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/system/result.hpp>
#include <functional>
#include <string>
#include <utility>
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
    /// `boost::asio::error::operation_aborted` when cancelled. Any other error counts as
    /// `errc::resolve_failed`, with its text in the message.
    virtual boost::asio::awaitable<boost::system::result<std::vector<boost::asio::ip::address>>>
    async_resolve(std::string host) = 0;

    /// The call that a download makes. Override it if names may have to wait for their turn: call
    /// `begun` when the look-up of `host` begins, because `connect_timeout` runs from then on. A
    /// name whose turn does not come in 60 seconds fails as `errc::resolve_failed`. By default the
    /// turn comes at once.
    ///
    /// `begun` throws nothing and may be called from any thread, also after the call has ended.
    virtual boost::asio::awaitable<boost::system::result<std::vector<boost::asio::ip::address>>>
    async_resolve_in_turn(std::string host, std::function<void()> begun) {
        begun();
        return async_resolve(std::move(host));
    }
};

}  // namespace asyncdl
