#pragma once
// Runs a blocking call on another executor while the coroutine waits on its own. Used by sinks; any
// thread.

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <future>
#include <type_traits>
#include <utility>

namespace asyncdl::storage {

/// Calls `function()` on `work`, then goes on where the coroutine runs with what it returned or
/// threw. Not to be cancelled: the call uses what the caller's frame holds, so the frame stays
/// until it is over.
template <typename F>
boost::asio::awaitable<std::invoke_result_t<F&>> offload(boost::asio::any_io_executor work,
                                                         F function) {
    std::packaged_task<std::invoke_result_t<F&>()> task(std::move(function));
    auto result = task.get_future();
    // Named, because g++ 12 destroys twice what a lambda inside the await would capture.
    auto start = [&work, &task](auto handler) {
        auto home = boost::asio::get_associated_executor(handler);
        auto busy = boost::asio::make_work_guard(home);
        boost::asio::post(work, [&task, home = std::move(home), busy = std::move(busy),
                                 handler = std::move(handler)]() mutable {
            task();
            // What keeps the coroutine's context running goes along: nothing of it is touched
            // here afterwards, when the context may be gone.
            boost::asio::post(home,
                              [busy = std::move(busy), handler = std::move(handler)]() mutable {
                                  std::move(handler)();
                              });
        });
    };
    co_await boost::asio::async_initiate<const boost::asio::use_awaitable_t<>&, void()>(
        start, boost::asio::use_awaitable);
    co_return result.get();
}

}  // namespace asyncdl::storage
