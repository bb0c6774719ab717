#pragma once
// A counting semaphore for coroutines and callbacks. Generic, thread-safe, first come first served;
// a waiter costs no thread.

#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/system/error_code.hpp>
#include <cstddef>
#include <memory>
#include <optional>
#include <utility>

namespace asyncdl {

namespace detail {
class semaphore_state;
}

/// Holds one permit and gives it back when destroyed, released or assigned to. Movable; may be
/// destroyed on any thread, and after the semaphore.
class semaphore_guard {
public:
    semaphore_guard() noexcept = default;
    semaphore_guard(semaphore_guard&& other) noexcept = default;
    semaphore_guard& operator=(semaphore_guard&& other) noexcept;
    ~semaphore_guard() { release(); }

    /// Gives the permit back now; nothing happens where none is held.
    void release() noexcept;

    explicit operator bool() const noexcept { return state_ != nullptr; }

private:
    friend class detail::semaphore_state;
    explicit semaphore_guard(std::shared_ptr<detail::semaphore_state> state) noexcept
        : state_(std::move(state)) {}

    std::shared_ptr<detail::semaphore_state> state_;
};

/// Thread safety: all members, from any thread. Destroying it while operations wait is allowed:
/// they go on and are served as guards come back.
class async_semaphore {
public:
    /// @param permits how many guards may be held at once, at least 1
    /// @throws std::invalid_argument for 0
    explicit async_semaphore(std::size_t permits);

    /// Waits for a permit.
    ///
    /// Handler signature: `void(boost::system::error_code, semaphore_guard)`.
    /// Executor: the handler's associated executor, `boost::asio::system_executor` by default;
    /// never called from within this function.
    /// Cancellation: terminal, partial and total; the handler gets
    /// `boost::asio::error::operation_aborted` and no permit is lost. A permit that was granted
    /// before the cancellation is delivered.
    /// Errors: none but that.
    /// Lifetime: if the executor's context is destroyed while the operation waits, the operation
    /// leaves the queue and its handler is destroyed. If the completion is pending by then, the
    /// permit goes back.
    template <typename CompletionToken = boost::asio::deferred_t>
    auto async_acquire(CompletionToken&& token = CompletionToken()) {
        return boost::asio::async_initiate<CompletionToken, signature>(
            [](auto handler, std::shared_ptr<detail::semaphore_state> state) {
                boost::asio::any_io_executor executor =
                    boost::asio::get_associated_executor(handler);
                start_acquire(std::move(state), std::move(executor), std::move(handler));
            },
            token, state_);
    }

    /// A permit where one is free and nobody waits, else an empty guard.
    semaphore_guard try_acquire();

    /// Permits that are free now; a snapshot.
    std::size_t available() const;

    /// Operations that wait now; a snapshot.
    std::size_t waiting() const;

private:
    using signature = void(boost::system::error_code, semaphore_guard);
    static void start_acquire(std::shared_ptr<detail::semaphore_state> state,
                              boost::asio::any_io_executor executor,
                              boost::asio::any_completion_handler<signature> handler);

    std::shared_ptr<detail::semaphore_state> state_;
};

}  // namespace asyncdl
