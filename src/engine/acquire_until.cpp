#include "engine/acquire_until.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>
#include <variant>

namespace asyncdl::engine {

namespace asio = boost::asio;

asio::awaitable<semaphore_guard> acquire_until(async_semaphore& what,
                                               net::clock::time_point limit) {
    using namespace asio::experimental::awaitable_operators;
    asio::steady_timer timer(co_await asio::this_coro::executor, limit);
    auto first = co_await (what.async_acquire(asio::as_tuple(asio::use_awaitable)) ||
                           timer.async_wait(asio::as_tuple(asio::use_awaitable)));
    semaphore_guard guard;
    if (first.index() == 0)
        guard = std::get<1>(std::get<0>(std::move(first)));
    co_return std::move(guard);
}

}  // namespace asyncdl::engine
