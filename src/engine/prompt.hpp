#pragma once
// The result of a call that seldom has to wait: where it does not, no coroutine is made for it.

#include <boost/asio/awaitable.hpp>
#include <optional>
#include <utility>

namespace asyncdl::engine {

/// Use: `auto done = call(); if (!done.now) done.now = co_await std::move(done.later);`
template <typename T>
class prompt {
public:
    prompt(T result) : now(std::move(result)) {}
    prompt(boost::asio::awaitable<T> waiting) : later(std::move(waiting)) {}

    std::optional<T> now;
    boost::asio::awaitable<T> later;
};

}  // namespace asyncdl::engine
