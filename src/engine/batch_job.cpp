#include "engine/batch_job.hpp"

#include <asyncdl/error.hpp>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/post.hpp>
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
    while (!cancelled_ && !feed_->ended()) {
        semaphore_guard slot = co_await take_slot();
        if (!slot)
            break;
        auto where = std::make_shared<lane>();
        feed_->try_next(core_, where->item);
        if (!where->item) {
            // The source makes us wait: others may have the slot meanwhile.
            slot.release();
            co_await feed_->next(core_, where->item);
        }
        if (where->item)
            open_lane(std::move(where), std::move(slot));
    }
    while (lanes_ > 0)
        co_await all_done_.async_wait(asio::as_tuple(asio::use_awaitable));
    co_return feed_->summary();
}

/// A slot for another lane, and none while too many downloads wait without one.
asio::awaitable<semaphore_guard> batch_job::take_slot() {
    auto& shared = *core_->shared;
    if (shared.waiting_room.available() == 0) {
        auto [full, seat] =
            co_await shared.waiting_room.async_acquire(asio::as_tuple(asio::use_awaitable));
    }
    semaphore_guard slot = shared.slots.try_acquire();
    if (!slot && !cancelled_) {
        reader_waits_ = true;
        ++feed_->readers_waiting;
        auto [error, guard] =
            co_await shared.slots.async_acquire(asio::as_tuple(asio::use_awaitable));
        --feed_->readers_waiting;
        reader_waits_ = false;
        slot = std::move(guard);
    }
    co_return std::move(slot);
}

void batch_job::open_lane(std::shared_ptr<lane> where, semaphore_guard slot) {
    ++lanes_;
    auto ended = [self = shared_from_this(), where](std::exception_ptr) {
        if (--self->lanes_ == 0)
            self->all_done_.cancel();
    };
    const auto cancelled = where->signal.slot();
    asio::co_spawn(core_->executor, work(std::move(where), std::move(slot)),
                   asio::bind_cancellation_slot(cancelled, std::move(ended)));
}

/// One download after the other in one slot, which costs less than a coroutine and a slot for each.
asio::awaitable<void> batch_job::work(std::shared_ptr<lane> where, semaphore_guard slot) {
    auto& item = where->item;
    while (item) {
        running_.push_back(*item);
        item->use_slot(std::move(slot));
        item->use_signal(where->signal);
        // A download that was read while the batch was being cancelled ends as cancelled, too.
        if (cancelled_)
            item->cancel();
        download_result result = co_await item->run();
        // From here on it can be cancelled no more: the consumer gets its result undisturbed.
        running_.erase(running_.iterator_to(*item));
        feed_->count(result);
        if (!feed_->try_deliver(result))
            co_await feed_->deliver(result);
        if (feed_->ended())
            signal_.emit(asio::cancellation_type::terminal);  // the reader need not wait longer
        slot = item->release_slot();
        // A coroutine that was cancelled once, for whatever reason, is not used again.
        const bool goes_on = !item->is_stopped() && slot && may_go_on();
        item.reset();
        if (goes_on)
            feed_->try_next(core_, item);
        // The others that are ready go first: requests that leave together wake the server once,
        // which was measured to save a tenth of the CPU time.
        if (item)
            co_await asio::post(core_->executor, asio::deferred);
    }
}

/// Whether a lane may keep its slot: nobody but readers of this batch waits for one, and those of
/// other downloaders only where this one has not more than its share.
bool batch_job::may_go_on() const {
    const auto& shared = *core_->shared;
    if (cancelled_ || shared.waiting_room.available() == 0)
        return false;
    const std::size_t readers = feed_->readers_waiting;
    if (shared.slots.waiting() > readers)
        return false;
    const std::size_t share = (shared.max_concurrent + feed_->workers - 1) / feed_->workers;
    return readers <= std::size_t{reader_waits_} || lanes_ <= share;
}

void batch_job::cancel(bool keep) {
    cancelled_ = true;
    feed_->end();
    for (transfer& item : running_)
        item.cancel(keep);
    signal_.emit(asio::cancellation_type::terminal);
}

batch_summary batch_job::broken() {
    batch_summary summary = feed_->summary();
    summary.consumer_error = make_error_code(errc::internal);
    return summary;
}

}  // namespace asyncdl::engine
