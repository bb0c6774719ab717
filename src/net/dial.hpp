#pragma once
// From an origin to a connected stream: look-up, connect (happy eyeballs, RFC 8305), TLS. Owned by
// a downloader, used on its executor.

#include <asyncdl/resolver.hpp>
#include <functional>
#include <memory>

#include "core/url.hpp"
#include "net/stream.hpp"
#include "net/tls_context.hpp"

namespace asyncdl::net {

class dialer {
public:
    /// Gives the TLS settings when the first https connection needs them.
    using tls_provider = std::function<core::outcome<std::shared_ptr<tls_context>>()>;

    dialer(std::shared_ptr<resolver> lookup, tls_provider tls, timekeeper& keeper,
           clock::duration patience)
        : lookup_(std::move(lookup)), tls_(std::move(tls)), keeper_(keeper), patience_(patience) {}

    /// All stages together are bounded by `patience`: `errc::connect_timeout`. Other errors:
    /// `host_not_found`, `resolve_failed`, `connect_failed`, `tls_*`, `cancelled`; `internal` where
    /// the resolver or the settings' hook throws.
    boost::asio::awaitable<core::outcome<std::unique_ptr<stream>>> dial(const core::origin& to);

private:
    boost::asio::awaitable<core::outcome<std::unique_ptr<stream>>> stages(const core::origin& to);
    boost::asio::awaitable<core::outcome<std::unique_ptr<stream>>> connect(const core::origin& to);
    boost::asio::awaitable<core::outcome<std::vector<boost::asio::ip::address>>> addresses_of(
        const std::string& host);

    std::shared_ptr<resolver> lookup_;
    tls_provider tls_;
    timekeeper& keeper_;
    clock::duration patience_;
};

}  // namespace asyncdl::net
