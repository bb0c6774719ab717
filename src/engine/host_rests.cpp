#include "engine/host_rests.hpp"

#include <algorithm>

namespace asyncdl::engine {

void host_rests::add(const std::string& host, net::clock::time_point until) {
    const std::lock_guard lock(mutex_);
    auto& end = ends_[host];
    end = std::max(end, until);
    any_ = true;
}

net::clock::time_point host_rests::end_of(const std::string& host) {
    if (!any_.load(std::memory_order_relaxed))
        return net::clock::time_point::min();
    const std::lock_guard lock(mutex_);
    const auto now = net::clock::now();
    std::erase_if(ends_, [&](const auto& rest) { return rest.second <= now; });
    any_ = !ends_.empty();
    const auto found = ends_.find(host);
    return found == ends_.end() ? net::clock::time_point::min() : found->second;
}

}  // namespace asyncdl::engine
