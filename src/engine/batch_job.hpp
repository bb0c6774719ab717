#pragma once
// One downloader's work on a batch: a lane for each slot that it gets, in which one download
// follows the other. Used on the downloader's executor.

#include <asyncdl/batch_summary.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <optional>

#include "engine/batch_feed.hpp"
#include "engine/downloader_core.hpp"
#include "engine/transfer.hpp"

namespace asyncdl::engine {

class batch_job final : public job, public std::enable_shared_from_this<batch_job> {
public:
    batch_job(std::shared_ptr<downloader_core> core, std::shared_ptr<batch_feed> feed);
    ~batch_job() override;

    /// Ends when the feed has ended and what this downloader took from it is delivered.
    boost::asio::awaitable<batch_summary> run();

    void cancel(bool keep = true) override;
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

    /// Counts a lane until its coroutine has ended or was destroyed.
    class open_lane_count;

    void listen();
    boost::asio::awaitable<void> read();
    boost::asio::awaitable<semaphore_guard> take_slot();
    core::fault open_lane(std::shared_ptr<lane> where, semaphore_guard slot);
    boost::asio::awaitable<void> work(std::shared_ptr<lane> where, semaphore_guard slot);
    bool may_go_on() const;

    const std::shared_ptr<downloader_core> core_;
    const std::shared_ptr<batch_feed> feed_;
    boost::asio::cancellation_signal signal_;
    boost::asio::steady_timer all_done_;
    std::size_t lanes_ = 0;
    transfers running_;
    std::size_t readers_ = 0;  ///< 1 while `run` waits for a slot
    bool cancelled_ = false;
};

}  // namespace asyncdl::engine
