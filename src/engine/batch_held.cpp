// What a batch does with downloads that wait for a rest and have nothing open: it holds them, and
// reads on. One coroutine for each rest takes them up, for a slot each, so that they share with
// what comes from the source.

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "core/thrown.hpp"
#include "engine/acquire_until.hpp"
#include "engine/batch_job.hpp"

namespace asyncdl::engine {

namespace asio = boost::asio;

/// Takes from the download what it needs to begin again. False if there is no memory for that: it
/// has failed then.
bool batch_job::hold(transfer& item) noexcept {
    try {
        const auto& what = item.waits_for();
        auto found = held_.find(what->key);
        if (found == held_.end()) {
            auto queue =
                std::make_shared<held_queue>(what, core_->options.retries, core_->options.max_time);
            open_queue(queue);
            found = held_.emplace(what->key, std::move(queue)).first;
        }
        found->second->add([&] { return item.hold(); });
        return true;
    } catch (...) {
        item.result() = item.broken(core::thrown_by("the download"));
        return false;
    }
}

void batch_job::open_queue(const std::shared_ptr<held_queue>& queue) {
    auto ended =
        [self = shared_from_this(), queue,
         count = open_count(shared_from_this(), &batch_job::queues_)](std::exception_ptr error) {
            if (!error)
                return;
            self->close_queue(*queue);
            try {
                std::rethrow_exception(error);
            } catch (...) {
                self->feed_->broke(core::thrown_by("the batch"));
            }
        };
    asio::co_spawn(core_->executor, take_up(queue),
                   asio::bind_cancellation_slot(queue->signal.slot(), std::move(ended)));
}

/// Waits for the rest's end and for a turn to ask, as downloads do that are not held, until the
/// queue is empty. After each wait everything may be different.
asio::awaitable<void> batch_job::take_up(std::shared_ptr<held_queue> queue) {
    co_await asio::this_coro::throw_if_cancelled(false);
    co_await asio::post(core_->executor, asio::use_awaitable);
    auto& shared = *core_->shared;
    semaphore_guard slot;
    std::vector<semaphore_guard> turns;
    while (!queue->empty()) {
        const auto now = net::clock::now();
        const auto what = shared.rests.of(queue->subject(), now);
        if (what != queue->now()) {
            turns.clear();
            queue->wait_for(what);
        }
        const bool rests = what && what->now().end > now;
        if (cancelled_ || feed_->is_cancelled() || queue->judge(now)) {
            slot.release();
            turns.clear();
            co_await end_first(*queue);
        } else if (what && turns.empty()) {
            slot.release();
            semaphore_guard turn = co_await wait_for(*queue, what->turns);
            take_turns(*queue, std::move(turn), turns);
        } else if (rests) {
            slot.release();
            co_await wait_until(*queue, std::min(what->now().end, queue->first_time_over()));
        } else if (!slot) {
            slot = co_await wait_for(*queue, shared.slots);
        } else {
            semaphore_guard turn;
            if (!turns.empty()) {
                turn = std::move(turns.back());
                turns.pop_back();
            }
            co_await begin_first(*queue, std::move(slot), std::move(turn));
        }
    }
    // Before anything else runs: from now on another queue is opened for this rest.
    close_queue(*queue);
}

void batch_job::close_queue(const held_queue& queue) {
    const auto found = held_.find(queue.subject().key);
    if (found != held_.end() && found->second.get() == &queue)
        held_.erase(found);
}

/// All that are free, since those that have not been refused so far should ask first: the others
/// are about to come back.
void batch_job::take_turns(const held_queue& queue, semaphore_guard first,
                           std::vector<semaphore_guard>& turns) {
    for (semaphore_guard turn = std::move(first); turn;
         turn = turns.size() < queue.size() ? queue.now()->turns.try_acquire() : semaphore_guard())
        turns.push_back(std::move(turn));
}

/// One that has no retry or no time left, or the batch is cancelled. That takes no slot.
asio::awaitable<void> batch_job::end_first(held_queue& queue) {
    auto where = std::make_shared<lane>();
    feed_->take_up(core_, queue.take_first(), queue.last(), semaphore_guard(), where->item);
    if (!cancelled_ && !feed_->is_cancelled())
        where->item->give_up();
    co_await work(where, semaphore_guard());
}

asio::awaitable<void> batch_job::begin_first(held_queue& queue, semaphore_guard slot,
                                             semaphore_guard turn) {
    auto where = std::make_shared<lane>();
    feed_->take_up(core_, queue.take_first(), queue.now(), std::move(turn), where->item);
    const core::fault not_begun = open_lane(where, std::move(slot));
    if (not_begun.any()) {
        download_result result = where->item->broken(not_begun);
        feed_->count(result);
        co_await feed_->deliver(result);
    }
}

/// Empty if the time of one that is held is over before.
asio::awaitable<semaphore_guard> batch_job::wait_for(held_queue& queue, async_semaphore& what) {
    semaphore_guard guard = what.try_acquire();
    if (guard)
        co_return std::move(guard);
    queue.waits = true;
    guard = co_await acquire_until(what, queue.first_time_over());
    queue.waits = false;
    co_return std::move(guard);
}

asio::awaitable<void> batch_job::wait_until(held_queue& queue, net::clock::time_point when) {
    asio::steady_timer timer(core_->executor, when);
    queue.waits = true;
    co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
    queue.waits = false;
}

bool batch_job::cancel_held(std::uint64_t id, bool keep) {
    for (const auto& [key, queue] : held_) {
        auto found = queue->take(id);
        if (!found)
            continue;
        auto where = std::make_shared<lane>();
        feed_->take_up(core_, std::move(*found), queue->last(), semaphore_guard(), where->item);
        where->item->cancel(keep);
        if (const auto not_begun = open_lane(where, semaphore_guard()); not_begun.any())
            feed_->broke(not_begun);
        return true;  // the map may be another now
    }
    return false;
}

}  // namespace asyncdl::engine
