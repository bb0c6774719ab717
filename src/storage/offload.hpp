#pragma once
// Runs blocking calls on another executor while the coroutine waits on its own. Used by sinks; any
// thread.

#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstddef>
#include <functional>
#include <future>
#include <type_traits>
#include <utility>
#include <vector>

namespace asyncdl::storage {

/// Calls `function(0)` to `function(times - 1)` on `work`, then `handler` on `home`, as a coroutine
/// is resumed. A context of `home` that is destroyed meanwhile waits for the calls that run; the
/// others are not made, and the handler is destroyed. So it is where `work` ends without a call.
/// `function` does not throw and is not used afterwards.
void start_calls(boost::asio::any_io_executor work, boost::asio::any_io_executor home,
                 std::size_t times, std::function<void(std::size_t)> function,
                 boost::asio::any_completion_handler<void()> handler);

/// Calls `function()` `times` times (at least once) on `work`, at the same time where that has the
/// threads, then goes on where the coroutine runs; what one of the calls threw is thrown. Not to be
/// cancelled: the calls use what the caller's frame holds, so the frame stays until they are over.
template <typename F>
boost::asio::awaitable<void> offload_each(boost::asio::any_io_executor work, std::size_t times,
                                          F function) {
    std::vector<std::packaged_task<void()>> tasks;
    for (std::size_t i = 0; i < times; ++i)
        tasks.emplace_back(std::ref(function));
    // Named, because g++ 12 destroys twice what a lambda inside the await would capture.
    auto start = [&work, &tasks](auto handler) {
        auto home = boost::asio::get_associated_executor(handler);
        start_calls(
            work, home, tasks.size(), [&tasks](std::size_t i) { tasks[i](); }, std::move(handler));
    };
    co_await boost::asio::async_initiate<const boost::asio::use_awaitable_t<>&, void()>(
        start, boost::asio::use_awaitable);
    for (auto& task : tasks)
        task.get_future().get();
}

/// Calls `function()` once on `work`, then goes on where the coroutine runs with what it returned
/// or threw. Not to be cancelled, as above.
template <typename F>
boost::asio::awaitable<std::invoke_result_t<F&>> offload(boost::asio::any_io_executor work,
                                                         F function) {
    std::packaged_task<std::invoke_result_t<F&>()> task(std::move(function));
    auto result = task.get_future();
    const auto call = [&task] { task(); };
    co_await offload_each(std::move(work), 1, call);
    co_return result.get();
}

}  // namespace asyncdl::storage
