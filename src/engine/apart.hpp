#pragma once
// Awaits a coroutine of the caller's (sink, source, consumer) such that it cannot change the
// cancellation state of ours, which it shares. Used on the downloader's executor.

#include <boost/asio/awaitable.hpp>
#include <boost/asio/this_coro.hpp>
#include <exception>
#include <optional>
#include <utility>

namespace asyncdl::engine {

/// What `call` returns or throws. It begins like a coroutine that was spawned: not cancelled,
/// terminal cancellation enabled, throwing. Afterwards the state is the engine's: nothing throws. A
/// signal that came meanwhile was for `call` alone: who awaits this has a flag of its own for what
/// is to end. Neither spawns nor posts, so a call that completes at once costs one frame.
template <typename T>
boost::asio::awaitable<T> apart(boost::asio::awaitable<T> call) {
    namespace asio = boost::asio;
    co_await asio::this_coro::reset_cancellation_state();
    co_await asio::this_coro::throw_if_cancelled(true);
    std::exception_ptr thrown;
    std::optional<T> result;
    try {
        result.emplace(co_await std::move(call));
    } catch (...) {
        thrown = std::current_exception();
    }
    co_await asio::this_coro::reset_cancellation_state();
    co_await asio::this_coro::throw_if_cancelled(false);
    if (thrown)
        std::rethrow_exception(thrown);
    co_return *std::move(result);
}

inline boost::asio::awaitable<bool> as_value(boost::asio::awaitable<void> call) {
    co_await std::move(call);
    co_return true;
}

inline boost::asio::awaitable<void> apart(boost::asio::awaitable<void> call) {
    co_await apart(as_value(std::move(call)));
}

}  // namespace asyncdl::engine
