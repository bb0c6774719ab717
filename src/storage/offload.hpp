#pragma once
// Runs blocking calls on another executor while the coroutine waits on its own. Used by sinks; any
// thread.

#include <atomic>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstddef>
#include <functional>
#include <future>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

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

/// The handler of a coroutine that waits for several calls; each of them holds it. It goes home
/// with the last that lets go, which touches nothing afterwards. Where not all calls were made, it
/// ends, and its coroutine with it.
template <typename Handler>
class gathering {
public:
    gathering(Handler handler, std::size_t calls)
        : left_(calls),
          busy_(boost::asio::get_associated_executor(handler)),
          handler_(std::move(handler)) {}
    ~gathering() {
        if (left_ > 0)
            return;
        const auto home = busy_.get_executor();
        boost::asio::post(home, [busy = std::move(busy_), handler = std::move(handler_)]() mutable {
            std::move(handler)();
        });
    }
    gathering(const gathering&) = delete;
    gathering& operator=(const gathering&) = delete;

    void made() noexcept { --left_; }

private:
    std::atomic<std::size_t> left_;
    boost::asio::executor_work_guard<boost::asio::associated_executor_t<Handler>> busy_;
    Handler handler_;
};

/// Calls `function()` `times` times (at least once) on `work`, at the same time where that has the
/// threads, then goes on where the coroutine runs; what one of the calls threw is thrown. Not to be
/// cancelled, as above.
template <typename F>
boost::asio::awaitable<void> offload_each(boost::asio::any_io_executor work, std::size_t times,
                                          F function) {
    std::vector<std::packaged_task<void()>> tasks;
    for (std::size_t i = 0; i < times; ++i)
        tasks.emplace_back(std::ref(function));
    // Named, as above.
    auto start = [&work, &tasks](auto handler) {
        const auto all =
            std::make_shared<gathering<decltype(handler)>>(std::move(handler), tasks.size());
        for (auto& task : tasks)
            boost::asio::post(work, [&task, all] {
                task();
                all->made();
            });
    };
    co_await boost::asio::async_initiate<const boost::asio::use_awaitable_t<>&, void()>(
        start, boost::asio::use_awaitable);
    for (auto& task : tasks)
        task.get_future().get();
}

}  // namespace asyncdl::storage
