#include "engine/batch_feed.hpp"

#include <asyncdl/error.hpp>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <new>

#include "core/thrown.hpp"
#include "engine/apart.hpp"
#include "engine/transfer.hpp"

namespace asyncdl::engine {

namespace asio = boost::asio;

batch_feed::batch_feed(download_source& source, result_consumer& consumer, std::size_t downloaders)
    : workers(downloaders), source_(source), consumer_(consumer) {}

void batch_feed::try_next(const std::shared_ptr<downloader_core>& core,
                          std::optional<transfer>& place) {
    semaphore_guard turn = source_turn_.try_acquire();
    if (!turn || ended_)
        return;
    try {
        if (auto item = source_.try_next())
            take(core, std::move(*item), std::move(turn), place);
    } catch (...) {
        fail(core::thrown_by("the source"));
    }
}

asio::awaitable<void> batch_feed::next(std::shared_ptr<downloader_core> core,
                                       std::optional<transfer>& place) {
    semaphore_guard turn = source_turn_.try_acquire();
    if (!turn) {
        auto [error, guard] =
            co_await source_turn_.async_acquire(asio::as_tuple(asio::use_awaitable));
        turn = std::move(guard);
    }
    if (!turn || ended_)
        co_return;
    core::fault failed;
    try {
        auto item = co_await apart(source_.async_next());
        if (item && *item) {
            take(core, std::move(**item), std::move(turn), place);
            co_return;
        }
        if (!item)
            failed = item.error();
    } catch (...) {
        failed = core::thrown_by("the source");
    }
    fail(failed);
}

/// Names are taken in input order: a download that has to open a folder for its own keeps the
/// source's turn until it has.
void batch_feed::take(const std::shared_ptr<downloader_core>& core, download_request&& request,
                      semaphore_guard turn, std::optional<transfer>& place) {
    place.emplace(core, std::move(request), next_index_++, names_, &authorities_);
    place->allow_holding();
    if (!place->is_named())
        place->use_turn(std::move(turn));
}

void batch_feed::take_up(const std::shared_ptr<downloader_core>& core, held_download&& held,
                         std::shared_ptr<rest> what, semaphore_guard turn,
                         std::optional<transfer>& place) {
    place.emplace(core, std::move(held), names_, std::move(what), std::move(turn));
    place->allow_holding();
}

/// The source has ended, with an error or without. One that was interrupted by the batch's own end
/// has not failed.
void batch_feed::fail(const core::fault& why) {
    if (why.any() && !ended_) {
        const std::lock_guard lock(mutex_);
        summary_.source_error = why.code();
        summary_.source_message = why.message();
    }
    end();
}

void batch_feed::count(const download_result& result) {
    const std::lock_guard lock(mutex_);
    summary_.add(result);
}

bool batch_feed::try_deliver(download_result& result) {
    const semaphore_guard turn = consumer_turn_.try_acquire();
    if (!turn)
        return false;
    try {
        return consumer_.try_consume(result);
    } catch (...) {
        broke(core::thrown_by("the consumer"));
        return true;
    }
}

asio::awaitable<void> batch_feed::deliver(download_result& result) {
    try {
        semaphore_guard turn = consumer_turn_.try_acquire();
        while (!turn) {
            // A result is delivered even by a batch that is cancelled, so a wait that was is
            // repeated.
            auto [error, guard] =
                co_await consumer_turn_.async_acquire(asio::as_tuple(asio::use_awaitable));
            turn = std::move(guard);
        }
        const auto failed = co_await apart(consumer_.async_consume(std::move(result)));
        if (failed)
            broke(failed);
    } catch (...) {
        broke(core::thrown_by("the consumer"));
    }
}

void batch_feed::broke(const core::fault& why) noexcept {
    {
        const std::lock_guard lock(mutex_);
        if (!summary_.consumer_error) {
            summary_.consumer_error = why.any() ? why.code() : make_error_code(errc::internal);
            try {
                summary_.consumer_message = why.message();
            } catch (const std::bad_alloc&) {
                // The code says enough.
            }
        }
    }
    end();
}

void batch_feed::join(std::function<void()> wake) {
    const std::lock_guard lock(mutex_);
    wakers_.push_back(std::move(wake));
}

void batch_feed::end() noexcept {
    if (ended_.exchange(true))
        return;
    const std::lock_guard lock(mutex_);
    for (const auto& wake : wakers_) {
        try {
            wake();
        } catch (...) {
            // Without memory its reader goes on to wait for the source.
        }
    }
}

batch_summary batch_feed::summary() {
    const std::lock_guard lock(mutex_);
    summary_.elapsed = net::clock::now() - started_;
    return summary_;
}

}  // namespace asyncdl::engine
