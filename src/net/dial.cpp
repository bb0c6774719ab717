#include "net/dial.hpp"

#include <algorithm>
#include <atomic>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <optional>

#include "core/seconds.hpp"
#include "core/thrown.hpp"
#include "net/connect.hpp"
#include "net/tcp_stream.hpp"
#include "net/tls_stream.hpp"

namespace asyncdl::net {

namespace asio = boost::asio;

namespace {

core::fault too_slow(const core::origin& to, clock::duration patience) {
    return {make_error_code(errc::connect_timeout),
            "no connection to " + to.authority() + " in " + core::seconds_text(patience)};
}

core::fault no_turn(const std::string& host, clock::duration waited) {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(waited).count();
    return {make_error_code(errc::resolve_failed),
            "cannot look up " + host + ": its turn did not come in " + std::to_string(seconds) +
                " s, since too many other look-ups hang"};
}

core::fault not_found(const std::string& host) {
    return {make_error_code(errc::host_not_found), "no such host: " + host};
}

core::fault failed(const std::string& host, const boost::system::error_code& error) {
    if (error == errc::host_not_found)
        return not_found(host);
    if (error == errc::too_many_files)
        return make_error_code(errc::too_many_files);
    if (error == asio::error::operation_aborted)
        return errc::cancelled;
    const bool ours = error.category() == error_category();
    return {make_error_code(errc::resolve_failed),
            "cannot look up " + host + (ours ? " for now" : ": " + error.message())};
}

}  // namespace

/// When the look-up of a name began.
class dialer::turn {
public:
    /// From any thread; the first call counts.
    void came() noexcept {
        clock::rep none = 0;
        began_.compare_exchange_strong(none, clock::now().time_since_epoch().count());
    }

    std::optional<clock::time_point> began() const noexcept {
        const clock::rep since = began_.load();
        if (since == 0)
            return std::nullopt;
        return clock::time_point(clock::duration(since));
    }

private:
    std::atomic<clock::rep> began_{0};
};

asio::awaitable<core::outcome<location>> dialer::look_up(const core::origin& to) {
    using namespace asio::experimental::awaitable_operators;
    location found;
    found.left = patience_;
    boost::system::error_code not_literal;
    const auto literal = asio::ip::make_address(to.host, not_literal);
    if (!not_literal) {
        found.addresses.push_back(literal);
        co_return std::move(found);
    }
    // A look-up knows no deadline of its own, so it races a timer; connections are rare enough for
    // that.
    const auto before = co_await asio::this_coro::cancellation_state;
    if (before.cancelled() != asio::cancellation_type::none)
        co_return core::fault(errc::cancelled);
    const auto when = std::make_shared<turn>();
    auto first = co_await (addresses_of(to.host, when) || end_of_patience(*when));
    const auto state = co_await asio::this_coro::cancellation_state;
    if (state.cancelled() != asio::cancellation_type::none)
        co_return core::fault(errc::cancelled);
    const auto began = when->began();
    if (first.index() == 1 && began)
        co_return too_slow(to, patience_);
    if (first.index() == 1)
        co_return no_turn(to.host, max_queued_);
    auto& answer = std::get<0>(first);
    if (!answer)
        co_return answer.error();
    found.addresses = std::move(*answer);
    if (began)
        found.left -= clock::now() - *began;
    co_return std::move(found);
}

asio::awaitable<core::outcome<std::vector<asio::ip::address>>> dialer::addresses_of(
    const std::string& host, const std::shared_ptr<turn>& when) {
    co_await asio::this_coro::throw_if_cancelled(false);
    try {
        const auto executor = co_await asio::this_coro::executor;
        std::function<void()> begun = [when] { when->came(); };
        // A coroutine of its own, so that a resolver of the caller's cannot change the cancellation
        // state of this one, through which the timeout comes.
        auto call = lookup_->async_resolve_in_turn(host, std::move(begun));
        auto found = co_await asio::co_spawn(executor, std::move(call), asio::use_awaitable);
        if (found && !found->empty())
            co_return std::move(*found);
        if (found)
            co_return not_found(host);
        co_return failed(host, found.error());
    } catch (...) {
        co_return core::thrown_by("the resolver");
    }
}

/// Ends when the look-up has taken too long, or its turn does not come.
asio::awaitable<void> dialer::end_of_patience(const turn& when) {
    co_await asio::this_coro::throw_if_cancelled(false);
    asio::steady_timer timer(co_await asio::this_coro::executor);
    const auto asked = clock::now();
    for (;;) {
        const auto began = when.began();
        const auto end = began ? *began + patience_ : asked + max_queued_;
        const auto now = clock::now();
        if (now >= end)
            co_return;
        // A turn that comes from now on ends later than the next look at it.
        timer.expires_at(std::min(end, now + patience_));
        const auto [cancelled] = co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
        if (cancelled)
            co_return;
    }
}

asio::awaitable<core::outcome<std::unique_ptr<stream>>> dialer::dial(const core::origin& to,
                                                                     location at) {
    using namespace asio::experimental::awaitable_operators;
    const auto before = co_await asio::this_coro::cancellation_state;
    if (before.cancelled() != asio::cancellation_type::none)
        co_return core::fault(errc::cancelled);
    asio::steady_timer bound(co_await asio::this_coro::executor, at.left);
    auto first = co_await (stages(to, at) || bound.async_wait(asio::as_tuple(asio::use_awaitable)));
    const auto state = co_await asio::this_coro::cancellation_state;
    if (state.cancelled() != asio::cancellation_type::none)
        co_return core::fault(errc::cancelled);
    if (first.index() == 1)
        co_return too_slow(to, patience_);
    co_return std::get<0>(std::move(first));
}

/// An exception (of the settings' hook, of a lack of memory) ends the dial at once: the race with
/// the timer knows only results.
asio::awaitable<core::outcome<std::unique_ptr<stream>>> dialer::stages(const core::origin& to,
                                                                       location& at) {
    co_await asio::this_coro::throw_if_cancelled(false);
    try {
        co_return co_await connect(to, at);
    } catch (...) {
        co_return core::thrown_by("the connection to " + to.authority());
    }
}

asio::awaitable<core::outcome<std::unique_ptr<stream>>> dialer::connect(const core::origin& to,
                                                                        location& at) {
    const auto limit = clock::now() + at.left;
    auto connected = co_await connect_first(std::move(at.addresses), to.port);
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
            co_return too_slow(to, patience_);
        co_return shaken.error();
    }
    co_return std::move(secure);
}

}  // namespace asyncdl::net
