#pragma once
// One downloader's work on a batch: a lane for each slot that it gets, in which one download
// follows the other, and a queue for each rest that downloads are held for. Used on the
// downloader's executor.

#include <asyncdl/batch_summary.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "engine/batch_feed.hpp"
#include "engine/downloader_core.hpp"
#include "engine/held_queue.hpp"
#include "engine/transfer.hpp"

namespace asyncdl::engine {

class batch_job final : public job, public std::enable_shared_from_this<batch_job> {
public:
    batch_job(std::shared_ptr<downloader_core> core, std::shared_ptr<batch_feed> feed);
    ~batch_job() override;

    /// Ends when the feed has ended and what this downloader took from it is delivered.
    boost::asio::awaitable<batch_summary> run();

    void cancel(bool keep = true) override;
    bool cancel_held(std::uint64_t id, bool keep) override;
    void report(progress_snapshot&) const override {}
    std::uint64_t id() const noexcept override { return 0; }
    bool is_download() const noexcept override { return false; }
    boost::asio::cancellation_signal& signal() noexcept { return signal_; }
    batch_summary broken(const core::fault& why);

private:
    /// What one coroutine works with, from its first download to its last.
    struct lane {
        boost::asio::cancellation_signal signal;
        std::optional<transfer> item;  ///< in place, so that a download costs no allocation
    };

    using transfers = boost::intrusive::list<transfer, boost::intrusive::base_hook<batch_hook>,
                                             boost::intrusive::constant_time_size<false>>;

    /// Counts a coroutine among `lanes_` or `queues_` until it has ended or was destroyed.
    class open_count {
    public:
        open_count(std::shared_ptr<batch_job> job, std::size_t batch_job::*which)
            : job_(std::move(job)), which_(which) {
            ++((*job_).*which_);
        }
        open_count(open_count&&) noexcept = default;
        ~open_count() {
            if (job_ && --((*job_).*which_) == 0)
                job_->all_done_.cancel();
        }

    private:
        std::shared_ptr<batch_job> job_;
        std::size_t batch_job::*which_;
    };

    void listen();
    void wake();
    boost::asio::awaitable<void> read();
    boost::asio::awaitable<semaphore_guard> take_slot();
    core::fault open_lane(std::shared_ptr<lane> where, semaphore_guard slot);
    boost::asio::awaitable<void> work(std::shared_ptr<lane> where, semaphore_guard slot);
    bool may_go_on() const;

    // Downloads that are held (batch_held.cpp).
    bool hold(transfer& item) noexcept;
    void open_queue(const std::shared_ptr<held_queue>& queue);
    void close_queue(const held_queue& queue);
    boost::asio::awaitable<void> take_up(std::shared_ptr<held_queue> queue);
    static void take_turns(const held_queue& queue, semaphore_guard first,
                           std::vector<semaphore_guard>& turns);
    boost::asio::awaitable<void> end_first(held_queue& queue);
    boost::asio::awaitable<void> begin_first(held_queue& queue, semaphore_guard slot,
                                             semaphore_guard turn);
    boost::asio::awaitable<semaphore_guard> wait_for(held_queue& queue, async_semaphore& what);
    boost::asio::awaitable<void> wait_until(held_queue& queue, net::clock::time_point when);

    const std::shared_ptr<downloader_core> core_;
    const std::shared_ptr<batch_feed> feed_;
    boost::asio::cancellation_signal signal_;
    boost::asio::steady_timer all_done_;
    std::size_t lanes_ = 0;
    std::size_t queues_ = 0;
    std::map<std::uint64_t, std::shared_ptr<held_queue>> held_;  ///< by the key of the rest
    transfers running_;
    std::size_t readers_ = 0;  ///< 1 while `run` waits for a slot
    bool cancelled_ = false;
};

}  // namespace asyncdl::engine
