#include "engine/host_rests.hpp"

namespace asyncdl::engine {

void host_rests::add(const core::origin& host, net::clock::time_point until, length how) {
    const std::lock_guard lock(mutex_);
    rest& one = rests_[host];
    auto& end = how == length::told ? one.told : one.guessed;
    end = std::max(end, until);
    any_ = true;
}

void host_rests::answered(const core::origin& host) {
    if (!any_.load(std::memory_order_relaxed))
        return;
    const std::lock_guard lock(mutex_);
    if (const auto found = rests_.find(host); found != rests_.end())
        found->second.guessed = {};
}

std::optional<net::clock::time_point> host_rests::end_of(const core::origin& host) {
    if (!any_.load(std::memory_order_relaxed))
        return std::nullopt;
    const std::lock_guard lock(mutex_);
    const auto now = net::clock::now();
    std::erase_if(rests_, [&](const auto& one) { return one.second.end() <= now; });
    any_ = !rests_.empty();
    const auto found = rests_.find(host);
    return found == rests_.end() ? std::nullopt : std::optional(found->second.end());
}

}  // namespace asyncdl::engine
