#pragma once
// A TCP connection to the first address that answers. Free function; the caller's executor.

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cstdint>
#include <vector>

#include "core/fault.hpp"

namespace asyncdl::net {

/// Tries the addresses by RFC 8305: families in turn, the next one after 250 ms or as soon as one
/// failed; the first that connects wins, the others are closed. `errc::connect_failed` with the
/// last reason, `errc::no_local_port`, `errc::too_many_files`, `errc::cancelled`.
boost::asio::awaitable<core::outcome<boost::asio::ip::tcp::socket>> connect_first(
    std::vector<boost::asio::ip::address> addresses, std::uint16_t port);

}  // namespace asyncdl::net
