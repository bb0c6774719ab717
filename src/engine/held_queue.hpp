#pragma once
// The downloads of one batch and thread that are held for one rest, in input order. Owned by a
// `batch_job`, used on its executor.

#include <algorithm>
#include <boost/asio/cancellation_signal.hpp>
#include <chrono>
#include <cstddef>
#include <deque>
#include <memory>
#include <optional>

#include "engine/held_download.hpp"
#include "engine/rest.hpp"

namespace asyncdl::engine {

class held_queue {
public:
    using time_point = net::clock::time_point;

    /// @param max_time of one download from its start on; zero: none
    held_queue(std::shared_ptr<rest> what, unsigned retries, std::chrono::duration<double> max_time)
        : subject_(what),
          last_(what),
          rest_(std::move(what)),
          retries_(retries),
          max_time_(max_time) {}

    /// Of the coroutine that takes the downloads up: to be emitted only while it waits.
    boost::asio::cancellation_signal signal;
    bool waits = false;

    /// `make()` gives the download. Whatever throws, the queue is as it was.
    template <typename Make>
    void add(const Make& make) {
        entries_.emplace_back();
        try {
            entries_.back() = make();
        } catch (...) {
            entries_.pop_back();
            throw;
        }
        first_time_over_ = std::min(first_time_over_, time_over(entries_.back()));
    }
    bool empty() const noexcept { return entries_.empty(); }
    std::size_t size() const noexcept { return entries_.size(); }

    /// The first rest that they waited for: says of which host or URL.
    const rest& subject() const noexcept { return *subject_; }

    /// The rest that they wait for; null once it is over. The last one that they waited for.
    const std::shared_ptr<rest>& now() const noexcept { return rest_; }
    const std::shared_ptr<rest>& last() const noexcept { return last_; }
    /// They wait for another rest from now on, of which nothing counts yet, or for none.
    void wait_for(std::shared_ptr<rest> another);

    /// Counts how often the rest was told again. Those that have no retry left, and those whose
    /// time is over, come first from now on. Cheap if there is nothing to count.
    /// @return whether there are such
    bool judge(time_point now);

    held_download take_first();
    std::optional<held_download> take(std::uint64_t id);

    /// When the time of one of them is over.
    time_point first_time_over() const noexcept { return first_time_over_; }

private:
    time_point time_over(const held_download& one) const;

    const std::shared_ptr<rest> subject_;
    std::shared_ptr<rest> last_;
    std::shared_ptr<rest> rest_;
    const unsigned retries_;
    const std::chrono::duration<double> max_time_;
    unsigned told_ = 0;  ///< as far as counted for all
    time_point first_time_over_ = time_point::max();
    std::deque<held_download> entries_;
    std::size_t ended_ = 0;  ///< of the first ones
};

}  // namespace asyncdl::engine
