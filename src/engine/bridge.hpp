#pragma once
// From an initiating function to a coroutine and back: the one place that spawns for a caller.
// Binds the handler's executor and cancellation slot by hand, since both may live on other threads
// than the downloader.

#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/execution/outstanding_work.hpp>
#include <boost/asio/post.hpp>
#include <exception>
#include <memory>
#include <utility>

#include "core/thrown.hpp"

namespace asyncdl::engine {

/// Runs `job->run()` on `executor` and gives its result to `handler`, on the handler's executor
/// (`executor` by default), never from within this function. A signal on the handler's slot, of any
/// type, becomes `job->cancel()` on `executor`. The job's awaits are cancelled through
/// `job->signal()`. `job->run()` throws only for lack of memory: then the result is
/// `job->broken(why)`.
///
/// A handler that is destroyed uncalled leaves the slot as it is, since the signal may be gone
/// before it; a later signal does nothing.
template <typename Result, typename Job>
void bridge(boost::asio::any_io_executor executor, std::shared_ptr<Job> job,
            boost::asio::any_completion_handler<void(Result)> handler) {
    namespace asio = boost::asio;
    auto slot = asio::get_associated_cancellation_slot(handler);
    if (slot.is_connected()) {
        slot.assign([weak = std::weak_ptr(job), executor](asio::cancellation_type) {
            // While the job is there, so is the executor's context. The last reference must not go
            // on this thread, so it goes along.
            if (auto alive = weak.lock())
                asio::post(executor, [alive = std::move(alive)] { alive->cancel(); });
        });
    }
    auto home = asio::get_associated_executor(handler, executor);
    auto busy = asio::prefer(home, asio::execution::outstanding_work.tracked);
    auto work = job->run();
    const auto cancelled = job->signal().slot();
    // No reference stays behind on this thread, which may be another than the executor's.
    auto finish = [job = std::move(job), home, busy = std::move(busy), slot,
                   handler = std::move(handler)](std::exception_ptr error, Result result) mutable {
        if (error) {
            try {
                std::rethrow_exception(error);
            } catch (...) {
                result = job->broken(core::thrown_by("the download"));
            }
        }
        // What keeps the handler's context running goes along: nothing of it is touched here
        // afterwards, when the context may be gone.
        asio::dispatch(home, [busy = std::move(busy), slot, handler = std::move(handler),
                              result = std::move(result)]() mutable {
            slot.clear();
            std::move(handler)(std::move(result));
        });
    };
    asio::co_spawn(executor, std::move(work),
                   asio::bind_cancellation_slot(cancelled, std::move(finish)));
}

}  // namespace asyncdl::engine
