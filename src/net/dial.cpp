#include "net/dial.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "core/thrown.hpp"
#include "net/connect.hpp"
#include "net/tcp_stream.hpp"
#include "net/tls_stream.hpp"

namespace asyncdl::net {

namespace asio = boost::asio;

namespace {

core::fault too_slow(const core::origin& to) {
    return {make_error_code(errc::connect_timeout),
            "no connection to " + to.authority() + " in time"};
}

}  // namespace

asio::awaitable<core::outcome<std::unique_ptr<stream>>> dialer::dial(const core::origin& to) {
    using namespace asio::experimental::awaitable_operators;
    // A look-up knows no deadline of its own, so the stages race a timer; connections are rare
    // enough for that.
    const auto before = co_await asio::this_coro::cancellation_state;
    if (before.cancelled() != asio::cancellation_type::none)
        co_return core::fault(errc::cancelled);
    asio::steady_timer bound(co_await asio::this_coro::executor, patience_);
    auto first = co_await (stages(to) || bound.async_wait(asio::as_tuple(asio::use_awaitable)));
    const auto state = co_await asio::this_coro::cancellation_state;
    if (state.cancelled() != asio::cancellation_type::none)
        co_return core::fault(errc::cancelled);
    if (first.index() == 1)
        co_return too_slow(to);
    co_return std::get<0>(std::move(first));
}

/// An exception (of the settings' hook, of a lack of memory) ends the dial at once: the race with
/// the timer knows only results.
asio::awaitable<core::outcome<std::unique_ptr<stream>>> dialer::stages(const core::origin& to) {
    co_await asio::this_coro::throw_if_cancelled(false);
    try {
        co_return co_await connect(to);
    } catch (...) {
        co_return core::thrown_by("the connection to " + to.authority());
    }
}

asio::awaitable<core::outcome<std::unique_ptr<stream>>> dialer::connect(const core::origin& to) {
    const auto limit = clock::now() + patience_;
    auto addresses = co_await addresses_of(to.host);
    if (!addresses)
        co_return addresses.error();
    auto connected = co_await connect_first(std::move(*addresses), to.port);
    if (!connected)
        co_return core::fault(connected.error().code(),
                              to.authority() + ": " + connected.error().message());
    boost::system::error_code ignored;
    connected->set_option(asio::ip::tcp::no_delay(true), ignored);
    if (!to.tls)
        co_return std::make_unique<tcp_stream>(std::move(*connected), keeper_);

    core::outcome<std::shared_ptr<tls_context>> settings = core::fault();
    try {
        settings = tls_();
    } catch (...) {
        co_return core::thrown_by("the TLS settings' hook");
    }
    if (!settings)
        co_return settings.error();
    auto secure = std::make_unique<tls_stream>(std::move(*connected), keeper_, std::move(*settings),
                                               to.host, to.port);
    const auto shaken = co_await secure->handshake(limit);
    if (!shaken) {
        if (shaken.error().code() == errc::timeout)
            co_return too_slow(to);
        co_return shaken.error();
    }
    co_return std::move(secure);
}

asio::awaitable<core::outcome<std::vector<asio::ip::address>>> dialer::addresses_of(
    const std::string& host) {
    boost::system::error_code not_literal;
    const auto literal = asio::ip::make_address(host, not_literal);
    if (!not_literal)
        co_return std::vector<asio::ip::address>{literal};
    boost::system::result<std::vector<asio::ip::address>> found;
    const auto executor = co_await asio::this_coro::executor;
    try {
        // A coroutine of its own, so that a resolver of the caller's cannot change the cancellation
        // state of this one, through which the timeout comes.
        found =
            co_await asio::co_spawn(executor, lookup_->async_resolve(host), asio::use_awaitable);
    } catch (...) {
        co_return core::thrown_by("the resolver");
    }
    if (found && !found->empty())
        co_return std::move(*found);
    if (found || found.error() == errc::host_not_found)
        co_return core::fault(make_error_code(errc::host_not_found), "no such host: " + host);
    if (found.error() == errc::too_many_files)
        co_return core::fault(make_error_code(errc::too_many_files));
    if (found.error() == asio::error::operation_aborted)
        co_return core::fault(errc::cancelled);
    co_return core::fault(make_error_code(errc::resolve_failed),
                          "cannot look up " + host + " for now");
}

}  // namespace asyncdl::net
