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
#include <new>

#include "core/scoped_count.hpp"
#include "core/thrown.hpp"

namespace asyncdl::engine {

namespace asio = boost::asio;

batch_job::batch_job(std::shared_ptr<downloader_core> core, std::shared_ptr<batch_feed> feed)
    : core_(std::move(core)), feed_(std::move(feed)), all_done_(core_->executor) {
    all_done_.expires_at(std::chrono::steady_clock::time_point::max());
}

/// It has left unless its coroutine was destroyed before its end.
batch_job::~batch_job() {
    if (is_linked())
        core_->leave(*this);
}

/// The feed tells when it has ended, so that a wait for its source ends too.
void batch_job::listen() {
    feed_->join([weak = weak_from_this(), executor = core_->executor] {
        asio::post(executor, [weak] {
            if (const auto self = weak.lock())
                self->wake();
        });
    });
}

asio::awaitable<batch_summary> batch_job::run() {
    co_await asio::this_coro::throw_if_cancelled(false);
    try {
        core_->enter(*this);
        listen();
        co_await read();
    } catch (...) {
        feed_->broke(core::thrown_by("the batch"));
    }
    while (lanes_ > 0 || queues_ > 0)
        co_await all_done_.async_wait(asio::as_tuple(asio::use_awaitable));
    // On the executor: the last reference may go on another thread.
    if (is_linked())
        core_->leave(*this);
    co_return feed_->summary();
}

asio::awaitable<void> batch_job::read() {
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
        if (!where->item)
            continue;
        const core::fault not_begun = open_lane(where, std::move(slot));
        if (not_begun.any()) {
            download_result result = where->item->broken(not_begun);
            feed_->count(result);
            co_await feed_->deliver(result);
        }
    }
}

/// A slot for another lane, and none while too many downloads wait without one.
asio::awaitable<semaphore_guard> batch_job::take_slot() {
    auto& shared = *core_->shared;
    if (shared.waiting_room.available() == 0) {
        auto [full, seat] =
            co_await shared.waiting_room.async_acquire(asio::as_tuple(asio::use_awaitable));
    }
    semaphore_guard slot = shared.slots.try_acquire();
    if (!slot && !cancelled_ && !feed_->ended()) {
        const core::scoped_count here(readers_);
        const core::scoped_count everywhere(feed_->readers_waiting);
        auto [error, guard] =
            co_await shared.slots.async_acquire(asio::as_tuple(asio::use_awaitable));
        slot = std::move(guard);
    }
    co_return std::move(slot);
}

/// A fault where the item could not be begun, for lack of memory: it is still there.
core::fault batch_job::open_lane(std::shared_ptr<lane> where, semaphore_guard slot) {
    try {
        auto ended =
            [self = shared_from_this(), where,
             count = open_count(shared_from_this(), &batch_job::lanes_)](std::exception_ptr error) {
                if (!error)
                    return;
                try {
                    std::rethrow_exception(error);
                } catch (...) {
                    self->feed_->broke(core::thrown_by("the batch"));
                }
            };
        const auto cancelled = where->signal.slot();
        asio::co_spawn(core_->executor, work(where, std::move(slot)),
                       asio::bind_cancellation_slot(cancelled, std::move(ended)));
        return {};
    } catch (...) {
        return where->item ? core::thrown_by("the batch") : core::fault();
    }
}

/// One download after the other in one slot, which costs less than a coroutine and a slot for each.
/// Whatever happens, each has exactly one result: what was read while the batch was being cancelled
/// as well, and what an exception ended.
asio::awaitable<void> batch_job::work(std::shared_ptr<lane> where, semaphore_guard slot) {
    co_await asio::this_coro::throw_if_cancelled(false);
    auto& item = where->item;
    while (item) {
        running_.push_back(*item);
        item->use_slot(std::move(slot));
        item->use_signal(where->signal);
        if (cancelled_ || feed_->is_cancelled())
            item->cancel();
        try {
            co_await item->complete();
        } catch (...) {
            item->result() = item->broken(core::thrown_by("the download"));
        }
        download_result& result = item->result();
        // From here on it can be cancelled no more: the consumer gets its result undisturbed.
        running_.erase(running_.iterator_to(*item));
        const bool has_ended = !item->is_held() || !hold(*item);
        if (has_ended)
            feed_->count(result);
        if (has_ended && !feed_->try_deliver(result)) {
            try {
                co_await feed_->deliver(result);
            } catch (...) {
                feed_->broke(core::thrown_by("the batch"));
            }
        }
        slot = item->release_slot();
        // A coroutine that was cancelled once, for whatever reason, is not used again.
        const bool goes_on = !item->is_stopped() && slot && may_go_on();
        item.reset();
        if (goes_on)
            feed_->try_next(core_, item);
        if (!item)
            break;
        try {
            // The others that are ready go first: requests that leave together wake the server
            // once, which was measured to save a tenth of the CPU time.
            co_await asio::post(core_->executor, asio::deferred);
        } catch (const std::bad_alloc&) {
            // Then this one goes first.
        }
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
    return readers <= readers_ || lanes_ <= share;
}

void batch_job::cancel(bool keep) {
    const auto self = shared_from_this();
    cancelled_ = true;
    feed_->cancel();
    // What a caller's code does when it is cancelled may end this download and others: those leave
    // whichever list they are in.
    transfers rest;
    rest.swap(running_);
    while (!rest.empty()) {
        transfer& item = rest.front();
        rest.pop_front();
        running_.push_back(item);
        item.cancel(keep);
    }
    wake();
}

void batch_job::wake() {
    signal_.emit(asio::cancellation_type::terminal);
    for (const auto& [key, queue] : held_) {
        if (queue->waits)
            queue->signal.emit(asio::cancellation_type::terminal);
    }
}

batch_summary batch_job::broken(const core::fault& why) {
    feed_->broke(why);
    return feed_->summary();
}

}  // namespace asyncdl::engine
