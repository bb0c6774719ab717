#include "engine/rest.hpp"

#include <algorithm>
#include <stdexcept>

namespace asyncdl::engine {

rest::rest(std::uint64_t its_key, std::uint64_t its_host, unsigned refusals)
    : key(its_key), host(its_host), turns(refusals), needed_(refusals) {
    if (refusals > refused_.size() + 1)
        throw std::invalid_argument("a rest takes at most 3 refusals");
}

rest::state rest::now() const {
    const std::lock_guard lock(mutex_);
    state now;
    now.begun = begun_;
    now.over = over_;
    now.end = end();
    now.told = told_;
    now.status = status_;
    return now;
}

core::fault rest::why() const {
    const std::lock_guard lock(mutex_);
    return why_;
}

void rest::refused(std::uint64_t url, const refusal& how, time_point now) {
    const std::lock_guard lock(mutex_);
    const bool was_under_way = begun_ && how.asked < end();
    const unsigned times = begun_ && !was_under_way ? told_ + 2 : told_ + 1;
    const auto until = now + core::retry_wait(times, how.policy, 0, how.retry_after);
    why_ = how.why;
    status_ = how.status;
    if (was_under_way) {
        auto& lasts = how.retry_after ? told_until_ : guessed_until_;
        lasts = std::max(lasts, until);
        return;
    }
    auto& next = how.retry_after ? next_told_ : next_guessed_;
    next = std::max(next, until);
    const auto known = refused_.begin() + count_;
    if (std::find(refused_.begin(), known, url) != known)
        return;
    if (count_ + 1 < needed_) {
        refused_[count_++] = url;
        return;
    }
    told_ += begun_ ? 1 : 0;
    begun_ = true;
    count_ = 0;
    told_until_ = std::exchange(next_told_, {});
    guessed_until_ = std::exchange(next_guessed_, {});
}

bool rest::answered(time_point now) {
    const std::lock_guard lock(mutex_);
    count_ = 0;
    next_told_ = next_guessed_ = guessed_until_ = {};
    if (begun_ && now < told_until_)
        return false;
    over_ = true;
    return true;
}

void rest::finish() {
    const std::lock_guard lock(mutex_);
    over_ = true;
}

}  // namespace asyncdl::engine
