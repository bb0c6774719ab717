#include "engine/held_queue.hpp"

#include <algorithm>

namespace asyncdl::engine {

void held_queue::wait_for(std::shared_ptr<rest> another) {
    rest_ = std::move(another);
    if (rest_)
        last_ = rest_;
    told_ = rest_ ? rest_->now().told : 0;
    for (held_download& one : entries_)
        one.spent.begin_anew(told_);
}

bool held_queue::judge(time_point now) {
    const unsigned told = rest_ ? rest_->now().told : told_;
    if (told == told_ && now < first_time_over_)
        return ended_ > 0;
    told_ = told;
    first_time_over_ = time_point::max();
    const auto goes_on = [&](held_download& one) {
        const auto over = time_over(one);
        if (!one.spent.count(told, retries_) || over <= now)
            return false;
        first_time_over_ = std::min(first_time_over_, over);
        return true;
    };
    const auto first = entries_.begin() + static_cast<std::ptrdiff_t>(ended_);
    const auto left = std::stable_partition(first, entries_.end(),
                                            [&](held_download& one) { return !goes_on(one); });
    ended_ = static_cast<std::size_t>(left - entries_.begin());
    return ended_ > 0;
}

held_download held_queue::take_first() {
    held_download one = std::move(entries_.front());
    entries_.pop_front();
    ended_ -= ended_ > 0 ? 1 : 0;
    return one;
}

std::optional<held_download> held_queue::take(std::uint64_t id) {
    const auto found = std::ranges::find(entries_, id, &held_download::id);
    if (found == entries_.end())
        return std::nullopt;
    std::optional<held_download> one(std::move(*found));
    if (static_cast<std::size_t>(found - entries_.begin()) < ended_)
        --ended_;
    entries_.erase(found);
    return one;
}

held_queue::time_point held_queue::time_over(const held_download& one) const {
    if (max_time_.count() <= 0)
        return time_point::max();
    return one.started + std::chrono::duration_cast<net::clock::duration>(max_time_);
}

}  // namespace asyncdl::engine
