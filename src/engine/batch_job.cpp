#include "engine/batch_job.hpp"

#include <asyncdl/error.hpp>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>

namespace asyncdl::engine {

namespace asio = boost::asio;

batch_job::batch_job(std::shared_ptr<downloader_core> core, std::shared_ptr<batch_feed> feed)
    : core_(std::move(core)), feed_(std::move(feed)), all_done_(core_->executor) {
    all_done_.expires_at(std::chrono::steady_clock::time_point::max());
}

batch_job::~batch_job() {
    if (is_linked())
        core_->leave(*this);
}

asio::awaitable<batch_summary> batch_job::run() {
    co_await asio::this_coro::throw_if_cancelled(false);
    core_->enter(*this);
    while (!cancelled_) {
        semaphore_guard slot = co_await take_slot();
        if (!slot)
            break;
        auto item = co_await feed_->next(core_);
        if (!item)
            break;
        start(std::move(item), std::move(slot));
    }
    while (running_ > 0)
        co_await all_done_.async_wait(asio::as_tuple(asio::use_awaitable));
    co_return feed_->summary();
}

/// A slot for the next download, and none while too many downloads wait without one.
asio::awaitable<semaphore_guard> batch_job::take_slot() {
    auto& shared = *core_->shared;
    if (shared.waiting_room.available() == 0) {
        auto [full, seat] =
            co_await shared.waiting_room.async_acquire(asio::as_tuple(asio::use_awaitable));
    }
    semaphore_guard slot = shared.slots.try_acquire();
    if (!slot && !cancelled_) {
        auto [error, guard] =
            co_await shared.slots.async_acquire(asio::as_tuple(asio::use_awaitable));
        slot = std::move(guard);
    }
    co_return std::move(slot);
}

void batch_job::start(std::shared_ptr<transfer> item, semaphore_guard slot) {
    item->use_slot(std::move(slot));
    ++running_;
    running_items_.push_back(*item);
    // A download that was read while the batch was being cancelled ends as cancelled, too.
    if (cancelled_)
        item->cancel();
    auto& signal = item->signal();
    // The spawn touches the signal's slot to its very end, so its handler keeps the download alive.
    auto ended = [self = shared_from_this(), item](std::exception_ptr) {
        if (--self->running_ == 0)
            self->all_done_.cancel();
    };
    asio::co_spawn(core_->executor, download(std::move(item)),
                   asio::bind_cancellation_slot(signal.slot(), std::move(ended)));
}

asio::awaitable<void> batch_job::download(std::shared_ptr<transfer> item) {
    download_result result = co_await item->run();
    co_await feed_->deliver(std::move(result));
}

void batch_job::cancel() {
    cancelled_ = true;
    feed_->end();
    for (transfer& item : running_items_)
        item.cancel();
    signal_.emit(asio::cancellation_type::terminal);
}

batch_summary batch_job::broken() {
    batch_summary summary = feed_->summary();
    summary.consumer_error = make_error_code(errc::internal);
    return summary;
}

}  // namespace asyncdl::engine
