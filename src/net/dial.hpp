#pragma once
// From an origin to a connected stream: look-up, connect (happy eyeballs, RFC 8305), TLS. Owned by
// a downloader, used on its executor.

#include <asyncdl/resolver.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/url.hpp"
#include "net/stream.hpp"
#include "net/tls_context.hpp"

namespace asyncdl::net {

/// Where an origin can be reached, and how long the connection to it may still take.
struct location {
    std::vector<boost::asio::ip::address> addresses;
    clock::duration left{};
};

class dialer {
public:
    /// Gives the TLS settings when the first https connection needs them.
    using tls_provider = std::function<core::outcome<std::shared_ptr<tls_context>>()>;

    /// A look-up waits for its turn for `max_queued` at most.
    dialer(std::shared_ptr<resolver> lookup, tls_provider tls, timekeeper& keeper,
           clock::duration patience, clock::duration max_queued = std::chrono::seconds(60))
        : lookup_(std::move(lookup)),
          tls_(std::move(tls)),
          keeper_(keeper),
          patience_(patience),
          max_queued_(max_queued) {}

    /// The first stage. It is bounded by `patience` from the time on when the look-up begins:
    /// `errc::connect_timeout`. Other errors: `host_not_found`, `resolve_failed`, `cancelled`;
    /// `internal` where the resolver throws.
    boost::asio::awaitable<core::outcome<location>> look_up(const core::origin& to);

    /// The other stages, bounded by what the look-up left of `patience`: `errc::connect_timeout`.
    /// Other errors: `connect_failed`, `no_local_port`, `too_many_files`, `tls_*`, `cancelled`;
    /// `internal` where the settings' hook throws.
    boost::asio::awaitable<core::outcome<std::unique_ptr<stream>>> dial(const core::origin& to,
                                                                        location at);

private:
    class turn;

    boost::asio::awaitable<core::outcome<std::vector<boost::asio::ip::address>>> addresses_of(
        const std::string& host, const std::shared_ptr<turn>& when);
    boost::asio::awaitable<void> end_of_patience(const turn& when);
    boost::asio::awaitable<core::outcome<std::unique_ptr<stream>>> stages(const core::origin& to,
                                                                          location& at);
    boost::asio::awaitable<core::outcome<std::unique_ptr<stream>>> connect(const core::origin& to,
                                                                           location& at);

    std::shared_ptr<resolver> lookup_;
    tls_provider tls_;
    timekeeper& keeper_;
    clock::duration patience_;
    clock::duration max_queued_;
};

}  // namespace asyncdl::net
