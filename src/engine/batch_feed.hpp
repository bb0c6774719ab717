#pragma once
// What one batch has in common, however many downloaders work on it: its source, its consumer, the
// order of its downloads and its totals. Thread-safe.

#include <asyncdl/async_semaphore.hpp>
#include <asyncdl/batch_summary.hpp>
#include <asyncdl/download_source.hpp>
#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "core/authority.hpp"
#include "core/fault.hpp"
#include "engine/claimed_names.hpp"
#include "net/timekeeper.hpp"

namespace asyncdl::engine {

class downloader_core;
class held_download;
class rest;
class transfer;

class batch_feed {
public:
    /// Source and consumer outlive the batch. `downloaders` share the work.
    batch_feed(download_source& source, result_consumer& consumer, std::size_t downloaders);

    const std::size_t workers;

    /// Before the batch begins: `wake` ends a wait for the source once the feed has ended. It is
    /// called on any thread and only posts.
    void join(std::function<void()> wake);

    /// Makes the next download in `place`, which is empty, where the source gives it at once and
    /// nobody else is asking it.
    void try_next(const std::shared_ptr<downloader_core>& core, std::optional<transfer>& place);

    /// Makes the next download in `place`; none at the end.
    boost::asio::awaitable<void> next(std::shared_ptr<downloader_core> core,
                                      std::optional<transfer>& place);

    /// Makes a download that was held in `place`, which is empty; `turn` to ask after `what` comes
    /// with it, if it waited for that.
    void take_up(const std::shared_ptr<downloader_core>& core, held_download&& held,
                 std::shared_ptr<rest> what, semaphore_guard turn, std::optional<transfer>& place);

    /// Adds a result to the totals.
    void count(const download_result& result);

    /// Hands it to the consumer where that can be done at once.
    bool try_deliver(download_result& result);
    /// Waits for the consumer. What it throws is the batch's failure, not this call's.
    boost::asio::awaitable<void> deliver(download_result& result);

    /// The batch itself has failed, perhaps with the loss of a result: the summary says so.
    /// A fault that says nothing is `internal`.
    void broke(const core::fault& why) noexcept;

    /// No more is read.
    void end() noexcept;
    /// The same, and what was taken and has not begun ends as cancelled, on whichever thread.
    void cancel() noexcept {
        cancelled_ = true;
        end();
    }
    bool is_cancelled() const noexcept { return cancelled_; }
    bool ended() const noexcept { return ended_; }

    /// The totals, once all is delivered.
    batch_summary summary();

    /// Downloaders that wait for a slot on behalf of this batch.
    std::atomic<std::size_t> readers_waiting = 0;

private:
    void take(const std::shared_ptr<downloader_core>& core, download_request&& request,
              semaphore_guard turn, std::optional<transfer>& place);
    void fail(const core::fault& why);

    download_source& source_;
    result_consumer& consumer_;
    async_semaphore source_turn_{1};
    async_semaphore consumer_turn_{1};
    std::atomic<bool> ended_ = false;
    std::atomic<bool> cancelled_ = false;
    /// The names of this batch, the finished downloads' too: none replaces another's file.
    const std::shared_ptr<claimed_names> names_ = std::make_shared<claimed_names>();
    core::authority_reader authorities_;  // by who has the source's turn
    std::uint64_t next_index_ = 0;        // the same
    net::clock::time_point started_ = net::clock::now();
    std::mutex mutex_;
    batch_summary summary_;
    std::vector<std::function<void()>> wakers_;
};

}  // namespace asyncdl::engine
